"""Answers that are kept, so that who asks the same again has them at once."""

import marshal
from collections import OrderedDict
from typing import NamedTuple

from server.exchange import Headers

_LARGEST = 1_000_000  # bytes of an answer that is kept: larger ones would drive out too many
_BESIDES = 200  # bytes that its place and its key take: most answers are small


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
        # As bytes, which the collector of cycles does not know of: anything else it would look
        # through, tens of thousands at once, and no request is served for 20 ms.
        self._answers: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, key: bytes) -> Answer | None:
        """Return the answer that is kept under a key."""
        found = self._answers.get(key)
        if not found:
            return None
        self._answers.move_to_end(key)
        return Answer(*marshal.loads(found))  # noqa: S302 what `keep` has written

    def keep(self, key: bytes, answer: Answer) -> None:
        """Keep an answer, unless it is large; those that no one asked for longest give way."""
        size = len(answer.body) + _BESIDES
        if size > min(_LARGEST, self._most) or key in self._answers:
            return
        self._answers[key] = kept = marshal.dumps(tuple(answer))
        self._bytes += len(kept) + _BESIDES
        while self._bytes > self._most:
            _, dropped = self._answers.popitem(last=False)
            self._bytes -= len(dropped) + _BESIDES
