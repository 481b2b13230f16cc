"""The one shape of an error: a problem for programs, a page for people who asked for one.

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from kg import errors
from kg.terms import BASE

JSON, _PAGE = "application/problem+json", "text/html"


class Problem(Exception):
    """A request that is refused.

    Attributes:
        status: of the answer.
        kind: where the type of the problem ends.
        detail: what is wrong and what to do.
        extra: members of the problem besides, such as the limit that was hit.
        headers: of the answer besides.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        extra: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    @property
    def document(self) -> bytes:
        """Return the problem as JSON."""
        about = {
            "type": f"{BASE}problem/{self.kind}",
            "title": self.status.phrase.lower(),
            "status": self.status.value,
            "detail": self.detail,
            **self.extra,
        }
        return (json.dumps(about, ensure_ascii=False) + "\n").encode()


STATUS: dict[type[errors.KgError], tuple[HTTPStatus, str]] = {
    errors.BadDate: (HTTPStatus.INTERNAL_SERVER_ERROR, "date"),
    errors.BadQuery: (HTTPStatus.BAD_REQUEST, "query"),
    errors.QueryTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "query-size"),
    errors.QueryTooComplex: (HTTPStatus.UNPROCESSABLE_ENTITY, "query-complexity"),
    errors.Outbound: (HTTPStatus.BAD_REQUEST, "outbound"),
    errors.ProtectedGraph: (HTTPStatus.FORBIDDEN, "protected-graph"),
    errors.BadQuote: (HTTPStatus.INTERNAL_SERVER_ERROR, "quote"),
    errors.BrokenSyntax: (HTTPStatus.INTERNAL_SERVER_ERROR, "syntax"),
    errors.CannotWrite: (HTTPStatus.INTERNAL_SERVER_ERROR, "writing"),
    errors.FaultyMapping: (HTTPStatus.INTERNAL_SERVER_ERROR, "mapping"),
    errors.NoGraph: (HTTPStatus.SERVICE_UNAVAILABLE, "no-graph"),
    errors.UnknownName: (HTTPStatus.NOT_FOUND, "unknown"),
    errors.UnreadableInput: (HTTPStatus.INTERNAL_SERVER_ERROR, "input"),
}
_TOLD = {  # where the framework's own words are too long or too vague
    HTTPStatus.NOT_FOUND: "there is no page {path} here",
    HTTPStatus.METHOD_NOT_ALLOWED: "{path} is not asked in this way; the header Allow says how",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is longer than this server reads",
}


def told(error: errors.KgError) -> Problem:
    """Return an error of ours as the refusal of a request."""
    status, kind = STATUS[type(error)]
    extra = {}
    if isinstance(error, errors.BadQuery) and error.line:
        extra = {"line": error.line, "column": error.column}
    return Problem(status, kind, error.message + (f"; {error.hint}" if error.hint else ""), extra)


def of_error(error: errors.KgError) -> Response:
    """Return the answer to an error of ours."""
    return of_problem(told(error))


def of_http(error: HTTPException) -> Response:
    """Return the answer to an error of HTTP: no such page, no such method, too large."""
    status = HTTPStatus(error.code or 500)
    detail = _TOLD.get(status, error.description or "").format(path=request.path)
    answer = of_problem(Problem(status, error.name.lower().replace(" ", "-"), detail))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def of_problem(problem: Problem) -> Response:
    """Return a refusal: a page if the request prefers HTML, else application/problem+json."""
    headers = {"Vary": "Accept", **problem.headers}
    if request.accept_mimetypes.best_match([JSON, _PAGE]) == _PAGE:
        page = render_template("problem.html", status=problem.status, detail=problem.detail)
        return Response(page, problem.status, headers, mimetype=_PAGE)
    return Response(problem.document, problem.status, headers, mimetype=JSON)
