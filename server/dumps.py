"""The files in which the whole graph can be had, each with its digest beside it."""

import asyncio
import signal
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from kg import catalogue, exports
from kg.catalogue import Copy, File, Made
from kg.store import REPORT, open_one
from server.making import Making, NotMade

__all__ = ["Dump", "Dumps", "NotMade", "known", "table"]

_FOLDER = "dumps"
_BLOCK = 1 << 20


class Dump(NamedTuple):
    """A file that is there.

    Attributes:
        path: of the file.
        size: in bytes.
        digest: SHA-256 of its bytes.
        made: when the build was, in seconds since 1970.
    """

    path: Path
    size: int
    digest: bytes
    made: float


class Dumps(Making):
    """Makes the files."""

    async def made(self, build: Path, file: File) -> Dump:
        """Return a file of a build, which is made unless it is there.

        Raises: NotMade.
        """
        target = self.folder(build, _FOLDER) / file.name
        arguments = (str(build.absolute()), file.export.name, str(int(file.packed)), str(target))
        await self.there(target, "server.dumps", *arguments)
        return await asyncio.to_thread(_found, build, target)


def table() -> dict[str, File]:
    """Return the files that there are, by their names."""
    return {file.name: file for file in catalogue.files(Copy(""))}


def known(build: Path) -> dict[str, Made]:
    """Return what is told of the files of a build that were made so far, by their names.

    Of those of a folder that cannot be written to nothing is known here.
    """
    found = {}
    for name in table():
        target = build / _FOLDER / name
        with suppress(FileNotFoundError):
            size = target.stat().st_size
            found[name] = Made(size, _beside(target).read_text(encoding="ascii"))
    return found


def _found(build: Path, target: Path) -> Dump:
    digest = bytes.fromhex(_beside(target).read_text(encoding="ascii"))
    made = (build / REPORT).stat().st_mtime
    return Dump(target, target.stat().st_size, digest, made)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.sha256")


def _main(build: str, form: str, packed: str, file: str) -> None:
    """Write an export of a build to a file, the digest before it."""
    # Ctrl-C goes to all processes; this one is ended by the one that waits for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target = Path(file)
    export = exports.named(form)
    with exports.whole(target) as out:
        with exports.packing(out, packed=packed == "1") as unpacked:
            export.write(open_one(Path(build)), unpacked)
        out.flush()
        digest = sha256()
        with Path(out.name).open("rb") as written:
            while block := written.read(_BLOCK):
                digest.update(block)
        with exports.whole(_beside(target)) as beside:
            beside.write(digest.hexdigest().encode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
