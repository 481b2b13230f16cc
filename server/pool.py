"""The workers: each evaluates one query at a time, and is lost to one that goes too far.

A query that is late, too large or no longer wanted is ended by killing its worker: the engine
cannot be interrupted otherwise. A spare stands by, so that the next query does not wait for a
start.

To hand a small query over costs more than to evaluate it. So a worker that answers quickly is sent
several at once, and begins the next one by itself. Those that wait in it have no part in what
happens to the first one: where that is slow they are taken back, where it costs the worker they
are given to another, and their clients do not notice.

Two clocks run by turns. While a query waits for its worker, the time of its evaluation runs; while
the worker waits for the client to take a part of the answer, the client's patience does: it has
half a minute, and half a second more for each part that it takes (128 kB/s in the long run).
"""

import asyncio
import logging
import signal
from collections import Counter, OrderedDict, deque
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from math import inf
from time import monotonic
from typing import Any, Self

from server.channel import END, TAKE_BACK, Frame
from server.process import Ended, ForkServer, Process, allocator
from server.worker import Job

log = logging.getLogger("server")
_REFUSED = 60.0  # seconds for which a query is refused that ended its worker
_MOST_REFUSED = 1000  # of them remembered
_STALLED = 30.0  # seconds that a client may take over an answer
_FOR_A_BLOCK = 0.5  # seconds that it may take besides, for each block
_STARTS = 30.0  # seconds in which a worker must start, on a machine that has much to do
# A query that is seen at two looks is slow: what waits behind it is given to others.
_LOOK = 0.002  # seconds between two looks at all workers
# The same where all are busy with what is known to be slow. To wake for nothing, time after time,
# took a twentieth of the processor from them.
_RARE_LOOK = 0.02
_SLOW = 2
_UNWANTED = 50  # looks after which a query is ended that no one waits for any more
_MOST_ASKED = 8  # queries that are sent to a worker at a time, the one it evaluates among them
# Milliseconds that a query may have to wait behind others, if they take as long as the last one:
# before another worker is woken, which costs both more than it saves; and at all.
_BEFORE_WAKING = 1.0
_BEHIND = 5.0
# Bytes of an answer that wait to be read: 16 of the largest blocks that a worker sends. Beyond,
# the socket is left full and the worker waits: a client that does not read costs no memory.
_MOST_WAITING = 1 << 20
# Seconds before a spare is replaced that no query waits for: its start takes processor time, which
# who took the place of the one that was ended needs just then.
_BEFORE_SPARE = 0.1
_PAUSE = 1.0  # seconds before another worker is tried where one did not start, or died idle
# Seconds until a worker that has ended is cleared away. One that gave way ends at low priority,
# and Linux, when it clears away the process before the last thread is done, waits for that in a
# loop of its own: up to a fifth of a second in which it leaves the processor to no one.
_BEFORE_CLEARING = 1.0


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
    """The worker refused the query.

    Attributes:
        kind: "query", "evaluation", "store" or "form".
        message: its words.
        about: all that it told, see `server.worker`.
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(told["message"])
        self.kind: str = told["error"]
        self.message: str = told["message"]
        self.about = told


class Answer:
    """An answer on its way: a context in which it is evaluated, and an iterator over its blocks.

    Attributes:
        job: that it answers.
        kind: "solutions", "boolean" or "triples".
        form: a name of `kg.formats`.
        is_volatile: whether the same data may give another one the next time.
        rows: how many there are, known at the end.
        milliseconds: that the evaluation took, known at the end.
        ended: whether all of it was told.
        worker: that was asked for it, None while it waits for one.
        is_done: whether no more will come, so that it needs no worker.
        waits_since: when it began to wait for a worker.
    """

    def __init__(
        self, pool: "Pool", loop: asyncio.AbstractEventLoop, job: Job, seconds: float
    ) -> None:
        self.job = job
        self.kind = ""
        self.form = ""
        self.is_volatile = False
        self.rows = 0
        self.milliseconds = 0.0
        self.ended = False
        self.worker: Worker | None = None
        self.is_done = False
        self._pool = pool
        self._loop = loop
        self.waits_since = loop.time()
        self._blocks: deque[bytes] = deque()  # that have come and are not yet told
        self._size = 0  # of them
        self._come: asyncio.Future[None] | None = None
        self._seconds = seconds
        self._left = seconds  # of evaluation
        self._patience = _STALLED
        self._is_clients_turn = False
        self._turn_began = 0.0
        self._refusal: Refused | None = None

    # No `asynccontextmanager`: on small queries it is a twentieth of the web process's time.
    async def __aenter__(self) -> Self:
        """Wait until it is known what kind of answer there is.

        Raises: Refused, if there is none.
        """
        self._pool.ask(self)
        try:
            while not self.kind:
                await self._more()
        except BaseException as error:
            self._pool.leave(self, error)
            raise
        self._give()
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        """End what is left of it."""
        self._pool.leave(self, error)

    def __aiter__(self) -> Self:
        """Return itself: whoever stops may go on later."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next block.

        Raises: Refused, if the answer cannot be told to its end.
        """
        self._take_back()
        while not (self._blocks or self.is_done):
            await self._more()
        if self._refusal:
            raise self._refusal
        if not self._blocks:
            self.ended = True
            raise StopAsyncIteration
        block = self._blocks.popleft()
        self._size -= len(block)
        if not self.is_done and self._size <= _MOST_WAITING and self.worker:
            self.worker.process.resume()
        self._give()
        return block

    def start(self) -> None:
        """Take note that the worker begins."""
        self._turn_began = self._loop.time()

    def add(self, frame: Frame) -> None:
        """Take in a part of the answer."""
        kind, payload = frame
        if kind == b"A":
            end = payload.index(b"\n", END.size)
            self._begin(payload[END.size : end])
            self._take_in(payload[end + 1 :])
            self._end(payload)
        elif kind == b"H":
            self._begin(payload)
        elif kind == b"D":
            self._take_in(payload)
            if self._size > _MOST_WAITING and self.worker:
                self.worker.process.pause()
        elif kind == b"E":
            self._end(payload)
        else:
            self.refuse(Failed(frame.json()))
        self._wake()

    def refuse(self, refusal: Refused) -> None:
        """Give no answer, or no more of it."""
        self._refusal = refusal
        self.is_done = True
        self._wake()

    def overdue(self, now: float) -> tuple[str, Refused] | None:
        """Return why the worker is to be killed, if time is up: the query's, or its client's."""
        took = now - self._turn_began
        if self._is_clients_turn:
            return ("stalled", Stalled()) if took > self._patience else None
        return ("time", TooLong(self._seconds)) if took > self._left else None

    def _begin(self, about: bytes) -> None:
        self.kind, self.form, lasts = about.decode().split()
        self.is_volatile = lasts == "volatile"

    def _take_in(self, block: bytes) -> None:
        self._blocks.append(block)
        self._size += len(block)

    def _end(self, told: bytes) -> None:
        self.rows, self.milliseconds = END.unpack_from(told)
        self.is_done = True

    async def _more(self) -> None:
        """Wait until there is more of it.

        Raises: Refused, if there will be none.
        """
        self._come = self._loop.create_future()
        await self._come
        if self._refusal:
            raise self._refusal

    def _give(self) -> None:
        """Begin to wait for the client."""
        if not self.is_done:
            now = self._loop.time()
            self._left -= now - self._turn_began
            self._turn_began = now
            self._is_clients_turn = True

    def _take_back(self) -> None:
        """End to wait for the client."""
        if self._is_clients_turn:
            now = self._loop.time()
            self._patience += _FOR_A_BLOCK - (now - self._turn_began)
            self._turn_began = now
            self._is_clients_turn = False

    def _wake(self) -> None:
        if self._come and not self._come.done():
            self._come.set_result(None)


class Worker:
    """A process that answers, and what it is asked.

    Attributes:
        process: that evaluates.
        asked: what it has not yet answered: the first one is evaluated, the others wait behind it;
               None stands for what is no longer wanted.
        looks: how often the first one was seen, look by look.
        took: milliseconds that the last one took.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.asked: deque[Answer | None] = deque()
        self.looks = 0
        self.took = inf

    @property
    def wait(self) -> float:
        """Return how many milliseconds another query will wait behind those that are there."""
        number = len(self.asked)
        return inf if self.looks >= _SLOW or number >= _MOST_ASKED else number * self.took

    @property
    def is_settled(self) -> bool:
        """Return whether it evaluates what is slow and wanted: nothing waits behind it by then."""
        return self.looks >= _SLOW and self.asked[0] is not None

    @property
    def waiting(self) -> list[Answer]:
        """Return what waits behind the first one."""
        return [answer for answer in islice(self.asked, 1, None) if answer]

    def ask(self, answer: Answer) -> None:
        """Ask for an answer."""
        answer.worker = self
        self.asked.append(answer)
        if len(self.asked) == 1:
            self._begin()
        self.process.send(b"Q", answer.job.frame)

    def add(self, frame: Frame) -> None:
        """Take in what the process says."""
        first = self.asked[0]
        if first:
            first.add(frame)
        if frame.kind in b"AEX":
            self.process.resume()
            if first:
                self.took = first.milliseconds
            self.asked.popleft()
            self._begin()

    def take_back(self) -> list[Answer]:
        """Return what waits behind the first one, so that it is asked elsewhere."""
        taken = self.waiting
        if taken:
            behind = len(self.asked) - 1
            self.process.send(TAKE_BACK, bytes([behind]))
            self.asked = deque([self.asked[0], *[None] * behind])
        return taken

    def _begin(self) -> None:
        self.looks = 0
        if self.asked and (first := self.asked[0]):
            first.start()


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
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._forks = ForkServer("server.worker", allocator(limits.memory))
        self._starting: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._queue: deque[Answer] = deque()
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._looks_soon = False
        self._loop: asyncio.AbstractEventLoop  # to ask for it, each time, is a system call
        self._tried = asyncio.Event()
        self._closed = asyncio.Event()
        self._store = ""  # that was asked last

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
        """Return how many queries wait, for a worker or behind another one."""
        return len(self._queue) + sum(len(worker.waiting) for worker in self._busy)

    async def start(self, store: str = "") -> None:
        """Start the workers and a spare; return when the first is ready or could not start.

        They have a store open that is known by then, as later ones have what was asked last.
        """
        self._loop = asyncio.get_running_loop()
        self._store = store
        self._replace()
        await self._tried.wait()

    async def close(self) -> None:
        """End all workers; queries that are evaluated or wait are refused."""
        self._closed.set()
        for task in self._starting:
            task.cancel()
        left = [*self._idle, *self._busy]
        asked = [answer for worker in left for answer in worker.asked if answer]
        for answer in (*asked, *self._queue):
            answer.refuse(Overloaded(self.limits.seconds))
        self._idle.clear()
        self._busy.clear()
        self._queue.clear()
        for worker in left:
            self._kill(worker.process, "closed")
        while tasks := self._starting | self._ending:
            await asyncio.wait(tasks)
        await self._forks.close()

    def answering(self, job: Job, seconds: float | None = None) -> Answer:
        """Return the answer to a query, to be entered; it is evaluated meanwhile.

        Leaving before the end of the answer ends its worker. Raises, when entered: Refused, in all
        its forms.
        """
        return Answer(self, self._loop, job, seconds or self.limits.seconds)

    def ask(self, answer: Answer) -> None:
        """Begin to evaluate a query.

        Raises: Overloaded; TooMuchMemory, if it took too much before.
        """
        self._refuse_again(answer.job.text)
        self._ask(answer)

    def leave(self, answer: Answer, error: BaseException | None) -> None:
        """End what is left of an answer, which is told no further, because of an error or not."""
        if isinstance(error, TooMuchMemory):
            self._remember(answer.job.text)
        if not answer.is_done:
            self._leave(answer)

    def _ask(self, answer: Answer) -> None:
        """Ask a worker, or let the query wait for one, unless too many do."""
        is_free = bool(self._idle) and len(self._busy) < self.limits.workers
        if self._closed.is_set() or (not is_free and self.waiting >= self.limits.waiting):
            raise self._overloaded()
        self._store = answer.job.store
        self._queue.append(answer)
        self._serve()
        if not self._timer:
            self._look_in(_LOOK)

    def _serve(self) -> None:
        """Give the queries that wait longest to workers that are free, or will be at once."""
        while self._queue and (worker := self._next_worker()):
            worker.ask(self._queue.popleft())
            if self._timer and not self._looks_soon:
                self._timer.cancel()
                self._look_in(_LOOK)

    def _next_worker(self) -> Worker | None:
        next_one = min(self._busy, key=_wait, default=None)
        if next_one and next_one.wait < _BEFORE_WAKING:
            return next_one
        if self._idle and len(self._busy) < self.limits.workers:
            worker = self._idle.pop()  # what it has read last is still at hand
            self._busy.add(worker)
            return worker
        return next_one if next_one and next_one.wait < _BEHIND else None

    def _leave(self, answer: Answer) -> None:
        """End what no one waits for any more: if it is evaluated, with its worker."""
        worker = answer.worker
        if not worker:
            self._queue.remove(answer)
        elif worker.asked[0] is answer:
            self._lose(worker, "left")
        else:
            worker.asked[worker.asked.index(answer)] = None

    def _overloaded(self) -> Overloaded:
        return Overloaded(self.limits.seconds / 2)  # half a turn of all workers, at the worst

    def _told(self, worker: Worker, frames: Sequence[Frame]) -> None:
        """Take in what a worker says, and ask it more when it has ended an answer."""
        for frame in frames:
            worker.add(frame)
        if not worker.asked:
            self._busy.discard(worker)
            self._idle.append(worker)
        if self._queue:
            self._serve()

    def _look(self) -> None:
        """End what takes too long, and let no one wait behind a query that is not quick."""
        self._timer = None
        now = self._loop.time()
        for worker in list(self._busy):
            worker.looks += 1
            first = worker.asked[0]
            if first and (overdue := first.overdue(now)):
                reason, refusal = overdue
                first.refuse(refusal)
                self._lose(worker, reason)
            elif not first and worker.looks > _UNWANTED:
                self._lose(worker, "left")
            elif first and worker.looks >= _SLOW:
                self._put_back(worker.take_back())
        while self._queue and now - self._queue[0].waits_since > self.limits.seconds / 2:
            self._queue.popleft().refuse(self._overloaded())
        if self._busy or self._queue:
            is_settled = all(worker.is_settled for worker in self._busy)
            self._look_in(_RARE_LOOK if is_settled else _LOOK)

    def _look_in(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look)
        self._looks_soon = seconds == _LOOK

    def _put_back(self, answers: Sequence[Answer]) -> None:
        """Let queries wait again, before all others."""
        for answer in answers:
            answer.worker = None
        self._queue.extendleft(reversed(answers))
        self._serve()

    def _lose(self, worker: Worker, reason: str) -> None:
        """Kill a worker for a reason; what waits behind its query is given to others."""
        self._busy.discard(worker)
        self._kill(worker.process, reason)
        self._put_back(worker.waiting)
        is_spare = len(self._idle) + len(self._busy) >= self.limits.workers
        self._replace(_BEFORE_SPARE if is_spare else 0.0)

    def _kill(self, process: Process, reason: str) -> None:
        process.when_told = process.when_ended = None
        process.kill()
        self._bury(process, reason)

    def _bury(self, process: Process, reason: str) -> None:
        self.counts[reason] += 1
        self._later(self._clear_away(process, reason))

    async def _clear_away(self, process: Process, reason: str) -> None:
        """Clear away a process that ends, and tell of it."""
        await process.end()
        with suppress(TimeoutError):
            async with asyncio.timeout(_BEFORE_CLEARING):
                await self._closed.wait()
        status = await process.exit_status()
        level = logging.DEBUG if reason in {"closed", "left"} else logging.INFO
        log.log(level, "worker %d ended: %s (exit status %d)", process.pid, reason, status)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _died(self, worker: Worker) -> None:
        """Replace a worker that ended by itself."""
        first = worker.asked[0] if worker.asked else None
        if worker in self._idle:
            self._idle.remove(worker)
        self._busy.discard(worker)
        if first:
            first.is_done = True
            self._later(self._blame(worker.process, first))
        else:
            self._bury(worker.process, "died")
        self._put_back(worker.waiting)
        self._replace(0.0 if first else _PAUSE)  # it may happen again

    async def _blame(self, process: Process, answer: Answer) -> None:
        """Refuse what a worker evaluated when it died; if no one killed it, the query did."""
        was_killed = await process.exit_status() == -signal.SIGKILL
        # The engine aborts when it gets no more memory.
        answer.refuse(Lost() if was_killed else TooMuchMemory())
        self._bury(process, "lost" if was_killed else "memory")

    def _replace(self, pause: float = 0.0) -> None:
        """Start as many workers as are missing, the spare counted; let the spare take over."""
        there = len(self._idle) + len(self._busy) + len(self._starting)
        for _ in range(self.limits.workers + 1 - there):
            task = self._loop.create_task(self._start(pause))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)
        self._serve()

    async def _start(self, pause: float) -> None:
        """Start a worker; where it does not come up, try again, but not without pause."""
        while True:
            await asyncio.sleep(pause)
            if worker := await self._started():
                break
            self._tried.set()
            pause = _PAUSE
        self._starting.discard(asyncio.current_task())
        self._idle.insert(0, worker)  # those that have answered before come first
        self._serve()
        self._tried.set()

    async def _started(self) -> Worker | None:
        """Return a worker that is ready, None if it did not start."""
        memory, outbound = str(self.limits.memory), str(int(self.limits.outbound))
        try:
            process = await self._forks.start(memory, outbound)
        except OSError as error:
            log.error("a worker did not start: %s", error)  # noqa: TRY400 no fault of ours
            return None
        self.counts["started"] += 1
        try:
            async with asyncio.timeout(_STARTS):
                await process.receive()
                if self._store:
                    process.send(b"O", self._store.encode())
                    await process.receive()
        except (Ended, TimeoutError):
            log.error("a worker did not start")  # noqa: TRY400 it has told why
            self._store = ""  # the next one does without: it may be too large to be opened
            self._kill(process, "died")
            return None
        except BaseException:
            self._kill(process, "closed")
            raise
        worker = Worker(process)
        process.when_told = partial(self._told, worker)
        process.when_ended = partial(self._died, worker)
        return worker

    def _refuse_again(self, text: str) -> None:
        if self._refused and self._refused.get(_hash(text), 0.0) > monotonic():
            raise TooMuchMemory

    def _remember(self, text: str) -> None:
        self._refused[_hash(text)] = monotonic() + _REFUSED
        while len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)


def _wait(worker: Worker) -> float:
    return worker.wait


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
