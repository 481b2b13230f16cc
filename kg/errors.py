"""What can go wrong, in one tree, and what is merely found.

An error ends what was asked; a finding is a result like any other.

    KgError
    ├── UnreadableInput    a file is missing, is no file, or is not UTF-8
    ├── BrokenSyntax       a file is not the Turtle, TriG or rule that its name promises
    ├── BadDate            an EDTF date that has no bounds
    ├── BadQuote           words that are not in the text, or are there more than once
    ├── BadQuery           a query that is not SPARQL, or cannot be evaluated
    │   ├── QueryTooLarge      more text than is read
    │   ├── QueryTooComplex    it nests or joins more than is evaluated
    │   ├── Outbound           it asks or loads from a host that is not allowed
    │   └── ProtectedGraph     it may write to a graph that only a build writes
    ├── UnknownName        a question, form or option value that is not there
    ├── FaultyMapping      a build refused, because its input has findings of severity "error"
    ├── NoGraph            nothing is built yet, or what was built cannot be opened
    └── CannotWrite        a folder or port that cannot be used
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file.

    Attributes:
        path: the file, as the user named it.
        line: counted from 1; 0 for the file as a whole.
    """

    path: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}" if self.line else str(shown(self.path))


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found in the data: data itself, collected and never raised.

    Attributes:
        severity: "error" where no graph can be built on it, else "warning".
        code: the check that found it, or the shape, compact.
        place: where to mend it.
        message: what is wrong, lower case.
        hint: what to do, or empty.
    """

    severity: Severity
    code: str
    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return _sentence(self.message, self.place, self.hint, f" [{self.severity}: {self.code}]")

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return the finding as an object for JSON, its path relative to a folder."""
        path = self.place.path.relative_to(folder).as_posix()
        return {**asdict(self), "place": [path, self.place.line]}

    @classmethod
    def of_json(cls, written: Mapping[str, Any], folder: Path) -> Self:
        """Return the finding that was written as an object."""
        path, line = written["place"]
        return cls(**{**written, "place": Place(folder / path, line)})


class KgError(Exception):
    """What is wrong, where, and what to do.

    >>> raise KgError("cas:signdBy is not declared", Place(Path("map.trig"), 12),
    ...               "did you mean cas:signedBy?")
    Traceback (most recent call last):
    ...
    kg.errors.KgError: map.trig:12: cas:signdBy is not declared
      hint: did you mean cas:signedBy?
    """

    def __init__(self, message: str, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return _sentence(self.message, self.place, self.hint)


class UnreadableInput(KgError):
    """A file is missing, is no file, or is not UTF-8."""


class BrokenSyntax(KgError):
    """A file is not the Turtle, TriG or rule that its name promises."""


class BadDate(KgError):
    """An EDTF date that has no bounds."""


class BadQuote(KgError):
    """Words that are not in the text, or are there more than once."""


class BadQuery(KgError):
    """A query that is not SPARQL, or cannot be evaluated.

    Attributes:
        line: counted from 1; 0 where the engine tells no position.
        column: counted from 1, in code points.
        why: which mistake it is, and the names in it, for who tells it in other words; or empty.
        engine: what the engine itself says of it, or empty.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column
        self.why: tuple[str, Mapping[str, str]] = ("", {})
        self.engine = ""


class QueryTooLarge(BadQuery):
    """More text than is read."""


class QueryTooComplex(BadQuery):
    """A query that nests or joins more than is evaluated."""


class Outbound(BadQuery):
    """A query or update that asks or loads from a host that is not allowed."""


class ProtectedGraph(BadQuery):
    """An update that may write to a graph that only a build writes."""


class UnknownName(KgError):
    """A question, form or option value that is not there."""


class FaultyMapping(KgError):
    """A build refused, because its input has findings of severity "error".

    Attributes:
        findings: all of them, in the order of their places.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        number = sum(f.severity == "error" for f in findings)
        hint = f"mend {'it' if number == 1 else 'them'}, then build again"
        super().__init__(f"{count(number, 'fault')} in the mapping", hint=hint)
        self.findings = findings


class NoGraph(KgError):
    """Nothing is built yet, or what was built cannot be opened."""


class CannotWrite(KgError):
    """A folder or port that cannot be used."""


def count(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural where it must be.

    >>> count(1, "claim"), count(1234, "claim")
    ('1 claim', '1,234 claims')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, or an empty string where none is near.

    >>> did_you_mean("cas:signdBy", ["cas:signedBy", "cas:office"])
    'did you mean cas:signedBy?'
    """
    nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {nearest[0]}?" if nearest else ""


def shown(path: Path) -> Path:
    """Return the path as a user would type it: relative to the current folder if below it."""
    current = Path.cwd()
    return path.relative_to(current) if path.is_relative_to(current) else path


def _sentence(message: str, place: Place | None, hint: str, suffix: str = "") -> str:
    where = f"{place}: " if place else ""
    return f"{where}{message}{suffix}" + (f"\n  hint: {hint}" if hint else "")
