"""What one client takes does not keep the others from theirs, and comes back as time goes by."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from server import allowance
from server.allowance import Allowance, is_of_this_machine
from server.problems import Problem
from tests.helpers import serving

ONE, OTHER = "192.0.2.1", "2001:db8::1"
ENDLESS = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spend(
    given: Allowance, clock: Clock, seconds: float, client: str = ONE, at_a_time: int = 1
) -> None:
    """Have queries evaluated that take so long each."""
    with ExitStack() as running:
        for _ in range(at_a_time):
            running.enter_context(given.spending(client))
        clock.now += seconds


def refused(given: Allowance, client: str = ONE) -> Problem:
    with pytest.raises(Problem) as caught, given.spending(client):
        pass
    return caught.value


def test_a_client_that_has_spent_its_seconds_is_told_when_to_come_again(clock: Clock) -> None:
    given = Allowance(30, 0, clock)
    spend(given, clock, 15, at_a_time=4)
    problem = refused(given)

    assert (problem.status, problem.kind) == (429, "allowance")
    assert problem.extra == {"limit": "30 s of evaluation a minute"}
    # Of 60 s there are 22.5 too many, 7.5 have come back: in twice as long they have too.
    assert problem.headers == {"Retry-After": "46"}
    assert problem.headers["Retry-After"] in problem.detail


@pytest.mark.parametrize(("seconds", "taken"), [(30, 31), (60, 40), (1, 3600), (0.5, 0.3)])
def test_who_waits_as_long_as_told_is_answered(clock: Clock, seconds: float, taken: float) -> None:
    given = Allowance(seconds, 0, clock)
    spend(given, clock, taken, at_a_time=3)
    wait = int(refused(given).headers["Retry-After"])
    clock.now += wait

    spend(given, clock, 0)


def test_seconds_come_back_evenly_and_are_not_saved_up(clock: Clock) -> None:
    given = Allowance(30, 0, clock)
    spend(given, clock, 0)
    clock.now += 3600  # an hour in which nothing is asked gives no more than a minute does
    spend(given, clock, 15, at_a_time=4)
    clock.now += 44
    refused(given)
    clock.now += 2

    spend(given, clock, 0)


def test_a_refusal_costs_nothing(clock: Clock) -> None:
    given = Allowance(30, 0, clock)
    spend(given, clock, 15, at_a_time=3)
    waits = {refused(given).headers["Retry-After"] for _ in range(100)}

    assert waits == {"16"}


def test_one_query_after_another_never_takes_more_than_a_minute_has(clock: Clock) -> None:
    given = Allowance(60, 0, clock)
    for _ in range(100):
        spend(given, clock, 10)


def test_what_one_client_spends_no_other_pays(clock: Clock) -> None:
    given = Allowance(30, 1, clock)
    spend(given, clock, 120)
    refused(given)
    with given.spending(OTHER):
        spend(given, clock, 1, "192.0.2.2")
        refused(given, OTHER)


def test_a_client_has_so_many_queries_at_a_time(clock: Clock) -> None:
    given = Allowance(0, 2, clock)
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(given.spending(ONE))
        problem = refused(given)
    spend(given, clock, 3600)
    spend(given, clock, 0)

    assert (problem.status, problem.extra) == (429, {"limit": "2 queries at a time"})
    assert problem.headers == {"Retry-After": "1"}


def test_a_query_that_fails_has_taken_its_time_and_is_over(clock: Clock) -> None:
    given = Allowance(30, 1, clock)
    with suppress(TimeoutError), given.spending(ONE):
        clock.now += 90
        raise TimeoutError
    assert "30 s" in refused(given).detail
    clock.now += 60

    spend(given, clock, 0)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.1.2.3", "::1", ""])
def test_this_machine_has_no_limit(clock: Clock, client: str) -> None:
    given = Allowance(1, 1, clock)
    spend(given, clock, 3600, client)
    with given.spending(client):
        spend(given, clock, 3600, client)


@pytest.mark.parametrize("client", [ONE, OTHER, "localhost", "127.0.0.1, 192.0.2.1", "unknown"])
def test_what_only_looks_like_this_machine_has_one(clock: Clock, client: str) -> None:
    given = Allowance(1, 0, clock)
    spend(given, clock, 2, client)

    assert not is_of_this_machine(client)
    assert refused(given, client).status == 429


def test_without_limits_nothing_is_counted(clock: Clock) -> None:
    given = Allowance(0, 0, clock)
    spend(given, clock, 3600)
    with given.spending(ONE):
        spend(given, clock, 3600)


def test_of_many_clients_those_are_forgotten_that_asked_longest_ago(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "_MOST_CLIENTS", 3)
    given = Allowance(1, 0, clock)
    for number in range(4):
        spend(given, clock, 10, f"192.0.2.{number}")

    assert [refused(given, f"192.0.2.{number}").status for number in (1, 2, 3)] == [429] * 3
    spend(given, clock, 0, "192.0.2.0")


@pytest.fixture(scope="module")
def server(build: Path) -> Iterator[str]:
    """The address of a server behind a proxy, which gives each client little."""
    options = ("--build", str(build), "--no-log", "--proxy", "127.0.0.1", "--workers", "1")
    with serving(*options, "--seconds", "0.6", "--client-seconds", "0.5") as (_, address):
        yield urlsplit(address).netloc


def ask(server: str, client: str, query: str) -> tuple[int, dict[str, str], dict[str, object]]:
    with closing(HTTPConnection(server, timeout=10)) as connection:
        headers = {"X-Forwarded-For": client} if client else {}
        connection.request("GET", f"/sparql?query={query}", headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), json.loads(answer.read())


@pytest.mark.slow
def test_a_client_of_a_server_that_has_spent_its_share_is_refused_and_others_are_not(
    server: str,
) -> None:
    late, _, _ = ask(server, ONE, ENDLESS)
    status, headers, problem = ask(server, f"{OTHER}, {ONE}", "ASK{?s%20?p%20?o}")
    answered = [ask(server, client, "ASK{?s%20?p%20?o}")[0] for client in (OTHER, "192.0.2.2")]

    assert (late, status) == (504, 429)
    assert int({name.lower(): value for name, value in headers.items()}["retry-after"]) >= 1
    assert problem["limit"] == "0.5 s of evaluation a minute"
    assert answered == [200, 200]


@pytest.mark.slow
def test_a_client_of_this_machine_is_never_refused(server: str) -> None:
    statuses = [ask(server, "", ENDLESS + f"%23{number}")[0] for number in range(2)]

    assert statuses == [504, 504]
    assert ask(server, "", "ASK{?s%20?p%20?o}%23own")[0] == 200
