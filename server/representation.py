"""Answers that are made once a build, told apart by their bytes, and sent only if changed."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from flask import Response, current_app, request

from kg.formats import Form
from server import negotiate
from server.state import served

T = TypeVar("T")
_LONGEST_ACCEPT = 4096  # characters that are read; no client that means it sends more


def wanted(forms: Sequence[Form[Any]]) -> Form[Any]:
    """Return the form that the request names, or that its header Accept wants most.

    Raises: BadQuery, if there is no such form; Problem, if none of the forms is acceptable.
    """
    accept = request.headers.get("Accept", "")[:_LONGEST_ACCEPT]
    return negotiate.wanted(request.args.get("format", ""), accept, forms)


def tag(answer: Response, name: str) -> None:
    """Tell clients by what an answer is known, so that they can ask whether it changed."""
    answer.set_etag(name)
    answer.last_modified = served().modified
    answer.headers["Cache-Control"] = "public, max-age=0, must-revalidate"  # else none would ask
    answer.headers["Access-Control-Expose-Headers"] = "Link, ETag, Location"


def of(body: bytes, content_type: str) -> Response:
    """Return the answer with its ETag, or that the client has it already."""
    answer = Response(body, content_type=content_type)
    tag(answer, sha256(body).hexdigest()[:20])
    answer.make_conditional(request)
    answer.headers.pop("Date", None)  # it sets one, and so does the server
    return answer


def kept(name: str, key: object, make: Callable[[], T]) -> T:
    """Return what was made under a name for a key; for another key it is made anew."""
    everything = current_app.extensions.setdefault("representations", {})
    if name not in everything or everything[name][0] != key:
        everything[name] = key, make()
    found: T = everything[name][1]
    return found
