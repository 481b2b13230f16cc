"""Processes beside the web process allocate by mimalloc, unless an operator says otherwise."""

import asyncio
import sys
from pathlib import Path

import pytest

from server.process import ForkServer, Process

ARGUMENTS = ("1000000000", "0")  # of server.worker: memory, and no network
ALLOCATOR = "libmimalloc.so"
IS_INSTALLED = any(Path(folder, "cmeel.prefix", "lib", ALLOCATOR).exists() for folder in sys.path)
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not IS_INSTALLED, reason="mimalloc has no package for this system"
)


async def mapped(worker: Process) -> str:
    """Return what files a worker has in memory; end it."""
    try:
        assert (await worker.receive()).kind == b"R"
        return Path(f"/proc/{worker.pid}/maps").read_text()
    finally:
        worker.kill()
        await worker.exit_status()


def of_start() -> str:
    """Return what files a worker that starts by itself has in memory."""

    async def main() -> str:
        return await mapped(await Process.start("server.worker", *ARGUMENTS))

    return asyncio.run(main())


def of_fork() -> str:
    """Return what files a worker has in memory that is a fork where the system allows it."""

    async def main() -> str:
        forks = ForkServer("server.worker")
        try:
            return await mapped(await forks.start(*ARGUMENTS))
        finally:
            await forks.close()

    return asyncio.run(main())


def test_workers_allocate_by_mimalloc() -> None:
    assert ALLOCATOR in of_start()
    assert ALLOCATOR in of_fork()


def test_what_an_operator_preloads_is_preloaded_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "libm.so.6")
    assert ALLOCATOR not in of_start()
    assert ALLOCATOR not in of_fork()


def test_workers_start_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("server.process._ALLOCATOR", tmp_path / ALLOCATOR)
    assert ALLOCATOR not in of_start()
    assert ALLOCATOR not in of_fork()
