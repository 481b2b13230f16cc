"""The one table of RDF syntaxes and of result formats, and reading and writing by it.

Everything that negotiates, reads or writes takes its names, suffixes and media types from here.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Generic, TypeVar, cast

import pyoxigraph as ox

from kg import paths
from kg.errors import BrokenSyntax, Place, UnknownName, UnreadableInput, did_you_mean

if TYPE_CHECKING:
    import rdflib

Statement = TypeVar("Statement", ox.Quad, ox.Triple, ox.Quad | ox.Triple)
EngineFormat = TypeVar("EngineFormat", ox.RdfFormat, ox.QueryResultsFormat)


@dataclass(frozen=True, slots=True)
class Form(Generic[EngineFormat]):
    """A way to write a graph or a result.

    Attributes:
        name: what the user types after `--format`.
        title: what the user reads.
        suffix: of a file, without the dot.
        media_types: the registered one, then others that clients ask for.
        engine: the same for pyoxigraph.
    """

    name: str
    title: str
    suffix: str
    media_types: tuple[str, ...]
    engine: EngineFormat

    @property
    def media_type(self) -> str:
        """Return the registered media type."""
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """Return the value of the Content-Type header."""
        return self.media_type + ("; charset=utf-8" if self.media_type.startswith("text/") else "")


RDF_SYNTAXES: tuple[Form[ox.RdfFormat], ...] = (
    Form("turtle", "Turtle", "ttl", ("text/turtle",), ox.RdfFormat.TURTLE),
    Form("ntriples", "N-Triples", "nt", ("application/n-triples",), ox.RdfFormat.N_TRIPLES),
    Form("rdfxml", "RDF/XML", "rdf", ("application/rdf+xml",), ox.RdfFormat.RDF_XML),
    Form(
        "jsonld",
        "JSON-LD",
        "jsonld",
        ("application/ld+json", "application/json"),
        ox.RdfFormat.JSON_LD,
    ),
    Form("trig", "TriG", "trig", ("application/trig",), ox.RdfFormat.TRIG),
    Form("nquads", "N-Quads", "nq", ("application/n-quads",), ox.RdfFormat.N_QUADS),
)
GRAPH_SYNTAXES = RDF_SYNTAXES[:4]  # of one graph: what CONSTRUCT and DESCRIBE give

RESULT_FORMATS: tuple[Form[ox.QueryResultsFormat], ...] = (
    Form(
        "json",
        "JSON",
        "srj",
        ("application/sparql-results+json", "application/json"),
        ox.QueryResultsFormat.JSON,
    ),
    Form(
        "xml",
        "XML",
        "srx",
        ("application/sparql-results+xml", "application/xml", "text/xml"),
        ox.QueryResultsFormat.XML,
    ),
    Form("csv", "CSV", "csv", ("text/csv",), ox.QueryResultsFormat.CSV),
    Form(
        "tsv",
        "TSV",
        "tsv",
        ("text/tab-separated-values",),
        ox.QueryResultsFormat.TSV,
    ),
)


def named(name: str, forms: Sequence[Form[EngineFormat]]) -> Form[EngineFormat]:
    """Return the form of that name.

    Raises: UnknownName, with the nearest name and the choices.

    >>> named("csv", RESULT_FORMATS).media_type
    'text/csv'
    """
    for form in forms:
        if form.name == name:
            return form
    names = [form.name for form in forms]
    nearest = did_you_mean(name, names)
    choices = "choose one of " + ", ".join(names)
    raise UnknownName(
        f"{name!r} is not a form of this answer",
        hint=f"{nearest} {choices}" if nearest else choices,
    )


def syntax_of(path: Path) -> Form[ox.RdfFormat]:
    """Return the syntax that a suffix names, `.gz` after it or not.

    Raises: UnknownName, with the known ones.

    >>> syntax_of(Path("lubm1.nt.gz")).title
    'N-Triples'
    """
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    for syntax in RDF_SYNTAXES:
        if suffix == f".{syntax.suffix}":
            return syntax
    known = ", ".join(f".{syntax.suffix}" for syntax in RDF_SYNTAXES)
    raise UnknownName(
        f"{path.name or path}: no RDF syntax has this suffix", hint=f"known are {known}"
    )


def read_text(path: Path) -> str:
    """Return the text of a file, newlines untouched, and our names as `kg.paths.BASE` has them.

    Raises: UnreadableInput, if the file is missing or cannot be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(error, path) from error
    return decode(content, path).replace(paths.CANONICAL, paths.BASE)


def decode(content: bytes, path: Path) -> str:
    """Return the text of what was read.

    Raises: UnreadableInput, with the line, if it is not UTF-8 or begins with a byte-order mark.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableInput(
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            Place(path, line),
            "save the file as UTF-8",
        ) from error
    if text.startswith("\ufeff"):
        raise UnreadableInput(
            "the file begins with a byte-order mark", Place(path, 1), "save it without one"
        )
    return text


def parse(text: str, path: Path) -> list[ox.Quad]:
    """Return the quads of a text in the syntax that the path's suffix names.

    Blank nodes get labels made from their surroundings (RDF Dataset Canonicalization) and the
    name of the file, so that the same text gives the same quads.

    Raises: BrokenSyntax, with the line; UnknownName, if no syntax has the suffix.
    Source: https://www.w3.org/TR/rdf-canon/

    >>> parse("<urn:a> <urn:b> [] .", Path("x.ttl"))[0].object
    <BlankNode value=x-c14n0>
    """
    syntax = syntax_of(path)
    try:
        quads = list(ox.parse(text, format=syntax.engine))
    except SyntaxError as error:
        raise _broken(error, syntax, path) from error
    if any(isinstance(t, ox.BlankNode) for q in quads for t in (q.subject, q.object)):
        dataset = ox.Dataset(quads)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return sorted((_labelled(q, path.stem) for q in dataset), key=str)
    return quads


def read(path: Path) -> list[ox.Quad]:
    """Return the quads of a file: `parse` of `read_text`, with the errors of both."""
    return parse(read_text(path), path)


def iterate(path: Path) -> Iterator[ox.Triple]:
    """Return the triples of a file one by one, of any size; `.gz` after the suffix is unpacked.

    Triples of named graphs come like the others. Blank nodes are told apart from those of all
    other files, under labels that differ from one reading to the next.

    Raises: UnreadableInput and UnknownName, at once; BrokenSyntax, with the line, when it is
            reached.
    """
    syntax = syntax_of(path)
    try:
        opened(path).close()
    except OSError as error:
        raise _unreadable(error, path) from error
    return _iterated(path, syntax)


def _iterated(path: Path, syntax: Form[ox.RdfFormat]) -> Iterator[ox.Triple]:
    try:
        with opened(path) as file:
            for quad in ox.parse(file, format=syntax.engine, rename_blank_nodes=True):
                yield quad.triple
    except SyntaxError as error:
        raise _broken(error, syntax, path) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(error, path) from error


def opened(path: Path) -> IO[bytes]:
    """Return a file for reading; one with `.gz` at its end is unpacked.

    Raises: OSError.
    """
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def write(
    quads: Iterable[ox.Quad | ox.Triple],
    form: Form[ox.RdfFormat],
    prefixes: dict[str, str] | None = None,
) -> bytes:
    """Return the quads in this form, sorted: the same quads give the same bytes."""
    return serialize(ordered(quads), form, prefixes)


def ordered(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements sorted, each once.

    The default graph comes first, then graphs by name; inside one by subject, predicate, object.
    """
    return [statement for _, statement in sorted({_position(s): s for s in statements}.items())]


def serialize(
    statements: Iterable[Statement],
    form: Form[ox.RdfFormat],
    prefixes: dict[str, str] | None = None,
) -> bytes:
    """Return the statements in this form, in the order that they have."""
    written = ox.serialize(statements, format=form.engine, prefixes=prefixes)  # type: ignore[arg-type]
    assert written is not None, "without an output, serialize returns bytes"
    return written


def to_rdflib(triples: Iterable[ox.Triple]) -> "rdflib.Graph":
    """Return an rdflib graph of the triples, for the libraries that work on one."""
    import rdflib  # noqa: PLC0415 a fifth of a second that the server need not spend

    graph = rdflib.Graph()
    for triple in triples:
        s, p, o = (rdflib_term(t) for t in triple)
        graph.add((s, p, o))
    return graph


def rdflib_term(
    term: "ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple",
) -> "rdflib.term.Node":
    """Return the same term as rdflib has it."""
    import rdflib  # noqa: PLC0415 as above

    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if isinstance(term, ox.Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        return rdflib.Literal(
            term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False
        )
    raise ValueError("rdflib has no triple terms")


def _broken(error: SyntaxError, syntax: Form[ox.RdfFormat], path: Path) -> BrokenSyntax:
    detail = str(error.msg).partition(": ")[2] or str(error.msg)
    where = f"column {error.offset}: " if error.offset else ""
    return BrokenSyntax(
        f"this is not {syntax.title}: {where}{detail}",
        Place(path, error.lineno or 0),
        "look at the end of the statement before",
    )


def _unreadable(error: Exception, path: Path) -> UnreadableInput:
    if isinstance(error, FileNotFoundError):
        return UnreadableInput("there is no such file", Place(path))
    detail = (getattr(error, "strerror", None) or str(error)).lower()
    return UnreadableInput(f"cannot be read: {detail}", Place(path))


def _labelled(quad: ox.Quad, stem: str) -> ox.Quad:
    def label(term: ox.NamedNode | ox.BlankNode) -> ox.NamedNode | ox.BlankNode:
        return ox.BlankNode(f"{stem}-{term.value}") if isinstance(term, ox.BlankNode) else term

    o = quad.object
    return ox.Quad(
        label(quad.subject),  # type: ignore[arg-type]
        quad.predicate,
        label(o) if isinstance(o, ox.BlankNode) else o,
        quad.graph_name,
    )


def _position(statement: ox.Quad | ox.Triple) -> tuple[str, str]:
    graph = getattr(statement, "graph_name", None)
    return graph.value if isinstance(graph, ox.NamedNode) else "", str(statement)
