"""The workers: each query has one to itself, within limits, and loses it when it goes too far.

A query that is late, too large or no longer wanted is ended by killing its worker: the engine
cannot be interrupted otherwise. A spare stands by, so that the next query does not wait for a
start.

Two clocks run by turns. While a query waits for its worker, the time of its evaluation runs; while
the worker waits for the client to take a part of the answer, the client's patience does: it has
half a minute, and half a second more for each part that it takes (128 kB/s in the long run).
"""

import asyncio
import json
import logging
import signal
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import Self

from server.process import END, Ended, Frame, Process

log = logging.getLogger("server")
_REFUSED = 60.0  # seconds for which a query is refused that ended its worker
_MOST_REFUSED = 1000  # of them remembered
_STALLED = 30.0  # seconds that a client may take over an answer
_FOR_A_BLOCK = 0.5  # seconds that it may take besides, for each block
_STARTS = 30.0  # seconds in which a worker must start, on a machine that has much to do
_PAUSE = 1.0  # seconds before another worker is tried where one did not start, or died idle


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take.

    Attributes:
        workers: queries evaluated at a time.
        seconds: of evaluation.
        memory: bytes of address space.
        waiting: queries that wait for a worker.
        outbound: whether workers may reach the network.
    """

    workers: int = 2
    seconds: float = 10.0
    memory: int = 1_500_000_000
    waiting: int = 6
    outbound: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A query as a worker takes it; see `server.worker`."""

    store: str
    text: str
    form: str
    base: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    default_graphs: Sequence[str] | None = None
    named_graphs: Sequence[str] | None = None
    union: bool = False
    unknown_functions: Sequence[str] = ()
    functions: bool = False

    @property
    def frame(self) -> bytes:
        """Return what is sent to the worker."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}).encode()


class Refused(Exception):
    """A query that has no answer, or no whole one."""


class Overloaded(Refused):
    """All workers are busy, and enough queries wait.

    Attributes:
        retry_after: seconds after which it may be otherwise.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__("all workers are busy")
        self.retry_after = retry_after


class TooLong(Refused):
    """The query took longer than it may.

    Attributes:
        seconds: that it may take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"stopped after {seconds:g} s")
        self.seconds = seconds


class Stalled(Refused):
    """The client did not read its answer, or too slowly."""

    def __init__(self) -> None:
        super().__init__("the client did not read its answer")


class TooMuchMemory(Refused):
    """The worker died: of memory or of nesting, and the query is at fault; or it did before."""

    def __init__(self) -> None:
        super().__init__("the query needs more memory than it may, or nests too deeply")


class Lost(Refused):
    """Someone else killed the worker: the query is not at fault and may be asked again."""

    def __init__(self) -> None:
        super().__init__("the process that evaluated the query was ended from outside")


class Failed(Refused):
    """The engine refused the query.

    Attributes:
        kind: "syntax", "evaluation", "store" or "form".
        message: its words.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Answer:
    """An answer on its way: an iterator over its blocks.

    Attributes:
        kind: "solutions", "boolean" or "triples".
        rows: how many there are, known at the end.
        milliseconds: that the evaluation took, known at the end.
        ended: whether all of it has come.
    """

    def __init__(
        self, worker: Process, seconds: float, done: Callable[[str | None], None]
    ) -> None:
        self.kind = ""
        self.rows = 0
        self.milliseconds = 0.0
        self.ended = False
        self._frames: deque[Frame] = deque()  # that have come and are not yet told
        self._is_free = False
        self._worker = worker
        self._seconds = seconds
        self._done = done  # called with the reason to kill the worker, None if it may go on
        self._loop = asyncio.get_running_loop()
        self._left = seconds  # of evaluation
        self._patience = _STALLED
        self._given = 0.0  # when the client was given a block
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: Refused | None = None

    async def begin(self) -> None:
        """Wait until it is known what kind of answer there is.

        Raises: Refused, if there is none.
        """
        frame = await self._next()
        self.kind = frame.payload.decode()
        self._give()

    def __aiter__(self) -> Self:
        """Return itself: whoever stops may go on later."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next block.

        Raises: Refused, if the answer cannot be told to its end.
        """
        if self.ended:
            raise StopAsyncIteration
        self._take_back()
        frame = await self._next()
        if frame.kind == b"E":
            self.rows, self.milliseconds = END.unpack(frame.payload)
            self.ended = True
            raise StopAsyncIteration
        self._give()
        return frame.payload

    def close(self) -> None:
        """Have the worker killed if it has more to say."""
        self._take_back()
        self._free("left")

    async def _next(self) -> Frame:
        if self._refusal:
            raise self._refusal
        if not self._frames:
            await self._receive()
        frame = self._frames.popleft()
        if frame.kind == b"X":
            self.ended = True
            told = frame.json()
            raise Failed(told["error"], told["message"])
        return frame

    async def _receive(self) -> None:
        started = self._loop.time()
        late = self._loop.call_later(self._left, self._be_late)
        try:
            self._frames.extend(await self._worker.receive_all())
        except Ended:
            raise await self._refused() from None
        finally:
            late.cancel()
            self._left -= self._loop.time() - started
        if self._frames[-1].kind in b"EX":  # what is left to do needs no worker
            self._free(None)

    async def _refused(self) -> Refused:
        """Return why the worker is gone; if no one killed it, it is the query's fault."""
        if self._refusal:
            return self._refusal
        if self._worker.was_killed:  # the pool is closed
            return Overloaded(self._seconds)
        if await self._worker.exit_status() == -signal.SIGKILL:
            self._free("lost")
            return Lost()
        self._free("memory")  # the engine aborts when it gets no more
        return TooMuchMemory()

    def _give(self) -> None:
        """Begin to wait for the client."""
        if not self._is_free:
            self._given = self._loop.time()
            self._timer = self._loop.call_later(self._patience, self._be_stalled)

    def _take_back(self) -> None:
        """End to wait for the client."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._patience += _FOR_A_BLOCK - (self._loop.time() - self._given)

    def _be_late(self) -> None:
        self._stop("time", TooLong(self._seconds))

    def _be_stalled(self) -> None:
        self._stop("stalled", Stalled())

    def _stop(self, reason: str, refusal: Refused) -> None:
        self._refusal = refusal
        self._free(reason)

    def _free(self, reason: str | None) -> None:
        if not self._is_free:
            self._is_free = True
            self._done(reason)


class Pool:
    """The workers.

    Attributes:
        limits: of each query.
        counts: of workers: "started", and how they ended ("time", "memory", "left": the client
                went or wants no more, "stalled", "lost", "died": while idle, "closed").
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self._idle: deque[Process] = deque()
        self._busy: set[Process] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._waiters: deque[asyncio.Future[Process]] = deque()
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._tried = asyncio.Event()
        self._closed = False

    @property
    def ready(self) -> bool:
        """Return whether there is a worker."""
        return bool(self._busy or self._idle)

    @property
    def busy(self) -> int:
        """Return how many queries are evaluated."""
        return len(self._busy)

    @property
    def idle(self) -> int:
        """Return how many workers are free, the spare among them."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Return how many queries wait."""
        return len(self._waiters)

    async def start(self) -> None:
        """Start the workers and a spare; return when the first is ready or could not start."""
        self._replace()
        await self._tried.wait()

    async def close(self) -> None:
        """End all workers; queries that are evaluated or wait are refused."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        left = [*self._idle, *self._busy]
        self._idle.clear()
        self._busy.clear()
        for worker in left:
            self._kill(worker, "closed")
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(Overloaded(self.limits.seconds))
        while tasks := self._starting | self._ending:
            await asyncio.wait(tasks)

    @asynccontextmanager
    async def answering(self, job: Job, seconds: float | None = None) -> AsyncIterator[Answer]:
        """Evaluate a query; leaving before the end of the answer ends its worker.

        Raises: Refused, in all its forms.
        """
        self._refuse_again(job.text)
        worker = await self._taken()
        answer = Answer(worker, seconds or self.limits.seconds, partial(self._free, worker))
        try:
            worker.send(b"Q", job.frame)
            await answer.begin()
            yield answer
        except TooMuchMemory:
            self._remember(job.text)
            raise
        finally:
            answer.close()

    async def _taken(self) -> Process:
        """Return a worker for a query; wait for one, unless too many do."""
        if self._idle and len(self._busy) < self.limits.workers:
            worker = self._idle.popleft()
            self._busy.add(worker)
            return worker
        if self._closed or len(self._waiters) >= self.limits.waiting:
            raise self._overloaded()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Process] = loop.create_future()
        self._waiters.append(waiter)
        late = loop.call_later(self.limits.seconds / 2, self._refuse, waiter)
        try:
            return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self._free(waiter.result(), None)  # it came when the client had gone
            raise
        finally:
            late.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _refuse(self, waiter: asyncio.Future[Process]) -> None:
        if not waiter.done():
            waiter.set_exception(self._overloaded())

    def _overloaded(self) -> Overloaded:
        return Overloaded(self.limits.seconds / 2)  # half a turn of all workers, at the worst

    def _free(self, worker: Process, reason: str | None) -> None:
        """Give a worker to the next query, or kill it for a reason; once only."""
        if worker not in self._busy:
            return
        self._busy.discard(worker)
        if worker.is_alive and reason is None:
            self._give(worker)
            return
        self._kill(worker, reason or "died")
        self._replace()

    def _give(self, worker: Process) -> None:
        """Give a worker that is free to the query that waits longest, or keep it."""
        self._idle.append(worker)
        while self._idle and self._waiters and len(self._busy) < self.limits.workers:
            waiter = self._waiters.popleft()
            if not waiter.done():
                worker = self._idle.popleft()
                self._busy.add(worker)
                waiter.set_result(worker)

    def _kill(self, worker: Process, reason: str) -> None:
        self.counts[reason] += 1
        worker.kill()
        task = asyncio.get_running_loop().create_task(_tell_end(worker, reason))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _died(self, worker: Process) -> None:
        """Replace a worker that ended by itself while it had nothing to do."""
        if worker in self._idle and not self._closed:
            self._idle.remove(worker)
            self._kill(worker, "died")
            self._replace(_PAUSE)  # it may happen again

    def _replace(self, pause: float = 0.0) -> None:
        """Start as many workers as are missing, the spare counted; let the spare take over."""
        there = len(self._idle) + len(self._busy) + len(self._starting)
        for _ in range(self.limits.workers + 1 - there):
            task = asyncio.get_running_loop().create_task(self._start(pause))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)
        if self._idle:
            self._give(self._idle.popleft())

    async def _start(self, pause: float) -> None:
        """Start a worker; where it does not come up, try again, but not without pause."""
        while True:
            await asyncio.sleep(pause)
            if worker := await self._started():
                break
            self._tried.set()
            pause = _PAUSE
        self._starting.discard(asyncio.current_task())
        worker.when_ended = partial(self._died, worker)
        self._give(worker)
        self._tried.set()

    async def _started(self) -> Process | None:
        """Return a worker that is ready, None if it did not start."""
        memory, outbound = str(self.limits.memory), str(int(self.limits.outbound))
        try:
            worker = await Process.start("server.worker", memory, outbound)
        except OSError as error:
            log.error("a worker did not start: %s", error)  # noqa: TRY400 no fault of ours
            return None
        self.counts["started"] += 1
        try:
            async with asyncio.timeout(_STARTS):
                await worker.receive()
        except (Ended, TimeoutError):
            log.error("a worker did not start")  # noqa: TRY400 it has told why
            self._kill(worker, "died")
            return None
        except BaseException:
            self._kill(worker, "closed")
            raise
        return worker

    def _refuse_again(self, text: str) -> None:
        if self._refused and self._refused.get(_hash(text), 0.0) > monotonic():
            raise TooMuchMemory

    def _remember(self, text: str) -> None:
        self._refused[_hash(text)] = monotonic() + _REFUSED
        while len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)


async def _tell_end(worker: Process, reason: str) -> None:
    status = await worker.exit_status()
    level = logging.DEBUG if reason in {"closed", "left"} else logging.INFO
    log.log(level, "worker %d ended: %s (exit status %d)", worker.pid, reason, status)


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
