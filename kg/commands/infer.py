"""`kg infer`."""

import gzip
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from itertools import count as numbers
from pathlib import Path
from time import perf_counter
from typing import IO, cast

import click
import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from kg import formats
from kg.errors import CannotWrite, KgError, Place, UnknownName, UnreadableInput, count, shown
from kg.formats import Form
from kg.proof.derivation import Contradiction
from kg.reason import Closure, close
from kg.reason.codes import Array, Term
from kg.rules import Rule, read_rule
from kg.terms import OWL, PREFIXES, shorten

Rows = NDArray[np.int32]  # triples in codes: subject, predicate, object

_MOST = 50_000_000  # triples to write: 600 MB of codes, and some 5 GB of N-Triples
_TOLD = 20  # contradictions in full
_COUNTED = 10_000  # contradictions counted after those: each takes time to put together
_AT_ONCE = 50_000  # triples between two progress lines, and lines of one write
_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")
_STDOUT = Path("-")
_PREFIXES = {name: PREFIXES[name] for name in ("owl", "rdf", "rdfs", "xsd")}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="File to write, in the syntax of its suffix; - is standard output.",
)
@click.option(
    "--rules",
    "places",
    multiple=True,
    metavar="FILE_OR_FOLDER",
    type=click.Path(path_type=Path),
    help="Rule file, or folder of them, to reason with besides OWL 2 RL; repeatable.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([syntax.name for syntax in formats.RDF_SYNTAXES]),
    help="Syntax to write.  [default: that of the suffix; on standard output ntriples]",
)
@click.option("--derived-only", is_flag=True, help="Write what follows without what is stated.")
@click.option(
    "--representatives",
    is_flag=True,
    help="Write equal terms under one name, with one owl:sameAs for each other name.",
)
@click.option(
    "--trivial",
    is_flag=True,
    help="Also what says nothing: reflexive owl:sameAs, axioms of the vocabulary.",
)
def command(
    files: tuple[Path, ...],
    out: Path,
    places: tuple[Path, ...],
    form: str | None,
    *,
    derived_only: bool,
    representatives: bool,
    trivial: bool,
) -> None:
    r"""Close RDF files under OWL 2 RL, and under rule files.

    \b
      kg infer family.ttl people.nt.gz -o closed.nt   what they state, and what follows
      kg infer data.ttl -o new.ttl --derived-only     what follows
      kg infer data.ttl --rules my/rules -o -         on standard output

    All files are one graph: triples in named graphs (TriG, N-Quads) are merged with the others.
    A file may be packed (.gz). Counts, seconds and contradictions are told on standard error.

    Exit status: 0 done, 1 the closure is contradictory, 2 a wrong request or input.
    """
    if derived_only and representatives:
        raise click.UsageError("give --derived-only or --representatives, not both")
    syntax = _syntax(out, form)
    streams = [(path, formats.iterate(path)) for path in files]
    rules = [rule for place in places for rule in _rules(place)]
    told = _Told()
    with _writing(out) as file:
        closure = close(_read(streams, rules, told), rules, trivial=trivial)
        told.step(f"closed in {count(closure.rounds, 'round')}")
        contradictions = list(islice(closure.contradictions(), _TOLD + _COUNTED + 1))
        told.step("looked for contradictions")
        terms = _relabelled(closure.terms)
        if representatives:
            rows = _on_representatives(closure)
            what = f"{count(len(rows), 'triple')} on representatives"
        else:
            _check_size(closure)
            rows, derived = _expanded(closure, derived_only=derived_only)
            what = f"{count(len(rows), 'triple')}, of which {derived:,} derived"
        _write(rows, terms, syntax, file)
    told.step(f"wrote {what}")
    if contradictions:
        told.contradictions(contradictions, dict(zip(closure.terms, terms, strict=True)))
        sys.exit(1)


class _Told:
    """What is told on stderr: each step with its seconds, and in a terminal how far it is."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._clear = "\r\033[K" if sys.stderr.isatty() else ""

    def progress(self, doing: str, *, often: bool = False) -> None:
        """Tell what is being done; what changes often only where it replaces the line before."""
        if self._clear or not often:
            click.echo(f"{self._clear}{doing} …", err=True, nl=not self._clear)

    def step(self, done: str) -> None:
        """Tell what was done since the step before."""
        now = perf_counter()
        click.echo(f"{self._clear}{done}: {now - self._started:.2f} s", err=True)
        self._started = now

    def contradictions(self, found: Sequence[Contradiction], names: dict[Term, Term]) -> None:
        """Tell the first ones with their premises, and how many more there are."""
        for each in found[:_TOLD]:
            triples = (
                " ".join(_said(names[cast("Term", term)]) for term in t) for t in each.premises
            )
            parts = [*filter(None, [each.detail]), *triples]
            click.echo(f"contradiction by {each.rule}: {' . '.join(parts)}", err=True)
        more = len(found) - _TOLD
        if more > 0:
            many = f"more than {_COUNTED:,}" if more > _COUNTED else f"{more:,}"
            click.echo(f"… and {many} more contradictions", err=True)


def _said(term: Term) -> str:
    return shorten(term) if isinstance(term, ox.NamedNode) else str(term)


# Reading


def _rules(place: Path) -> list[Rule]:
    """Return the rule of a file, or the rules of all files below a folder."""
    if not place.is_dir():
        return [read_rule(place, place.parent)]
    found = [read_rule(path, place) for path in sorted(place.rglob("*.rq"))]
    if not found:
        raise UnreadableInput("there is no rule in this folder", Place(place), "a rule is *.rq")
    return found


def _read(
    streams: Sequence[tuple[Path, Iterator[ox.Triple]]], rules: Sequence[Rule], told: _Told
) -> Iterator[ox.Triple]:
    """Yield the triples of all files, and tell how far it is."""
    total = 0
    for path, triples in streams:
        told.progress(f"reading {shown(path)}")
        while batch := list(islice(triples, _AT_ONCE)):
            yield from batch
            total += len(batch)
            told.progress(f"reading {shown(path)}: {total:,} triples so far", often=True)
    told.step(f"read {count(total, 'triple')} of {count(len(streams), 'file')}")
    also = f" and {count(len(rules), 'rule')}" if rules else ""
    told.progress(f"closing under OWL 2 RL{also}")


# What is written


def _check_size(closure: Closure) -> None:
    """Refuse a closure that has too many triples once equal terms have all their names."""
    names = np.ones(len(closure.terms))
    for code, members in closure.classes.items():
        names[code] = len(members)
    size = sum(
        names[predicate] * (names[subjects] @ names[values])
        for predicate, subjects, values in closure.columns()
    )
    if size > _MOST:
        raise KgError(
            f"with every name of equal terms the closure has {int(size):,} triples, more than "
            f"{_MOST:,}; it has {len(closure):,} without",
            hint="--representatives writes equal terms under one name",
        )


def _expanded(closure: Closure, *, derived_only: bool) -> tuple[Rows, int]:
    """Return the triples to write with every name of equal terms, and how many are derived."""
    derived = _rdf(closure, np.fromiter(chain.from_iterable(closure.derived_codes()), np.int32))
    stated = [] if derived_only else [_rows(*each) for each in closure.stated_columns()]
    return _in_order(np.concatenate([*stated, derived])), len(derived)


def _on_representatives(closure: Closure) -> Rows:
    """Return all triples with one name of equal terms, and owl:sameAs from each other name.

    Literals of one value are written as one of them: none can be the subject of owl:sameAs.
    """
    same = closure.terms.index(OWL.sameAs)
    named = {other: code for code, names in closure.classes.items() for other in names}
    others = [(other, same, code) for other, code in named.items() if other != code]
    found = [np.array(others, dtype=np.int32).reshape(-1, 3)]
    for predicate, subjects, values in closure.columns():
        rows = _rows(predicate, subjects, values)
        is_same = predicate == named.get(same, same)
        found.append(rows[subjects != values] if is_same else rows)
    return _in_order(_rdf(closure, np.concatenate(found, dtype=np.int32)))


def _rdf(closure: Closure, codes: Rows) -> Rows:
    """Return the triples that are RDF: a literal is no subject, and a predicate is an IRI."""
    rows = codes.reshape(-1, 3)
    literal = np.fromiter((isinstance(t, ox.Literal) for t in closure.terms), np.bool_)
    named = np.fromiter((isinstance(t, ox.NamedNode) for t in closure.terms), np.bool_)
    return rows[~literal[rows[:, 0]] & named[rows[:, 1]]]


def _rows(predicate: int, subjects: Array, values: Array) -> Rows:
    """Return the triples of a predicate as rows of codes."""
    rows = (subjects, np.full_like(subjects, predicate), values)
    return np.stack(rows, axis=1).astype(np.int32)


def _in_order(rows: Rows) -> Rows:
    """Return the triples each once, subjects in the order in which the input first names them."""
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = np.any(rows[1:] != rows[:-1], axis=1)
    return rows[first]


def _relabelled(terms: Iterable[Term]) -> list[Term]:
    """Return the terms with blank nodes numbered, so that the same input gives the same bytes."""
    numbered = numbers(1)
    return [
        ox.BlankNode(f"b{next(numbered)}") if isinstance(term, ox.BlankNode) else term
        for term in terms
    ]


# Writing


def _syntax(out: Path, form: str | None) -> Form[ox.RdfFormat]:
    if form or out == _STDOUT:
        return formats.named(form or "ntriples", formats.RDF_SYNTAXES)
    try:
        return formats.syntax_of(out)
    except UnknownName as error:
        raise UnknownName(error.message, hint=f"{error.hint}; or say which: --format") from error


@contextmanager
def _writing(out: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes its name once it is whole; a device or pipe is written as it is."""
    if out == _STDOUT:
        yield sys.stdout.buffer
        return
    whole = not out.exists() or out.is_file()
    part = out.with_name(f"{out.name}.part") if whole else out
    try:
        with part.open("wb") as file:
            if out.suffix == ".gz":  # no time in it: the same input gives the same bytes
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield file
        if whole:
            part.replace(out)
    except OSError as error:
        detail = (error.strerror or str(error)).lower()
        raise CannotWrite(f"cannot be written: {detail}", Place(out)) from error
    finally:
        if whole:
            part.unlink(missing_ok=True)


def _write(rows: Rows, terms: Sequence[Term], syntax: Form[ox.RdfFormat], file: IO[bytes]) -> None:
    if syntax.name in {"ntriples", "nquads"}:
        _write_lines(rows, terms, file)
        return
    if syntax.name == "rdfxml":
        _check_xml_names(np.unique(rows[:, 1]).tolist(), terms)
    triples = (
        ox.Triple(cast("ox.NamedNode", terms[s]), cast("ox.NamedNode", terms[p]), terms[o])
        for batch in _batches(rows)
        for s, p, o in batch.tolist()
    )
    ox.serialize(triples, file, format=syntax.engine, prefixes=_PREFIXES)


def _check_xml_names(predicates: Iterable[int], terms: Sequence[Term]) -> None:
    """Refuse a predicate that RDF/XML cannot write; pyoxigraph would write what is no XML."""
    for predicate in predicates:
        if not _XML_NAME.search(terms[predicate].value):
            raise CannotWrite(
                f"{terms[predicate]} cannot be a property in RDF/XML: it ends in no XML name",
                hint="choose another syntax: --format",
            )


def _write_lines(rows: Rows, terms: Sequence[Term], file: IO[bytes]) -> None:
    """Write a line a triple, each term put into words once for all its lines."""
    words = [f"{term}" for term in terms]
    pieces = [*(f"{word} " for word in words), *(f"{word} .\n" for word in words)]
    last = np.array([0, 0, len(words)], dtype=np.int32)
    for batch in _batches(rows):
        line = map(pieces.__getitem__, (batch + last).ravel().tolist())
        file.write("".join(line).encode())


def _batches(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
