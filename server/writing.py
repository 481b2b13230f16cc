"""Who may write, and what a client is told of a write that was not done."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from server import dataset
from server.exchange import Exchange
from server.problems import Problem
from server.service import Service

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="writing"'}


def authorise(exchange: Exchange, service: Service) -> None:
    """Make sure that a client may write.

    Raises: Problem, 403 if no one may, 401 without the token or with a wrong one.
    """
    token = service.config.token
    if not token or not service.dataset.writable:
        detail = "this copy is read-only; whoever runs it can turn writing on: kg serve --token"
        raise Problem(HTTPStatus.FORBIDDEN, "read-only", detail)
    scheme, _, given = exchange.header(b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        given.strip().encode(), token.encode()
    ):
        detail = "writing needs the token of this copy: Authorization: Bearer …"
        raise Problem(HTTPStatus.UNAUTHORIZED, "token", detail, headers=_CHALLENGE)


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell what a write is refused for as a problem."""
    try:
        yield
    except dataset.WriteRefused as error:
        raise _told(error) from error


def _told(error: dataset.WriteRefused) -> Problem:
    detail = str(error)
    match error:
        case dataset.NotWritable():
            return Problem(HTTPStatus.FORBIDDEN, "read-only", detail)
        case dataset.ProtectedGraph():
            return Problem(HTTPStatus.FORBIDDEN, "protected-graph", detail)
        case dataset.Overdue():
            wait = str(max(1, round(error.retry_after)))
            headers = {"Retry-After": wait}
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "overload", detail, headers=headers)
        case dataset.WriteTooLong():
            limit = {"limit": f"{error.seconds:g} s"}
            return Problem(HTTPStatus.GATEWAY_TIMEOUT, "write-time", detail, limit)
        case dataset.WriterDied():
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "write-memory", detail)
        case dataset.BrokenContent():
            place = {"line": error.line, "column": error.column} if error.line else {}
            return Problem(HTTPStatus.BAD_REQUEST, "content", detail, place)
        case dataset.WriteFailed():
            return Problem(HTTPStatus.BAD_REQUEST, "write", detail)
        case _:
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "store", detail)
