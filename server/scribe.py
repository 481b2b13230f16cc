"""The process that writes, seen from the web process: ended when it is late, and started again.

It knows how to ask `server.writer` and what its answers mean, not what is served.
"""

import asyncio
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from server.process import Ended, Process


class WriteRefused(Exception):
    """A write that was not done, or not surely."""


class NotWritable(WriteRefused):
    """What is served is not written to."""

    def __init__(self) -> None:
        super().__init__("what is served here is not written to")


class ProtectedGraph(WriteRefused):
    """A graph that belongs to the texts.

    Attributes:
        graph: its name; None for the default graph.
    """

    def __init__(self, graph: str | None) -> None:
        name = f"the graph <{graph}>" if graph else "the default graph"
        super().__init__(f"{name} belongs to the texts; write to a graph with another name")
        self.graph = graph


class Overdue(WriteRefused):
    """Other writes took so long that this one was not begun.

    Attributes:
        retry_after: seconds after which it may be otherwise.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__("other writes are at work")
        self.retry_after = retry_after


class WriteFailed(WriteRefused):
    """The engine refused the write; nothing is changed."""


class BrokenUpdate(WriteFailed):
    """The text is not SPARQL Update; the message is the engine's, with its place."""


class BrokenContent(WriteFailed):
    """The content is not in the syntax that was named.

    Attributes:
        line: counted from 1; 0 where the syntax has none, or it is not known.
        column: likewise.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class StoreFailed(WriteRefused):
    """The store cannot be opened or written: locked, damaged, or the disk is full."""


class WriteTooLong(WriteRefused):
    """The write was stopped. Nothing is changed, unless it ended in just that moment.

    Attributes:
        seconds: that it may take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the write was stopped after {seconds:g} s; send less at a time, or let whoever runs "
            "this copy allow more: kg serve --write-seconds"
        )
        self.seconds = seconds


class WriterDied(WriteRefused):
    """The process died: the write needs more memory than it may, or nests too deeply.

    Nothing is changed, unless the write ended in just that moment.
    """

    def __init__(self) -> None:
        super().__init__(
            "the write needs more memory than it may have, or nests too deeply; send less at a "
            "time, or let whoever runs this copy allow more: kg serve --write-memory"
        )


class Scribe:
    """The process that writes, or the next one if that is gone."""

    def __init__(self, memory: int, *, outbound: bool) -> None:
        self._arguments = (str(memory), str(int(outbound)))
        self._store: Path | None = None
        self._process: Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._numbers = count()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def open(self, store: Path) -> None:
        """Open a store, make it if it is not there, and open it again whenever it must.

        Raises: WriteRefused, if that fails.
        """
        self._store = store
        self.kill()
        await self._started()

    def has_opened(self, store: Path) -> None:
        """Take note that the process has gone on to another store."""
        self._store = store

    async def ask(
        self, kind: bytes, content: bytes = b"", seconds: float | None = None, **head: Any
    ) -> Mapping[str, Any]:
        """Return the answer to a request, see `server.writer`.

        Raises: WriteRefused; after seconds the process is killed.
        """
        process = await self._started()
        try:
            async with asyncio.timeout(seconds):
                return await self._asked(process, kind, content, head)
        except TimeoutError as error:
            assert seconds is not None, "without a limit nothing times out"
            process.kill()
            await process.exit_status()  # the store is locked as long as it is there
            raise WriteTooLong(seconds) from error

    def kill(self) -> None:
        """End the process, whatever it does; another one is started when it is needed."""
        if self._process:
            self._process.kill()

    async def close(self) -> None:
        """End the process for good."""
        self.kill()
        if self._listener:
            await self._listener

    async def _started(self) -> Process:
        """Return the process, with the store open."""
        async with self._starting:
            if self._process and self._process.is_alive:
                return self._process
            if self._listener:
                await self._listener
            try:
                process = await Process.start("server.writer", *self._arguments)
            except OSError as error:
                raise StoreFailed(f"no process can be started: {error}") from error
            self._process = process
            self._listener = asyncio.create_task(self._listen(process))
            if self._store:
                try:
                    await self._asked(process, b"O", b"", {"store": str(self._store)})
                except WriteRefused:
                    process.kill()
                    raise
            return process

    async def _asked(
        self, process: Process, kind: bytes, content: bytes, head: Mapping[str, Any]
    ) -> dict[str, Any]:
        if not process.is_alive:
            raise WriterDied
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        try:
            process.send(kind, json.dumps({**head, "number": number}).encode() + b"\n" + content)
            answer = await future
        finally:
            del self._answers[number]
        if "error" in answer:
            raise _failure(answer)
        return answer

    async def _listen(self, process: Process) -> None:
        """Hand out answers until the process is gone; who waits then is told."""
        try:
            while True:
                answer = (await process.receive()).json()
                future = self._answers.get(answer["number"])
                if future and not future.done():
                    future.set_result(answer)
        except Ended:
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(WriterDied())
        await process.exit_status()


def _failure(answer: Mapping[str, Any]) -> WriteRefused:
    message = answer["message"]
    if answer["error"] == "content":
        return BrokenContent(message, answer["line"], answer["column"])
    kinds = {"syntax": BrokenUpdate, "evaluation": WriteFailed}
    return kinds.get(answer["error"], StoreFailed)(message)
