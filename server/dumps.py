"""The files in which the whole graph can be had: made once a build, in a process of their own.

They lie in the folder of the build, or where that cannot be written to in a temporary one, each
with its digest beside it. A file that is there is whole.
"""

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import NamedTuple
from weakref import finalize

from kg import catalogue, exports
from kg.catalogue import Copy, File
from kg.store import REPORT, open_one

log = logging.getLogger("server")
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


class NotMade(Exception):
    """The process that makes a file failed; the log tells why."""


class Dumps:
    """Makes the files, one after the other, however many clients wait for them."""

    def __init__(self) -> None:
        self._making: dict[Path, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()  # a process takes a core, and queries need theirs

    async def made(self, build: Path, file: File) -> Dump:
        """Return a file of a build, which is made unless it is there.

        Raises: NotMade.
        """
        target = self._folder(build) / file.name
        if not await asyncio.to_thread(target.is_file):
            task = self._making.get(target)
            if task is None:
                task = asyncio.create_task(self._make(build, file, target))
                self._making[target] = task
                task.add_done_callback(lambda _: self._making.pop(target))
            await asyncio.shield(task)  # whoever goes away leaves it to the others
        return await asyncio.to_thread(_found, build, target)

    async def _make(self, build: Path, file: File, target: Path) -> None:
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "server.dumps"),
                *(str(build.absolute()), file.export.name, str(int(file.packed)), str(target)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                _, told = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
        if process.returncode:
            log.error("%s was not made: %s", file.name, told.decode(errors="replace").strip())
            raise NotMade

    def _folder(self, build: Path) -> Path:
        """Return where the files of a build lie, a folder that is there."""
        folder = build.absolute() / _FOLDER
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            folder = self._elsewhere / build.name
            folder.mkdir(exist_ok=True)
        return folder

    @cached_property
    def _elsewhere(self) -> Path:
        """Return a folder that is there as long as this is."""
        folder = Path(mkdtemp(prefix="cassibile-dumps-"))
        finalize(self, rmtree, folder, ignore_errors=True)
        return folder


def table() -> dict[str, File]:
    """Return the files that there are, by their names."""
    return {file.name: file for file in catalogue.files(Copy(""))}


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
