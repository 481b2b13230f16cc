"""The application: every blueprint of routes/, one error shape, the headers of every answer."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import a2wsgi
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from kg import words
from kg.errors import KgError
from server import anchors, documents, layout, problems, routes
from server.entrances import Entrances
from server.exchange import Message, Receive, Send
from server.problems import Problem
from server.service import Service
from server.settings import Config
from server.state import Served

_FONTS = "/static/vendor/fonts/fonts.css"


def create_app(config: Config, service: Service | None = None) -> Flask:
    """Return the application that serves the built graph, pages and endpoints.

    Under an ASGI server the endpoints are answered before they come here, by the service that is
    given; under a WSGI server the application has one of its own, with the same endpoints.

    Raises: NoGraph, if nothing is built in the folder.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.longest_body
    app.jinja_env.globals.update(
        say=words.say,
        address=documents.address,
        part=layout.part,
        piece=layout.piece,
        href=anchors.href,
        named=anchors.named,
        term=anchors.term,
        linked=anchors.linked,
        basis=anchors.basis,
        leaf=anchors.leaf,
        ruled=anchors.ruled,
    )
    app.jinja_env.filters["number"] = lambda value, language: words.number(language, value)
    app.context_processor(layout.around)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    served = Served(config, service)
    app.extensions["cassibile"] = served
    for module in iter_modules(routes.__path__):
        app.register_blueprint(import_module(f"server.routes.{module.name}").bp)
    app.register_error_handler(KgError, problems.of_error)
    app.register_error_handler(Problem, problems.of_problem)
    app.register_error_handler(HTTPException, problems.of_http)
    app.register_error_handler(Exception, lambda error: _bug(app, error))
    app.after_request(_with_headers)
    if service is None:
        app.wsgi_app = _Endpoints(app.wsgi_app, served)  # type: ignore[method-assign]
    return app


class _Endpoints:
    """WSGI: the endpoints, and for all other paths the pages."""

    def __init__(self, pages: Any, served: Served) -> None:
        self._pages = pages
        self._served = served
        self._entrances = Entrances(served.service)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        endpoint = self._entrances.find(environ["PATH_INFO"])
        if not endpoint:
            answered: Iterable[bytes] = self._pages(environ, start_response)
            return answered
        return self._answered(endpoint, environ, start_response)

    def _answered(
        self, endpoint: ModuleType, environ: Any, start_response: Any
    ) -> Iterator[bytes]:
        """Yield an answer; whoever stops reading ends its task, which a2wsgi leaves behind."""
        loop = self._served.loop
        tasks: list[asyncio.Task[Any] | None] = []

        async def answering(scope: Message, receive: Receive, send: Send) -> None:
            tasks.append(asyncio.current_task())
            await self._entrances.answer(endpoint, scope, receive, send)

        try:
            bridge = a2wsgi.ASGIMiddleware(answering, loop=loop)  # type: ignore[arg-type]
            yield from bridge(environ, start_response)
        finally:
            with suppress(RuntimeError):  # the loop is closed, and the task with it
                loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks if task])


def _bug(app: Flask, error: Exception) -> Response:
    """Answer a fault of ours: the trace goes to the log, never to the client."""
    app.logger.error("a request failed", exc_info=error)
    return problems.of_http(InternalServerError("the server has a fault; it is in its log"))


def _with_headers(response: Response) -> Response:
    response.headers.setdefault("Access-Control-Allow-Origin", "*")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Content-Security-Policy", layout.policy())
    response.headers.pop("Date", None)  # the server of HTTP adds one, and 304 has one by then
    if request.path == _FONTS:
        # Chromium keeps a style sheet together with the fonts that it loaded by it, and says on
        # the next page of those that are preloaded that nothing uses them.
        response.headers["Cache-Control"] = "no-store"
    if request.method == "OPTIONS":
        response.status_code = HTTPStatus.NO_CONTENT
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET")
        response.headers["Access-Control-Allow-Headers"] = "accept, content-type, if-none-match"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
