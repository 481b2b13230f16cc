"""Who waits for what takes long, and gives up when the client has hung up."""

import asyncio
from typing import Any

from server.exchange import Exchange

_LOOK = 0.1  # seconds between two looks: who is there at two of them is watched


class Watch:
    """All that wait.

    It has one timer: one for each, set and cancelled, would be a fiftieth of the time of a small
    query.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: dict[Waiting, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def waiting(self, exchange: Exchange) -> "Waiting":
        """Return the context in which the task is cancelled when the client hangs up.

        From two looks on, and not under a WSGI server, which tells no one.
        """
        return Waiting(self, exchange)

    def begin(self, waiting: "Waiting") -> None:
        """Look after one more."""
        self._waiting[waiting] = None
        if not self._timer:
            self._timer = self.loop.call_later(_LOOK, self._look)

    def end(self, waiting: "Waiting") -> None:
        """Look after one less."""
        del self._waiting[waiting]

    def _look(self) -> None:
        self._timer = None
        for waiting in self._waiting:
            waiting.look()
        if self._waiting:
            self._timer = self.loop.call_later(_LOOK, self._look)


class Waiting:
    """One that waits."""

    def __init__(self, watch: Watch, exchange: Exchange) -> None:
        self._watch = watch
        self._exchange = exchange
        self._was_seen = False
        self._task: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        """Begin."""
        if "wsgi_environ" not in self._exchange.scope:
            self._task = asyncio.current_task(self._watch.loop)
            self._watch.begin(self)

    def __exit__(self, *_: object) -> None:
        """End."""
        if self._task:
            self._watch.end(self)
        if self._watcher:
            self._watcher.cancel()

    def look(self) -> None:
        """Take note that it still waits."""
        if self._was_seen and not self._watcher:
            self._watcher = self._watch.loop.create_task(self._cancel())
        self._was_seen = True

    async def _cancel(self) -> None:
        await self._exchange.gone()
        if self._task:
            self._task.cancel()
