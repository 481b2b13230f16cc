"""Answers that are kept, so that who asks the same again has them at once."""

from collections import OrderedDict
from typing import Any, NamedTuple

from server.exchange import Headers

_LARGEST = 1_000_000  # bytes of an answer that is kept: larger ones would drive out too many
_BESIDES = 1000  # bytes that an answer takes beside its body: most are small, and these are more


class Answer(NamedTuple):
    """A whole answer, ready to be sent."""

    headers: Headers
    body: bytes
    rows: int


class Kept:
    """The answers that were asked for last, up to a number of bytes in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        # Plain tuples of bytes: the collector of cycles soon leaves them alone. Anything else it
        # would look through time after time, tens of thousands at once.
        self._answers: OrderedDict[bytes, tuple[Any, ...]] = OrderedDict()

    def get(self, key: bytes) -> Answer | None:
        """Return the answer that is kept under a key."""
        found = self._answers.get(key)
        if not found:
            return None
        self._answers.move_to_end(key)
        headers, body, rows = found
        return Answer(list(headers), body, rows)

    def keep(self, key: bytes, answer: Answer) -> None:
        """Keep an answer, unless it is large; those that no one asked for longest give way."""
        size = len(answer.body) + _BESIDES
        if size > min(_LARGEST, self._most) or key in self._answers:
            return
        self._answers[key] = (tuple(answer.headers), answer.body, answer.rows)
        self._bytes += size
        while self._bytes > self._most:
            _, (_, dropped, _) = self._answers.popitem(last=False)
            self._bytes -= len(dropped) + _BESIDES
