"""What is made of a build when it is first asked for: once, in a process of its own.

It lies in the folder of the build, or where that cannot be written to in a temporary one. What is
there is whole.
"""

import asyncio
import logging
import os
import sys
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

log = logging.getLogger("server")


class NotMade(Exception):
    """The process that makes something failed; the log tells why."""


class Making:
    """Makes things one after the other, however many clients wait for them."""

    def __init__(self) -> None:
        self._begun: dict[Path, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()  # a process takes a core, and queries need theirs

    async def there(self, target: Path, module: str, *arguments: str) -> None:
        """Make sure that a file or folder is there: it is made by running a module.

        Raises: NotMade.
        """
        if await asyncio.to_thread(target.exists):
            return
        task = self._begun.get(target)
        if task is None:
            task = asyncio.create_task(self._make(target, module, arguments))
            self._begun[target] = task
            task.add_done_callback(lambda _: self._begun.pop(target))
        await asyncio.shield(task)  # whoever goes away leaves it to the others

    def folder(self, build: Path, name: str) -> Path:
        """Return where things of a build lie, a folder that is there."""
        folder = build.absolute() / name
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            folder = self._elsewhere / build.name / name
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    async def _make(self, target: Path, module: str, arguments: tuple[str, ...]) -> None:
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", module, *arguments),
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
            log.error("%s was not made: %s", target.name, told.decode(errors="replace").strip())
            raise NotMade

    @cached_property
    def _elsewhere(self) -> Path:
        """Return a folder that is there as long as this is."""
        folder = Path(mkdtemp(prefix="cassibile-made-"))
        finalize(self, rmtree, folder, ignore_errors=True)
        return folder
