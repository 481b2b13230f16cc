"""Answers that are made once a build, told apart by their bytes, and sent only if changed."""

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from flask import Response, current_app, request

from server.state import served

T = TypeVar("T")
# What may be cached is asked for anew each time, which costs 304.
_FRESH = "public, max-age=0, must-revalidate"


def of(body: bytes, content_type: str) -> Response:
    """Return the answer with its ETag, or that the client has it already."""
    answer = Response(body, content_type=content_type)
    answer.set_etag(sha256(body).hexdigest()[:20])
    answer.last_modified = served().modified
    answer.headers["Cache-Control"] = _FRESH
    answer.headers["Access-Control-Expose-Headers"] = "Link, ETag, Location"
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
