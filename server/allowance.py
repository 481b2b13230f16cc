"""What one client may take, so that the others have their share.

A client is an address. It has so many seconds of evaluation in a minute, which come back as time
goes by, and so many queries at a time. This machine's own addresses have no limit.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from server.problems import Problem

_MINUTE = 60.0
_UNLIMITED = nullcontext()
_MOST_CLIENTS = 10_000  # that are remembered: some 2 MB


@dataclass(slots=True)
class _Account:
    spent: float = 0.0
    at: float = 0.0
    running: int = 0


class Allowance:
    """What each client has taken.

    Attributes:
        seconds: of evaluation a minute; 0 for no limit.
        queries: at a time; 0 for no limit.
    """

    def __init__(
        self, seconds: float, queries: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self.queries = queries
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def spending(self, client: str) -> AbstractContextManager[None]:
        """Return the context whose time is counted on a client's account.

        Raises, when entered: Problem, if the client has no allowance left.
        """
        if not (self.seconds or self.queries) or is_of_this_machine(client):
            return _UNLIMITED
        return self._spending(client)

    @contextmanager
    def _spending(self, client: str) -> Iterator[None]:
        account = self._account(client)
        if self.queries and account.running >= self.queries:
            raise _spent(f"{self.queries} queries at a time", 1)
        if self.seconds and account.spent >= self.seconds:
            wait = (account.spent - self.seconds) * _MINUTE / self.seconds
            raise _spent(f"{self.seconds:g} s of evaluation a minute", 1 + int(wait))
        account.running += 1
        started = self._clock()
        try:
            yield
        finally:
            account.running -= 1
            account.spent += self._clock() - started

    def _account(self, client: str) -> _Account:
        """Return the account of a client, with what has come back to it by now."""
        now = self._clock()
        account = self._accounts.setdefault(client, _Account(at=now))
        self._accounts.move_to_end(client)
        account.spent = max(0.0, account.spent - (now - account.at) * self.seconds / _MINUTE)
        account.at = now
        while len(self._accounts) > _MOST_CLIENTS:
            self._accounts.popitem(last=False)
        return account


@lru_cache(maxsize=1024)  # to read an address takes longer than all else here
def is_of_this_machine(client: str) -> bool:
    """Return whether an address is the loopback one; an empty one, of a socket file, is too."""
    try:
        return not client or ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


def _spent(limit: str, wait: int) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "allowance",
        f"a client has {limit}, and yours is used up; ask again in {wait} s",
        {"limit": limit},
        {"Retry-After": str(wait)},
    )
