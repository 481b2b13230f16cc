"""Workers are forks of a process that has imported what they need, and children of this one."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server import process as processes
from server.forks import adopt
from server.process import Ended, ForkServer, Process

ARGUMENTS = ("1000000000", "0")  # of server.worker: memory, and no network
pytestmark = pytest.mark.skipif(not adopt(), reason="this system gives no process a new parent")


@asynccontextmanager
async def forking() -> AsyncIterator[ForkServer]:
    """Yield what starts workers; end it."""
    forks = ForkServer("server.worker")
    try:
        yield forks
    finally:
        await forks.close()


async def ended(worker: Process) -> int:
    """End a worker; return how it ended."""
    worker.kill()
    return await worker.exit_status()


def status(pid: int, what: str) -> str:
    """Return what the system tells of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)[what]


def children(pid: int) -> list[int]:
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def with_forks(work: Callable[[ForkServer], Coroutine[Any, Any, None]]) -> None:
    """Do the work with what starts workers."""

    async def main() -> None:
        async with forking() as forks:
            await work(forks)

    asyncio.run(main())


def test_a_fork_is_ready_ours_and_tells_how_it_ended() -> None:
    async def work(forks: ForkServer) -> None:
        worker = await forks.start(*ARGUMENTS)
        assert (await worker.receive()).kind == b"R"
        assert status(worker.pid, "PPid") == str(os.getpid())
        assert status(worker.pid, "Name") == "kg worker"
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(Ended):
            await worker.receive()
        assert await worker.exit_status() == -signal.SIGKILL
        assert await worker.exit_status() == -signal.SIGKILL
        worker.kill()  # no one: its number may be that of another process
        assert not Path(f"/proc/{worker.pid}").exists()

    with_forks(work)


def test_many_are_asked_for_at_once_and_nothing_is_left_between() -> None:
    async def work(forks: ForkServer) -> None:
        before = set(children(os.getpid()))
        workers = await asyncio.gather(*(forks.start(*ARGUMENTS) for _ in range(8)))
        assert {(await worker.receive()).kind for worker in workers} == {b"R"}
        (server,) = set(children(os.getpid())) - before - {worker.pid for worker in workers}
        assert children(server) == []
        assert [await ended(worker) for worker in workers] == [-signal.SIGKILL] * 8

    with_forks(work)


def test_what_forks_may_be_killed_and_is_started_again() -> None:
    """What it has started lives on."""

    async def work(forks: ForkServer) -> None:
        before = set(children(os.getpid()))
        first = await forks.start(*ARGUMENTS)
        await first.receive()
        (server,) = set(children(os.getpid())) - before - {first.pid}
        os.kill(server, signal.SIGKILL)
        while status(server, "State") != "Z (zombie)":
            await asyncio.sleep(0.01)
        second = await forks.start(*ARGUMENTS)
        assert (await second.receive()).kind == b"R"
        assert first.is_alive
        for worker in (first, second):
            await ended(worker)
        assert not set(children(os.getpid())) & {server, first.pid, second.pid}

    with_forks(work)


def test_who_no_longer_wants_one_leaves_none_behind() -> None:
    async def work(forks: ForkServer) -> None:
        before = set(children(os.getpid()))
        starting = asyncio.create_task(forks.start(*ARGUMENTS))
        await asyncio.sleep(0.01)  # it is asked by then
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert len(set(children(os.getpid())) - before) == 1  # what forks
        worker = await forks.start(*ARGUMENTS)
        assert (await worker.receive()).kind == b"R"
        await ended(worker)

    with_forks(work)


def test_where_the_system_gives_no_new_parent_each_starts_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "adopt", lambda: False)

    async def work(forks: ForkServer) -> None:
        worker = await forks.start(*ARGUMENTS)
        assert (await worker.receive()).kind == b"R"
        assert status(worker.pid, "PPid") == str(os.getpid())
        assert await ended(worker) == -signal.SIGKILL

    with_forks(work)


def test_what_forks_ends_with_who_asks_it() -> None:
    async def main() -> None:
        before = set(children(os.getpid()))
        async with forking() as forks:
            worker = await forks.start(*ARGUMENTS)
            await worker.receive()
            (server,) = set(children(os.getpid())) - before - {worker.pid}
            control = forks._control
            assert control
            control.shutdown(socket.SHUT_RDWR)  # as the system does
            while status(server, "State") != "Z (zombie)":
                await asyncio.sleep(0.01)
            await ended(worker)

    asyncio.run(asyncio.wait_for(main(), 10))
