"""Queries are answered by worker processes, within limits; real processes, a real store."""

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest

from server import pool as pools
from server.pool import (
    Failed,
    Limits,
    Lost,
    Overloaded,
    Pool,
    Stalled,
    TooLong,
    TooMuchMemory,
)
from server.process import allocator
from server.worker import Job

EX = "https://example.org/"
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f }"  # 160,000 rows, 80 MB
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
HUNGRY = f"SELECT (GROUP_CONCAT('{'x' * 50_000}') AS ?all) {{ ?a ?b ?c . ?d ?e ?f }}"
TINY = f"SELECT ?o {{ <{EX}s1> <{EX}p> ?o }}"


class Whole(NamedTuple):
    """An answer that was read to its end."""

    kind: str
    body: bytes
    rows: int


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of 400 triples with objects of some length."""
    folder: Path = tmp_path_factory.mktemp("pool") / "store"
    written = ox.Store(str(folder))
    predicate = ox.NamedNode(f"{EX}p")
    written.extend(
        ox.Quad(ox.NamedNode(f"{EX}s{n}"), predicate, ox.Literal(f"{n} " + "x" * 60))
        for n in range(400)
    )
    written.flush()
    return folder


def with_pool(work: Callable[[Pool], Coroutine[Any, Any, Any]], **limits: Any) -> None:
    """Do the work with a pool that has started."""

    async def main() -> None:
        async with started(**limits) as pool:
            await work(pool)

    asyncio.run(main())


@contextlib.asynccontextmanager
async def started(**limits: Any) -> AsyncIterator[Pool]:
    """Yield a pool with all its workers; two of them, beside the spare."""
    pool = Pool(Limits(**{"workers": 2, **limits}))
    await pool.start()
    try:
        await until(lambda: pool.idle == pool.limits.workers + 1)
        yield pool
    finally:
        await pool.close()


async def ask(pool: Pool, store: Path, text: str, form: str = "json", **about: Any) -> Whole:
    """Return the whole answer."""
    async with pool.answering(Job(str(store), text, form, form, **about)) as answer:
        body = b"".join([block async for block in answer])
    return Whole(answer.kind, body, answer.rows)


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.01)


ELSEWHERE: set[int] = set()  # workers that other tests of this process have left running


@pytest.fixture(autouse=True)
def _elsewhere() -> None:
    ELSEWHERE.clear()
    ELSEWHERE.update(pids())


def pids(parent: int | None = None) -> set[int]:
    """Return the workers of a process that live, without those of other tests."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, its_parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            name = (folder / "comm").read_text()
            command = (folder / "cmdline").read_bytes()  # of one that is no fork
            is_worker = name == "kg worker\n" or b"\0-m\0server.worker\0" in command
            ours = is_worker and int(its_parent) == (parent or os.getpid())
            if ours and state != "Z":
                found.add(int(folder.name))
    return found - ELSEWHERE


def is_gone(pid: int) -> bool:
    """Return whether a process has ended."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


async def occupied(pool: Pool, store: Path, queries: int) -> list[asyncio.Task[Whole]]:
    """Return queries that are evaluated for as long as one likes."""
    before = pool.busy
    tasks = [asyncio.create_task(ask(pool, store, ENDLESS)) for _ in range(queries)]
    await until(lambda: pool.busy == before + queries)
    return tasks


async def cancelled(tasks: list[asyncio.Task[Whole]]) -> None:
    """End queries."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def raised(awaited: Awaitable[Any]) -> BaseException | None:
    """Return what was raised."""
    return (await asyncio.gather(awaited, return_exceptions=True))[0]


def test_each_kind_of_answer_comes_whole(store: Path) -> None:
    """Solutions, a boolean and triples, with the number of rows."""

    async def work(pool: Pool) -> None:
        solutions = await ask(pool, store, TINY)
        boolean = await ask(pool, store, f"ASK {{ <{EX}s1> ?p ?o }}")
        triples = await ask(pool, store, "CONSTRUCT WHERE { ?s ?p ?o }", "ntriples")

        bindings = json.loads(solutions.body)["results"]["bindings"]
        assert [row["o"]["value"] for row in bindings] == ["1 " + "x" * 60]
        assert (solutions.kind, solutions.rows) == ("solutions", 1)
        assert json.loads(boolean.body)["boolean"] is True
        assert boolean.kind == "boolean"
        lines = triples.body.splitlines()
        assert lines == sorted(lines)
        assert (triples.kind, triples.rows, len(lines)) == ("triples", 400, 400)

    with_pool(work)


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_rows_are_counted_in_every_form(store: Path, form: str) -> None:
    """Whatever literals hold, and wherever blocks are cut."""
    nasty = '("},{") ("a},{\\"x\\":") ("<result>") ("\\n") ("\\\\") ("")'

    async def work(pool: Pool) -> None:
        for text, expected in (
            (f"SELECT ?v {{ VALUES (?v) {{ {nasty} }} }}", 6),
            ("SELECT ?v { VALUES ?v {} }", 0),
            ("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 5000", 5000),
        ):
            found = await ask(pool, store, text, form)
            assert (text, found.rows) == (text, expected)

    with_pool(work, workers=1)


def test_what_the_query_says_about_its_dataset_reaches_the_engine(store: Path) -> None:
    """Base, prefixes, graphs, and functions that are not known."""

    async def work(pool: Pool) -> None:
        based = await ask(pool, store, "ASK { <s1> <p> ?o }", base=EX)
        known = await ask(pool, store, "ASK { id:s1 a ?o }")
        empty = await ask(
            pool, store, "ASK { ?s ?p ?o }", default_graphs=[f"{EX}none"], named_graphs=[]
        )
        unknown = await ask(
            pool,
            store,
            f"SELECT ?x {{ <{EX}s1> ?p ?o BIND(COALESCE(<{EX}f>(?o), 'none') AS ?x) }}",
            "csv",
        )

        assert json.loads(based.body)["boolean"] is True
        assert json.loads(known.body)["boolean"] is False
        assert json.loads(empty.body)["boolean"] is False
        assert unknown.body == b"x\r\nnone\r\n"

    with_pool(work, workers=1)


def test_small_graphs_are_the_same_bytes_with_the_prefixes_they_use(store: Path) -> None:
    """In Turtle, sorted."""

    async def work(pool: Pool) -> None:
        text = "CONSTRUCT { ?s a cas:Person } { ?s ?p ?o }"
        answers = {
            (await ask(pool, store, text + order, "turtle")).body
            for order in ("", " ORDER BY ?s", " ORDER BY DESC(?s)")
        }

        (written,) = answers
        assert written.count(b"@prefix") == 1
        assert b"@prefix cas: <https://w3id.org/cassibile/ontology#>" in written

    with_pool(work, workers=1)


def test_what_cannot_be_evaluated_is_told_and_costs_no_worker(store: Path) -> None:
    """Each kind of failure, in the engine's words; the same worker answers the next query."""

    async def work(pool: Pool) -> None:
        for kind, job in (
            ("query", Job(str(store), "SELEC")),
            ("query", Job(str(store), "ASK { SERVICE <urn:a> {} }")),
            ("evaluation", Job(str(store), "ASK {}", default_graphs=["no iri"])),
            ("store", Job(str(store / "absent"), "ASK {}")),
            ("form", Job(str(store), "ASK {}", "turtle")),
            ("form", Job(str(store), "ASK {}", rows="")),
            ("form", Job(str(store), "CONSTRUCT WHERE { ?s ?p ?o }", graph="")),
        ):
            with pytest.raises(Failed) as failed:
                async with pool.answering(job):
                    pass
            assert (failed.value.kind, bool(failed.value.message)) == (kind, True)
        await ask(pool, store, TINY)
        assert pool.counts == {"started": 2}

    with_pool(work, workers=1)


def test_another_store_needs_no_restart(store: Path, tmp_path: Path) -> None:
    """Each query names its store."""
    other = ox.Store(str(tmp_path / "other"))
    other.update("INSERT DATA { <urn:a> <urn:b> <urn:c> }")
    other.flush()

    async def work(pool: Pool) -> None:
        sizes = []
        for folder in (store, tmp_path / "other", store):
            text = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
            sizes.append((await ask(pool, folder, text, "tsv")).body.split()[1])
        assert sizes == [b"400", b"1", b"400"]

    with_pool(work, workers=1)


def test_a_large_answer_passes_through_flat_memory(store: Path) -> None:
    """Blocks are not gathered, though the client is slower than the worker."""

    async def work(pool: Pool) -> None:
        await ask(pool, store, TINY)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = blocks = 0
        async with pool.answering(Job(str(store), LARGE, "json")) as answer:
            async for block in answer:
                size += len(block)
                blocks += 1
                if blocks == 20:
                    await asyncio.sleep(0.5)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

        assert answer.rows == 160_000
        assert size > 50_000_000
        assert grown < 15_000  # kB

    with_pool(work, workers=1)


def test_a_query_that_takes_too_long_is_stopped_and_the_next_one_answered(store: Path) -> None:
    """With all workers taken by such queries."""

    async def work(pool: Pool) -> None:
        began = time.monotonic()
        found = await asyncio.gather(
            ask(pool, store, ENDLESS), ask(pool, store, ENDLESS), return_exceptions=True
        )
        stopped = time.monotonic()
        await ask(pool, store, TINY)

        assert [type(error) for error in found] == [TooLong, TooLong]
        assert 0.5 <= stopped - began < 1.5
        assert time.monotonic() - stopped < 1.0
        assert pool.counts["time"] == 2

    with_pool(work, seconds=0.5)


def test_time_counts_between_blocks_too(store: Path) -> None:
    """An answer that begins at once and does not come to its end."""

    async def work(pool: Pool) -> None:
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"  # 64,000,000 rows
        blocks = 0

        async def count() -> None:
            nonlocal blocks
            async with pool.answering(Job(str(store), text, "csv")) as answer:
                async for _ in answer:
                    blocks += 1

        assert isinstance(await raised(count()), TooLong)
        assert blocks > 0
        assert (await ask(pool, store, TINY)).rows == 1

    with_pool(work, workers=1, seconds=0.5)


def test_a_query_that_takes_long_gives_way_and_the_next_one_need_not(store: Path) -> None:
    """In the same worker, which is not replaced."""

    def is_giving_way() -> list[bool]:
        threads = [thread for pid in pids() for thread in Path(f"/proc/{pid}/task").iterdir()]
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        found = []
        for thread in threads:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                found.append(os.getpriority(os.PRIO_PROCESS, int(thread.name)) > usual)
        return found

    async def work(pool: Pool) -> None:
        workers = pids()
        assert not any(is_giving_way())
        long = asyncio.create_task(ask(pool, store, LARGE))
        await until(lambda: any(is_giving_way()))
        assert (await long).rows == 160_000
        await until(lambda: not any(is_giving_way()))
        assert (await ask(pool, store, TINY)).rows == 1
        assert pids() == workers

    with_pool(work, workers=1)


def test_memory_ends_the_worker_and_the_query_is_refused_when_it_comes_again(store: Path) -> None:
    """At once, without evaluation; other queries are answered."""

    async def work(pool: Pool) -> None:
        first = await raised(ask(pool, store, HUNGRY))
        assert isinstance(first, TooMuchMemory)
        again = await raised(ask(pool, store, HUNGRY))
        assert isinstance(again, TooMuchMemory)
        assert pool.counts["memory"] == 1
        assert (await ask(pool, store, TINY)).rows == 1

    with_pool(work, workers=1, memory=500_000_000)


@pytest.mark.slow
def test_sorting_a_cross_product_ends_in_its_memory(store: Path) -> None:
    """An ORDER BY holds all its rows."""

    async def work(pool: Pool) -> None:
        text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c"
        assert isinstance(await raised(ask(pool, store, text)), TooMuchMemory)

    with_pool(work, workers=1, memory=500_000_000)


def test_deep_queries_are_evaluated_up_to_a_depth_that_is_told(store: Path) -> None:
    """A stack that overflows ends a process; none does."""

    def deep(depth: int) -> str:
        return f"SELECT * {{ {'?s ?p ?o FILTER EXISTS {' * depth}?s ?p ?o{'}' * depth} }} LIMIT 1"

    def long(length: int) -> str:
        return f"SELECT ({'1+' * length}1 AS ?n) {{}}"

    async def work(pool: Pool) -> None:
        for query in (deep(58), long(1000)):
            assert (await ask(pool, store, query)).rows == 1
        for query in (deep(1000), long(4000)):
            refused = await raised(ask(pool, store, query))
            assert isinstance(refused, Failed)
            assert refused.about["class"] == "QueryTooComplex"
        assert pool.counts == {"started": 2}

    with_pool(work, workers=1)


def test_leaving_early_ends_the_evaluation(store: Path) -> None:
    """The client is gone, or has enough; or whoever reads fails."""

    async def work(pool: Pool) -> None:
        workers = pids()
        async with pool.answering(Job(str(store), LARGE, "json")) as answer:
            async for _ in answer:
                break
        assert pool.busy == 0
        (task,) = await occupied(pool, store, 1)
        await cancelled([task])
        assert pool.busy == 0
        assert pool.counts["left"] == 2
        await until(lambda: pool.idle == 3)
        assert len(pids() - workers) == 2

    with_pool(work)


def test_leaving_when_all_has_come_costs_no_worker(store: Path) -> None:
    """The worker was free before."""

    async def work(pool: Pool) -> None:
        for _ in range(3):
            async with pool.answering(Job(str(store), TINY, "json")) as answer:
                assert answer.kind == "solutions"
                assert pool.busy == 0
        assert pool.counts == {"started": 3}

    with_pool(work)


def test_a_client_that_does_not_read_loses_its_worker(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it still does not read; then it is told."""
    monkeypatch.setattr(pools, "_STALLED", 0.3)

    async def work(pool: Pool) -> None:
        async with pool.answering(Job(str(store), LARGE, "json")) as answer:
            await anext(answer)
            await until(lambda: pool.busy == 0)
            with pytest.raises(Stalled):
                await anext(answer)
        assert pool.counts["stalled"] == 1

    with_pool(work)


def test_a_slow_client_may_read_to_the_end(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time is not the query's."""
    monkeypatch.setattr(pools, "_STALLED", 0.3)

    async def work(pool: Pool) -> None:
        async with pool.answering(Job(str(store), LARGE + " LIMIT 12000", "json")) as answer:
            async for _ in answer:
                await asyncio.sleep(0.01)
        assert answer.rows == 12_000

    with_pool(work, workers=1, seconds=0.6)


def test_too_many_are_refused_at_once(store: Path) -> None:
    """With a time after which it may be worth another try."""

    async def work(pool: Pool) -> None:
        tasks = await occupied(pool, store, 2)
        waiting = [asyncio.create_task(ask(pool, store, TINY)) for _ in range(2)]
        await until(lambda: pool.waiting == 2)
        with pytest.raises(Overloaded) as overloaded:
            await ask(pool, store, TINY)
        assert pool.waiting == 2
        assert not any(task.done() for task in [*tasks, *waiting])
        assert overloaded.value.retry_after > 0
        await cancelled(tasks)
        assert [answer.rows for answer in await asyncio.gather(*waiting)] == [1, 1]

    with_pool(work, waiting=2)


def test_waiting_has_an_end(store: Path) -> None:
    """The limit of time is one of waiting too."""

    async def waits(pool: Pool) -> None:
        async def long() -> None:
            async with pool.answering(Job(str(store), ENDLESS, "json"), seconds=5.0):
                pass

        task = asyncio.create_task(long())
        await until(lambda: pool.busy == 1)
        with pytest.raises(Overloaded):
            await ask(pool, store, TINY)
        assert pool.waiting == 0
        task.cancel()
        await raised(task)

    with_pool(waits, workers=1, seconds=0.3)


def test_who_waits_is_served_in_turn_and_may_leave(store: Path) -> None:
    """First come, first served."""

    async def work(pool: Pool) -> None:
        tasks = await occupied(pool, store, 1)
        order: list[int] = []

        async def one(number: int) -> None:
            await ask(pool, store, TINY)
            order.append(number)

        waiting = [asyncio.create_task(one(number)) for number in range(4)]
        await until(lambda: pool.waiting == 4)
        waiting[1].cancel()
        await until(lambda: pool.waiting == 3)
        await cancelled(tasks)
        await asyncio.gather(*waiting, return_exceptions=True)
        assert order == [0, 2, 3]

    with_pool(work, workers=1)


def test_an_idle_worker_that_is_killed_is_replaced(store: Path) -> None:
    """No query is harmed."""

    async def work(pool: Pool) -> None:
        before = pids()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: pool.counts["died"] == 3)
        assert not pool.ready
        assert (await ask(pool, store, TINY)).rows == 1
        await until(lambda: pool.idle == 3)
        assert not pids() & before

    with_pool(work)


def test_a_worker_has_the_data_open_before_it_is_asked(store: Path, tmp_path: Path) -> None:
    """What was served at the start, and later what was asked last; if that is there."""

    def holds(pid: int, folder: Path) -> bool:
        return any(str(folder) in str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir())

    async def work(at_start: Path, asked: Path) -> None:
        pool = Pool(Limits(workers=1))
        await pool.start(str(at_start))
        await until(lambda: pool.idle == 2)
        first = pids()
        assert [holds(pid, store) for pid in first] == [at_start == store] * 2
        await raised(ask(pool, asked, TINY))
        os.kill(min(first), signal.SIGKILL)
        await until(lambda: pool.counts["started"] == 3 and pool.idle == 2)
        (last,) = pids() - first
        assert holds(last, store) == (asked == store)
        assert (await ask(pool, store, TINY)).rows == 1
        await pool.close()

    asyncio.run(work(store, tmp_path / "absent"))
    asyncio.run(work(tmp_path / "absent", store))


def test_a_worker_that_ends_when_it_opens_the_data_is_replaced_by_one_that_need_not(
    store: Path, tmp_path: Path
) -> None:
    """So that there are workers, and who asks is told what is wrong."""

    async def work() -> None:
        os.mkfifo(tmp_path / "CURRENT")  # which opens for ever
        pool = Pool(Limits(workers=1))
        starting = asyncio.create_task(pool.start(str(tmp_path)))
        await until(lambda: pool.counts["started"] == 2)
        await asyncio.sleep(0.5)
        assert not pool.ready
        for pid in pids():
            os.kill(pid, signal.SIGKILL)
        await starting
        await until(lambda: pool.idle == 2)
        assert (await ask(pool, store, TINY)).rows == 1
        await pool.close()

    asyncio.run(work())


def test_a_worker_that_was_killed_is_cleared_away_a_while_later(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When all of it has ended; at the end, at once."""

    def state(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return ""

    async def work() -> None:
        async with started(workers=1) as pool:
            before = pids()
            await cancelled(await occupied(pool, store, 1))
            await until(lambda: any(state(pid) == "Z" for pid in before))
            (ended,) = (pid for pid in before if state(pid) == "Z")
            await until(lambda: not state(ended))
            monkeypatch.setattr(pools, "_BEFORE_CLEARING", 60.0)
            await cancelled(await occupied(pool, store, 1))
            all_of_them = before | pids()
        assert not any(state(pid) for pid in all_of_them)

    asyncio.run(work())


def test_a_busy_worker_that_is_killed_costs_its_query(store: Path) -> None:
    """And no other one."""

    async def work(pool: Pool) -> None:
        (task,) = await occupied(pool, store, 1)
        for pid in pids():
            os.kill(pid, signal.SIGKILL)
        assert isinstance(await raised(task), Lost)  # the query is not at fault
        await until(lambda: pool.counts["died"] == 2)  # the others
        assert (await ask(pool, store, TINY)).rows == 1
        assert pool.counts["lost"] == 1

    with_pool(work)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, all is sent to the worker that was asked last."""
    monkeypatch.setattr(pools, "_BEFORE_WAKING", 1_000)
    monkeypatch.setattr(pools, "_BEHIND", 1_000)


async def warm(pool: Pool, store: Path) -> None:
    """Show the pool's workers, all of them, that queries are quick."""
    for _ in range(3):
        await asyncio.gather(*(ask(pool, store, TINY) for _ in range(pool.limits.workers)))


def number(answer: Whole) -> int:
    """Return the only number that an answer has."""
    return int(answer.body.split()[1])


async def behind(pool: Pool, store: Path, queries: int) -> list[asyncio.Task[Whole]]:
    """Return an endless query and others that were sent to its worker with it."""
    await warm(pool, store)
    tasks = [asyncio.create_task(ask(pool, store, ENDLESS))]
    tasks += [
        asyncio.create_task(ask(pool, store, f"SELECT ({n} AS ?n) {{}}", "tsv"))
        for n in range(queries)
    ]
    await asyncio.sleep(0)
    assert (pool.busy, pool.waiting) == (1, queries)
    return tasks


@pytest.mark.usefixtures("_patient")
def test_no_one_waits_behind_a_query_that_is_not_quick(store: Path) -> None:
    """Queries that were sent to its worker are given to another."""

    async def work(pool: Pool) -> None:
        slow, *quick = await behind(pool, store, 4)
        assert [number(await task) for task in quick] == [0, 1, 2, 3]
        assert not slow.done()
        await cancelled([slow])
        assert pool.counts == {"started": 3, "left": 1}

    with_pool(work)


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("ends", ["time", "left", "lost"])
def test_who_waits_behind_a_query_whose_worker_ends_does_not_notice(
    store: Path, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker answers."""
    monkeypatch.setattr(pools, "_SLOW", 1_000_000)  # so that nothing is given to others before

    async def work(pool: Pool) -> None:
        slow, *quick = await behind(pool, store, 4)
        if ends == "left":
            await cancelled([slow])
        elif ends == "lost":
            (worker,) = pool._busy
            os.kill(worker.process.pid, signal.SIGKILL)
        assert [number(await task) for task in quick] == [0, 1, 2, 3]
        await raised(slow)
        assert pool.counts[ends] == 1

    with_pool(work, seconds=0.5)


@pytest.mark.usefixtures("_patient")
def test_what_is_left_before_its_turn_costs_no_worker_and_shifts_no_answer(store: Path) -> None:
    """Those before and behind it have their own."""

    async def work(pool: Pool) -> None:
        await warm(pool, store)
        tasks = [
            asyncio.create_task(ask(pool, store, f"SELECT ({n} AS ?n) {{}}", "tsv"))
            for n in range(6)
        ]
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [number(one) for one in found[::2] if isinstance(one, Whole)] == [0, 2, 4]
        assert pool.counts == {"started": 2}

    with_pool(work, workers=1)


def test_answers_find_whom_they_are_for(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often queries are taken back, given to others, left, stopped and sent again."""
    monkeypatch.setattr(pools, "_LOOK", 0.0003)

    async def client(pool: Pool, name: int) -> int:
        for turn in range(150):
            own = name * 1000 + turn
            text = f"SELECT ({own} AS ?n) {{ ?s ?p ?o }} LIMIT {1 + turn % 3}"
            if turn % 50 == 49:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(ask(pool, store, ENDLESS), 0.02)
            elif turn % 10 == 9:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ask(pool, store, text, "tsv"), 0.0005)
            else:
                found = await ask(pool, store, text, "tsv")
                assert found.body == b"?n\n" + b"%d\n" % own * (1 + turn % 3)
        return name

    async def work(pool: Pool) -> None:
        names = list(range(1, 9))
        assert await asyncio.gather(*(client(pool, name) for name in names)) == names
        assert (pool.busy, pool.waiting) == (0, 0)

    with_pool(work, waiting=16, seconds=20.0)


def test_closing_leaves_no_process_and_no_one_waiting(store: Path) -> None:
    """Busy workers and those that are starting included."""

    async def main() -> None:
        async with started() as pool:
            tasks = await occupied(pool, store, 2)
            tasks.append(asyncio.create_task(ask(pool, store, TINY)))
            await until(lambda: pool.waiting == 1)
            await pool.close()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(error) for error in found] == [Overloaded] * 3
            assert isinstance(await raised(ask(pool, store, TINY)), Overloaded)
            assert not pids()
        quick = Pool(Limits(workers=4))
        await quick.start()
        await quick.close()
        assert not pids()

    asyncio.run(main())


def test_the_web_process_alone_decides_when_workers_end(store: Path) -> None:
    """Ctrl-C, and what a service manager sends to all processes, leave them as they are."""

    async def work(pool: Pool) -> None:
        before = pids()
        for pid in before:
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
        await asyncio.sleep(0.1)
        assert (await ask(pool, store, TINY)).rows == 1
        assert pids() == before

    with_pool(work)


def test_workers_are_confined() -> None:
    """In memory, core files and, where the system lets us, the network."""

    async def work(pool: Pool) -> None:
        assert pool.idle == 3
        for pid in pids():
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"^Max address space +700000000 +700000000 ", limits, re.M)
            assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
            try:
                network = Path(f"/proc/{pid}/ns/net").readlink()
                subprocess.run(["/usr/bin/unshare", "-U", "-n", "true"], check=True)
            except (OSError, subprocess.CalledProcessError):
                pytest.skip("this system lets no process leave the network, or does not tell")
            assert network != Path("/proc/self/ns/net").readlink()

    with_pool(work, memory=700_000_000)


def test_workers_end_with_the_web_process(store: Path) -> None:
    """Even if it is killed, and they are in the middle of a query."""
    script = textwrap.dedent(f"""
        import asyncio
        from server.pool import Job, Limits, Pool

        async def main():
            pool = Pool(Limits(workers=1, seconds=60))
            await pool.start()
            async with pool.answering(Job({str(store)!r}, {ENDLESS!r}, "json")):
                pass

        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", script]) as web:

        async def main() -> None:
            await until(lambda: len(pids(web.pid)) == 2)
            await asyncio.sleep(0.3)
            workers = pids(web.pid)
            web.kill()
            await until(lambda: all(map(is_gone, workers)), seconds=2.0)

        asyncio.run(main())


def test_workers_that_cannot_start_are_not_tried_without_pause() -> None:
    """The pool says that it is not ready, and closes all the same."""

    async def main() -> None:
        pool = Pool(Limits(workers=1, memory=1_000_000))  # not enough for a thread
        await asyncio.wait_for(pool.start(), 5.0)
        assert not pool.ready
        await asyncio.sleep(0.3)
        assert pool.counts["started"] <= 2
        await pool.close()
        assert not pids()

    asyncio.run(main())


LIBRARY = "libmimalloc.so"
has_mimalloc = pytest.mark.skipif(
    not allocator(Limits().memory), reason="mimalloc has no package for this system"
)


def mapped() -> list[str]:
    """Return for each worker what files it has in memory."""
    return [Path(f"/proc/{pid}/maps").read_text() for pid in pids()]


@has_mimalloc
@pytest.mark.parametrize("forks", [True, False])
def test_workers_allocate_by_mimalloc(
    store: Path, monkeypatch: pytest.MonkeyPatch, *, forks: bool
) -> None:
    if not forks:
        monkeypatch.setattr("server.process.adopt", lambda: False)

    async def work(pool: Pool) -> None:
        assert (await ask(pool, store, TINY)).rows == 1
        assert [LIBRARY in files for files in mapped()] == [True] * 3

    with_pool(work)


@has_mimalloc
def test_what_an_operator_preloads_is_preloaded_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "libm.so.6")

    async def work(_: Pool) -> None:
        assert [LIBRARY in files for files in mapped()] == [False] * 3

    with_pool(work)


def test_the_least_memory_that_the_server_takes_is_enough_to_answer(store: Path) -> None:
    """As `kg serve` has it; mimalloc alone would take a third of that."""

    async def work(pool: Pool) -> None:
        assert (await ask(pool, store, TINY)).rows == 1
        assert not any(LIBRARY in files for files in mapped())

    with_pool(work, memory=300_000_000)
