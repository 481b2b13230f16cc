"""The one shape of an error: a problem for programs, a page for people who asked for one.

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
from http import HTTPStatus

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from kg import errors
from kg.terms import BASE

_JSON, _PAGE = "application/problem+json", "text/html"
STATUS: dict[type[errors.KgError], tuple[HTTPStatus, str]] = {
    errors.BadDate: (HTTPStatus.INTERNAL_SERVER_ERROR, "date"),
    errors.BadQuery: (HTTPStatus.BAD_REQUEST, "query"),
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


def of_error(error: errors.KgError) -> Response:
    """Return the answer to an error of ours."""
    status, kind = STATUS[type(error)]
    extra = {}
    if isinstance(error, errors.BadQuery) and error.line:
        extra = {"line": error.line, "column": error.column}
    detail = error.message + (f"; {error.hint}" if error.hint else "")
    return problem(status, kind, detail, extra)


def of_http(error: HTTPException) -> Response:
    """Return the answer to an error of HTTP: no such page, no such method, too large."""
    status = HTTPStatus(error.code or 500)
    told = _TOLD.get(status, error.description or "").format(path=request.path)
    answer = problem(status, error.name.lower().replace(" ", "-"), told)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def problem(
    status: HTTPStatus, kind: str, detail: str, extra: dict[str, int] | None = None
) -> Response:
    """Return an error: a page if the request prefers HTML, else application/problem+json."""
    headers = {"Vary": "Accept"}
    if request.accept_mimetypes.best_match([_JSON, _PAGE]) == _PAGE:
        page = render_template("problem.html", status=status, detail=detail)
        return Response(page, status, headers, mimetype=_PAGE)
    about = {
        "type": f"{BASE}problem/{kind}",
        "title": status.phrase.lower(),
        "status": status.value,
        "detail": detail,
        **(extra or {}),
    }
    body = json.dumps(about, ensure_ascii=False) + "\n"
    return Response(body, status, headers, mimetype=_JSON)
