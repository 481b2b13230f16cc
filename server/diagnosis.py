"""Why a query has no answer, in the words of the page: a mistake, a limit, a part of no match."""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from kg.errors import BadQuery, KgError, Outbound, QueryTooComplex, QueryTooLarge
from kg.patterns import Part, apart, asking, parts
from kg.positions import tokens
from kg.questions import Question
from kg.words import has, say
from server import problems
from server.problems import Problem

_KINDS: tuple[tuple[type[BadQuery], str], ...] = (
    (QueryTooLarge, "too-large"),
    (QueryTooComplex, "too-complex"),
    (Outbound, "outbound"),
)
_NAME = re.compile(r"(?:cas|id):.+")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A query that cannot be answered as it stands.

    Attributes:
        says: what is wrong, in the language of the page.
        line: where, from 1; 0 if that is not known.
        column: of the place.
        written: that line of the query.
        advice: what to do besides; may be empty.
        details: what the engine and the endpoint say of it, in English.
        problem: the answer of the endpoint, with its status.
    """

    says: str
    line: int
    column: int
    written: str
    advice: str
    details: tuple[str, ...]
    problem: Problem


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why nothing matches a query that is right.

    Attributes:
        part: the first that nothing matches; None if all are matched, or it took too long to tell.
        before: whether parts stand before it, which are matched.
        whole: whether all parts are matched together.
    """

    part: Part | None
    before: bool
    whole: bool


def of_error(query: str, error: BadQuery, language: str) -> Mistake:
    """Return what is wrong with a query."""
    kind, names = error.why
    kind = kind or next((word for each, word in _KINDS if isinstance(error, each)), "")
    if not kind:
        kind = "unreadable" if error.engine else "refused"
    lines = query.split("\n")
    details = (error.message, error.hint, error.engine)
    return Mistake(
        say(language, f"page/mistake-{kind}", **names),
        error.line,
        error.column,
        lines[error.line - 1] if 0 < error.line <= len(lines) else "",
        "",
        tuple(filter(None, details)),
        problems.told(error),
    )


def of_problem(query: str, problem: Problem, language: str) -> Mistake:
    """Return which limit ended an evaluation, and what to narrow."""
    limit = str(problem.extra.get("limit", ""))
    wait = problem.headers.get("Retry-After", "")
    key = f"page/limit-{problem.kind}"
    known = has(language, key)
    says = say(language, key if known else "page/limit", limit=limit, wait=wait)
    untied = apart(parts(query)) if limit else None
    advice = ""
    if untied:
        advice = say(language, "page/untied", one=untied[0].text, other=untied[1].text)
    return Mistake(says, 0, 0, "", advice, (problem.detail,), problem)


def of_nothing(query: str, holds: Callable[[str], bool]) -> Nothing:
    """Return which part of a query's pattern nothing matches, of those before which all match.

    `holds` evaluates an ASK; it may raise what a service raises.
    """
    found = parts(query)

    def fails(at: int) -> bool:
        try:
            return not holds(asking(query, found[: at + 1]))
        except KgError:
            return False  # cut where no part ends: the next one tells

    try:
        at = bisect_left(range(len(found)), True, key=fails)  # noqa: FBT003 what is looked for
    except Problem:
        return Nothing(None, before=False, whole=False)
    if at == len(found):
        return Nothing(None, before=True, whole=bool(found))
    return Nothing(found[at], before=at > 0, whole=False)


def nearest(query: str, known: list[Question]) -> Question | None:
    """Return the question whose query has the most terms in common with another, if any has."""
    own = _names(query)
    shared = {
        question.name: len(own & _names(question.query)) / len(own | _names(question.query))
        for question in known
        if own
    }
    best = max(shared, key=lambda name: (shared[name], name), default="")
    return next((each for each in known if each.name == best and shared[best]), None)


def _names(query: str) -> frozenset[str]:
    """Return the terms and things that a query names."""
    found = (token.text for token in tokens(query) if token.kind == "name")
    return frozenset(name for name in found if _NAME.fullmatch(name))
