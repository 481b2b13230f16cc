"""A running copy: its data, its workers, the answers it keeps, and what it counts."""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyoxigraph as ox

from kg import errors, formats
from kg.errors import BadQuery
from kg.formats import Form
from kg.terms import PREFIXES, expand
from server.allowance import Allowance
from server.dataset import Dataset, State
from server.exchange import Exchange
from server.kept import Kept
from server.metrics import Metrics
from server.pool import (
    Answer,
    Failed,
    Limits,
    Overloaded,
    Pool,
    Refused,
    Stalled,
    TooLong,
    TooMuchMemory,
)
from server.problems import Problem
from server.settings import Config
from server.watch import Watch
from server.worker import Job


class Page(NamedTuple):
    """As much of an answer as a page shows.

    Attributes:
        kind: "solutions", "boolean" or "triples".
        lines: TSV with its head, a word, or N-Triples.
        whole: whether that is all.
    """

    kind: str
    lines: bytes
    whole: bool


class NoForm(Exception):
    """The answer to a query can be had in none of the forms that were asked for.

    Attributes:
        forms: in which it can be had.
    """

    def __init__(self, forms: Sequence[Form[Any]]) -> None:
        super().__init__("the answer has another form")
        self.forms = forms


class Service:
    """All that a running copy has.

    Attributes:
        config: how it is run.
        dataset: what is served.
        pool: the workers that evaluate.
        kept: answers.
        metrics: what is counted.
        loop: that it runs in, once it has started.
        watch: who waits in it, once it has started.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.dataset = Dataset(config)
        self.pool = Pool(
            Limits(
                workers=config.workers,
                seconds=config.seconds,
                memory=config.memory,
                waiting=config.waiting,
                outbound=bool(config.hosts),
            )
        )
        self.kept = Kept(config.kept)
        self.metrics = Metrics()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.watch: Watch
        self.metrics.gauge("kg_queries_running", "Queries evaluated now.", lambda: self.pool.busy)
        self.metrics.gauge("kg_queries_waiting", "Queries that wait.", lambda: self.pool.waiting)
        for reason in ("time", "memory", "left", "stalled", "lost", "died"):
            told = f"Workers that ended: {reason}; see server/pool.py."
            self.metrics.gauge(f"kg_workers_ended_{reason}", told, partial(self._ended, reason))
        self._allowance = Allowance(config.client_seconds, config.client_queries)

    async def start(self) -> None:
        """Open the data and start the workers.

        Raises: KgError, if there is nothing to serve.
        """
        self.loop = asyncio.get_running_loop()
        self.watch = Watch(self.loop)
        await self.dataset.start()
        await self.pool.start(str((await self.dataset.current()).store))

    async def close(self) -> None:
        """End all processes."""
        await self.pool.close()
        await self.dataset.close()

    def _ended(self, reason: str) -> int:
        return self.pool.counts[reason]

    def path(self, path: str) -> str:
        """Return a path as clients ask for it: behind a proxy it may have more before it."""
        return urlsplit(self.config.here).path.rstrip("/") + path

    def address(self, path: str) -> str:
        """Return the whole address of a path, as far as the operator has told where this is."""
        return self.config.here.rstrip("/") + path

    def client(self, exchange: Exchange) -> str:
        """Return the address of a client, as a proxy tells it if it is one that is believed."""
        address: str = (exchange.scope.get("client") or ("", 0))[0]
        if address in self.config.proxies:
            return exchange.header(b"x-forwarded-for").rpartition(",")[2].strip() or address
        return address

    def job(
        self,
        query: str,
        state: State,
        *,
        rows: str = "",
        graph: str = "",
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        hosts: AbstractSet[str] = frozenset(),
    ) -> Job:
        """Return what a worker does for a query, see `server.worker`.

        Raises: BadQuery, if a graph has no name that can be one.
        """
        return Job(
            str(state.store),
            query,
            rows,
            graph,
            self.address("/sparql"),
            tuple(map(graph_name, default_graphs)) or None,
            tuple(map(graph_name, named_graphs)) or None,
            self.config.union,
            hosts,
        )

    async def page(
        self,
        query: str,
        client: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> Page:
        """Return the answer to a query as far as a page shows it, line by line.

        Raises: Problem and BadQuery, if there is none.
        """
        state = await self.dataset.current()
        job = self.job(
            query,
            state,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            rows="tsv",
            graph="ntriples",
            hosts=self.config.hosts,
        )
        found = bytearray()
        async with self.evaluating(client, job) as answer:
            async for block in answer:
                found += block
                if found.count(b"\n") > self.config.most_rows + 1:
                    break
            kind, whole = answer.kind, answer.ended
        end = len(found) if whole else found.rindex(b"\n") + 1
        return Page(kind, bytes(found[:end]), whole)

    def evaluating(self, client: str, job: Job) -> "Evaluation":
        """Return the context in which a query is evaluated for a client, within its allowance.

        Raises, when entered and within: Problem, BadQuery and NoForm, for what ends an evaluation.
        """
        allowance = self._allowance.spending(client)
        return Evaluation(self.pool.answering(job), allowance, self.config.memory)


class Evaluation:
    """The evaluation of a query: its answer, and how a client is told that there is none."""

    def __init__(
        self, answer: Answer, allowance: AbstractContextManager[None], memory: int
    ) -> None:
        self._answer = answer
        self._allowance = allowance
        self._memory = memory

    async def __aenter__(self) -> Answer:
        """Return the answer when it has begun."""
        self._allowance.__enter__()
        try:
            return await self._answer.__aenter__()
        except BaseException as error:
            self._end(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        """End what is left of it."""
        await self._answer.__aexit__(kind, error, trace)
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self._allowance.__exit__(type(error) if error else None, error, None)
        if isinstance(error, Refused):
            raise self._told(error) from error

    def _told(self, error: Refused) -> BadQuery | Problem | NoForm:
        match error:
            case Overloaded():
                return _overloaded(error)
            case TooLong():
                return _too_long(error)
            case TooMuchMemory():
                return _too_much_memory(self._memory)
            case Stalled():
                return _stalled()
            case Failed():
                return _failed(error)
        return _lost(error)


def _failed(error: Failed) -> BadQuery | Problem | NoForm:
    """Return what a worker says against a query."""
    told = error.about
    if error.kind == "query":
        kind: type[BadQuery] = getattr(errors, told["class"])
        found = kind(error.message, told["line"], told["column"], told["hint"])
        found.why, found.engine = (told["why"], told["names"]), told["engine"]
        return found
    if error.kind == "form":
        of_triples = error.message == "triples"
        return NoForm(formats.RDF_SYNTAXES if of_triples else formats.RESULT_FORMATS)
    if error.kind == "store":
        detail = f"the data cannot be opened: {error.message}"
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "no-graph", detail)
    return BadQuery(f"the query cannot be evaluated: {error.message}")


def _overloaded(error: Overloaded) -> Problem:
    wait = str(max(1, round(error.retry_after)))
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "overload",
        f"all workers are busy and enough queries wait; ask again in {wait} s",
        headers={"Retry-After": wait},
    )


def _too_long(error: TooLong) -> Problem:
    limit = f"{error.seconds:g} s"
    return Problem(
        HTTPStatus.GATEWAY_TIMEOUT,
        "query-time",
        f"stopped after {limit}; bind one end of a path, join patterns by a variable that they "
        "share, or add a LIMIT",
        {"limit": limit},
    )


def _lost(error: Refused) -> Problem:
    status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"}
    return Problem(status, "worker-lost", f"{error}; ask again", headers=headers)


def _stalled() -> Problem:
    return Problem(HTTPStatus.REQUEST_TIMEOUT, "stalled", "the client did not read its answer")


def _too_much_memory(memory: int) -> Problem:
    limit = f"{memory // 1_000_000} MB"
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "query-memory",
        f"the query needs more than {limit}, or nests too deeply; ask for less at a time: FILTER "
        "nearer to its pattern, no ORDER BY or GROUP BY over all, a LIMIT in a subquery",
        {"limit": limit},
    )


def graph_name(name: str) -> str:
    """Return the IRI of a graph, given as an IRI or with one of our prefixes.

    Raises: BadQuery, if it is none.
    """
    try:
        known = name.partition(":")[0] in PREFIXES
        return (expand(name) if known else ox.NamedNode(name)).value
    except ValueError as error:
        raise BadQuery(f"this is no name of a graph: {error}") from error
