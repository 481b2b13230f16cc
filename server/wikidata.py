"""The Wikidata-shaped view of the current build: a store to ask, and a document an entity."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple
from weakref import WeakKeyDictionary

from kg.store import REPORT, STORE, open_one
from kg.wikibase import view
from server.dataset import Build, State
from server.making import Making, NotMade
from server.problems import Problem
from server.service import Service

_FOLDER, _VIEW = "wikibase", "view"
_making: WeakKeyDictionary[Service, Making] = WeakKeyDictionary()


class View(NamedTuple):
    """The view of a build.

    Attributes:
        folder: that it lies in.
        version: of the build.
    """

    folder: Path
    version: str

    @property
    def state(self) -> State:
        """Return what readers read."""
        return State(self.folder / STORE, f"{_FOLDER} {self.version}")

    async def names(self) -> dict[str, str]:
        """Return the ids of all that there is a document of, by these and by our names."""
        text = await asyncio.to_thread((self.folder / view.NAMES).read_text, "utf-8")
        found: dict[str, str] = json.loads(text)
        return found

    async def document(self, name: str) -> bytes:
        """Return the document of an entity that is there."""
        file = self.folder / view.ENTITIES / f"{name}.json"
        return await asyncio.to_thread(file.read_bytes)


async def current(service: Service) -> View:
    """Return the view of the current build; it is made when it is first asked for.

    Raises: Problem, if it cannot be; NoGraph, if nothing is built.
    """
    if service.config.data or service.config.store:
        detail = "there is no such view here: only a build of texts has one; ask /sparql instead"
        raise Problem(HTTPStatus.NOT_FOUND, "no-view", detail)
    name = Build(service.config.build).name()
    making = _making.setdefault(service, Making())
    build = service.config.build / name
    try:
        target = making.folder(build, _FOLDER) / _VIEW
        await making.there(target, "server.wikidata", str(build.absolute()), str(target))
    except (NotMade, OSError) as error:
        detail = "the view cannot be made; the log of the server tells why"
        raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "view", detail) from error
    return View(target, name)


def _main(build: str, folder: str) -> None:
    """Write the view of a build into a folder that is there when it is whole."""
    # Ctrl-C goes to all processes; this one is ended by the one that waits for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target = Path(folder)
    partial = target.with_name(f".{target.name}-{os.getpid()}")
    made = datetime.fromtimestamp((Path(build) / REPORT).stat().st_mtime, UTC)
    partial.mkdir()
    try:
        view.write(open_one(Path(build)).store, partial, made)
        if not target.exists():  # else another copy was faster, with the same result
            partial.rename(target)
    finally:
        rmtree(partial, ignore_errors=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
