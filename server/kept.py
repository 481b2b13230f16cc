"""Answers that are kept, so that who asks the same again has them at once."""

from collections import OrderedDict
from typing import NamedTuple

from server.exchange import Headers

_LARGEST = 1_000_000  # bytes of an answer that is kept: larger ones would drive out too many


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
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()

    def get(self, key: bytes) -> Answer | None:
        """Return the answer that is kept under a key."""
        found = self._answers.get(key)
        if found:
            self._answers.move_to_end(key)
        return found

    def keep(self, key: bytes, answer: Answer) -> None:
        """Keep an answer, unless it is large; those that no one asked for longest give way."""
        size = len(answer.body)
        if size > min(_LARGEST, self._most) or key in self._answers:
            return
        self._answers[key] = answer
        self._bytes += size
        while self._bytes > self._most:
            _, dropped = self._answers.popitem(last=False)
            self._bytes -= len(dropped.body)
