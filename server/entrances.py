"""The endpoints by their paths: each request observed, and what it raises told."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib import import_module
from pkgutil import iter_modules
from time import perf_counter
from types import ModuleType

from kg.errors import KgError
from server import endpoints, problems
from server.exchange import Exchange, Message, Receive, Send
from server.problems import Problem
from server.service import Service

log = logging.getLogger("server")
access = logging.getLogger("server.access")


class Entrances:
    """The endpoints of a running copy.

    Attributes:
        service: what they answer from.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        endpoints = by_path()
        self._by_path = {path: each for path, each in endpoints.items() if path[-1] != "/"}
        self._by_folder = [(path, each) for path, each in endpoints.items() if path[-1] == "/"]

    async def answer(
        self, endpoint: ModuleType, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Answer by an endpoint, see ASGI."""
        exchange = Exchange(scope, receive, send)
        await self.observed(exchange, endpoint.PATHS[0], self._answered(exchange, endpoint))

    async def observed(self, exchange: Exchange, name: str, answered: Awaitable[None]) -> None:
        """Wait for an answer, count it under a name, and write it to the log.

        A fault of ours is told without its trace.
        """
        started = perf_counter()
        try:
            await answered
        except asyncio.CancelledError:
            if not exchange.client_gone:
                raise
            exchange.about["outcome"] = "client-gone"
        except Exception:
            log.exception("a request failed")
            exchange.about["outcome"] = "fault"
            if not exchange.status:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                fault = Problem(status, "fault", "the server has a fault; it is in its log")
                await exchange.answer(status, problems.JSON, fault.document)
        seconds = perf_counter() - started
        outcome = exchange.about.setdefault("outcome", "answered")
        self.service.metrics.count(name, exchange.status, outcome, seconds, exchange.sent)
        if access.isEnabledFor(logging.INFO):
            access.info(self._line(exchange, seconds))

    async def _answered(self, exchange: Exchange, endpoint: ModuleType) -> None:
        """Answer by an endpoint; what it raises before it answers is told."""
        try:
            await endpoint.answer(exchange, self.service)
        except (Problem, KgError) as error:
            problem = problems.told(error) if isinstance(error, KgError) else error
            exchange.about["outcome"] = problem.kind
            if exchange.status:
                return  # the answer is broken off: no client takes it for whole
            headers = [("cache-control", "no-store"), *problem.headers.items()]
            await exchange.answer(problem.status, problems.JSON, problem.document, headers)

    def find(self, path: str) -> ModuleType | None:
        """Return the endpoint that answers at a path."""
        found = self._by_path.get(path)
        if found:
            return found
        return next((e for under, e in self._by_folder if path.startswith(under)), None)

    def _line(self, exchange: Exchange, seconds: float) -> str:
        """Return what the access log says of a request: one JSON object."""
        about = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": self.service.client(exchange),
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": exchange.sent,
            **exchange.about,
        }
        if exchange.query:
            about["query"] = sha256(exchange.query.encode()).hexdigest()[:12]
        return json.dumps(about, ensure_ascii=False)


@cache
def by_path() -> dict[str, ModuleType]:
    """Return the endpoints by the paths they answer; one that ends in / stands for all below."""
    found: dict[str, ModuleType] = {}
    for module in iter_modules(endpoints.__path__):
        endpoint = import_module(f"server.endpoints.{module.name}")
        found |= dict.fromkeys(endpoint.PATHS, endpoint)
    return found
