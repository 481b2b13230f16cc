"""SPARQL updates as they arrive: what each operation reads from and writes to, before the engine.

This is a boundary of safety: what is not understood is refused. It follows the grammar down to the
templates, and skips what only chooses solutions, by its braces. What the name of a graph means is
asked of the engine itself, after the same prologue.

Source: https://www.w3.org/TR/sparql11-update/
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import pyoxigraph as ox

from kg import sparql
from kg.errors import BadQuery, Outbound, ProtectedGraph, did_you_mean
from kg.positions import Token
from kg.terms import QUERY_PREFIXES

_OPERATIONS = (
    *("ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"),
)
_END = Token("", "", 0)


@dataclass(frozen=True, slots=True)
class Update:
    """An update that may be carried out.

    Attributes:
        text: what is to be given to the engine.
        unknown_functions: as of `kg.sparql.Scanned`.
        functions: whether functions of ours are called, see `kg.functions`.
        prefixes: those of ours that the text uses.
    """

    text: str
    unknown_functions: tuple[str, ...]
    functions: bool
    prefixes: dict[str, str]


@dataclass(slots=True)
class _Operation:
    """One operation of an update.

    Attributes:
        written: what names a graph that is written to: an IRI, a name, a variable, or one of the
            words DEFAULT, NAMED and ALL.
        outside: the first token of what a template writes outside of GRAPH.
        source: what is loaded.
        is_silent: whether a source that cannot be loaded is no error.
        dataset: the first USING, or WITH.
        where: the offset of WHERE.
        pattern: the offsets around the template that is also the pattern, in DELETE WHERE.
    """

    written: list[Token] = field(default_factory=list)
    outside: Token | None = None
    source: Token | None = None
    is_silent: bool = False
    dataset: Token | None = None
    where: int = -1
    pattern: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    """An update that was read.

    Attributes:
        prologue: its declarations, as the engine takes them: all before the first operation.
        text: the update with its declarations before the first operation.
    """

    text: str
    prologue: str
    operations: list[_Operation]


def scan(
    text: str,
    allowed_hosts: AbstractSet[str] = frozenset(),
    protected: Callable[[str], bool] | None = None,
) -> Update:
    """Return what is to be given to the engine for an update, in linear time.

    Where graphs are protected, each graph that may be written to must be named by its IRI.

    Raises: QueryTooLarge, QueryTooComplex, as for a query; Outbound, if it loads from or asks a
            host that is not allowed; ProtectedGraph; BadQuery, if it is no update.
    """
    found = sparql.read(text)
    calls = sparql.measure(text, found)
    request = _Reader(text, found).request()
    sparql.check_services(text, found, request.prologue, allowed_hosts)
    for operation in request.operations:
        if operation.source:
            _check_source(request, operation, allowed_hosts)
    if protected:
        _check_graphs(request, protected)
    unknown, ours = sparql.sort_functions(request.prologue, calls)
    if request.text != text:
        found = sparql.read(request.text)
    return Update(
        text=sparql.mended(request.text, found),
        unknown_functions=unknown,
        functions=ours,
        prefixes=sparql.prefixes(found),
    )


def with_dataset(text: str, using_graphs: Sequence[str], using_named_graphs: Sequence[str]) -> str:
    """Return an update with the graphs that the protocol names as the dataset of its patterns.

    Raises: BadQuery, if the update names graphs itself by USING, USING NAMED or WITH, or a graph
            has no name that can be one.

    >>> print(with_dataset("DELETE WHERE { ?s ?p ?o }", ["urn:g"], []))
    DELETE { ?s ?p ?o } USING <urn:g> WHERE { ?s ?p ?o }
    """
    clauses = [f"USING {_node(graph)}" for graph in using_graphs]
    clauses += [f"USING NAMED {_node(graph)}" for graph in using_named_graphs]
    if not clauses:
        return text
    using = " ".join(clauses)
    request = _Reader(text, sparql.read(text)).request()
    text = request.text
    edits = []
    for operation in request.operations:
        if operation.dataset:
            raise BadQuery(
                f"the update has {operation.dataset.text.upper()}, and the request names graphs",
                *sparql.place(text, operation.dataset.offset),
                "name them in one place: SPARQL 1.1 Protocol, section 2.2.3",
            )
        where = operation.where
        if operation.pattern:
            start, end = operation.pattern
            edits.append((where, where, f"{text[start:end]} {using} "))
        elif where >= 0:
            edits.append((where, where, f"{using} "))
    return sparql.edited(text, edits)


def explained(text: str, message: str) -> BadQuery:
    """Return the engine's syntax error as `kg.sparql.explained` does for a query."""
    return sparql.explained(text, message, kind="update")


class _Reader:
    """Reads an update by the grammar of the standard, where it matters who writes where."""

    def __init__(self, text: str, found: Sequence[Token]) -> None:
        self._text = text
        self._found = found
        self._at = 0

    def request(self) -> _Request:
        """Return the update, read.

        The engine takes declarations only before the first operation, where the standard has them
        before each. They are moved there, unless that would change what an operation means.
        """
        declared = self._prologue()
        start = self._next.offset if self._next.kind else len(self._text)
        later: list[Token] = []
        operations: list[_Operation] = []
        while self._next.kind:
            operations.append(self._operation())
            if self._next.kind:
                self._take(";")
                begin = self._at
                self._check_moved(declared, self._prologue())
                later += self._found[begin : self._at]
        if later:
            return self._moved(start, later)
        return _Request(self._text, self._text[:start], operations)

    def _moved(self, start: int, declarations: Sequence[Token]) -> _Request:
        """Return the update with declarations at an offset; no other line changes."""
        moved = "".join(f"{token.text} " for token in declarations)
        blanks = (
            (offset, offset + len(word), " " * len(word)) for _, word, offset in declarations
        )
        text = sparql.edited(self._text, [(start, start, moved), *blanks])
        return _Reader(text, sparql.read(text)).request()

    @property
    def _next(self) -> Token:
        return self._found[self._at] if self._at < len(self._found) else _END

    @property
    def _word(self) -> str:
        """Return the next token as a keyword or mark; an IRI, a name or a string is none."""
        token = self._next
        return token.text.upper() if token.kind in {"word", "mark"} else ""

    def _advance(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _take(self, *words: str) -> Token:
        if self._word not in words:
            raise self._misread(f"expected here: {' or '.join(words)}")
        return self._advance()

    def _may_take(self, word: str) -> bool:
        """Take a keyword that need not be there; the engine takes `GRAPHa:x` for GRAPH and a:x."""
        if self._next.kind == "name" and self._next.text.upper().startswith(word):
            raise self._misread(f"{self._next.text} may be read as {word}; use another prefix")
        is_here = self._word == word
        self._at += is_here
        return is_here

    def _prologue(self) -> dict[str, str]:
        """Read declarations and return them, BASE by an empty name."""
        declared = {}
        while self._word in {"BASE", "PREFIX", "VERSION"}:
            word = self._advance().text.upper()
            prefix = self._advance().text if word == "PREFIX" else ""
            is_right = self._next.kind == ("string" if word == "VERSION" else "iri")
            if not is_right or (word == "PREFIX" and prefix[-1:] != ":"):
                raise self._misread(f"{word} is not complete")
            declared[prefix] = self._advance().text
        return declared

    def _check_moved(self, declared: dict[str, str], later: dict[str, str]) -> None:
        for prefix, iri in later.items():
            known = declared.get(prefix) or f"<{QUERY_PREFIXES.get(prefix[:-1], '')}>"
            if not prefix or known not in {iri, "<>"}:
                what = f"{prefix or 'BASE'} is declared between operations"
                raise self._misread(f"{what}; declare each once, before all of them")
            declared[prefix] = iri

    def _operation(self) -> _Operation:
        operation = _Operation()
        word = self._word
        if word == "LOAD":
            self._load(operation)
        elif word in {"CLEAR", "DROP", "CREATE"}:
            self._advance()
            self._may_take("SILENT")
            self._graph(operation.written, "GRAPH" if word == "CREATE" else "ALL")
        elif word in {"ADD", "COPY", "MOVE"}:
            self._advance()
            self._may_take("SILENT")
            source: list[Token] = []
            self._graph(source, "DEFAULT")
            self._take("TO")
            self._graph(operation.written, "DEFAULT")
            if word == "MOVE":
                operation.written += source
        elif word in {"WITH", "INSERT", "DELETE"}:
            self._modify(operation)
        else:
            raise self._misread(self._what_begins())
        return operation

    def _load(self, operation: _Operation) -> None:
        load = self._advance()
        operation.is_silent = self._may_take("SILENT")
        operation.source = self._iri()
        if self._may_take("INTO"):
            self._take("GRAPH")
            operation.written.append(self._iri())
        else:
            operation.outside = load

    def _graph(self, named: list[Token], words: str) -> None:
        """Read the name of a graph, or a word for several where those are allowed."""
        several = {"ALL": ("DEFAULT", "NAMED", "ALL"), "DEFAULT": ("DEFAULT",)}.get(words, ())
        if self._word in several:
            named.append(self._advance())
            return
        if words == "DEFAULT":
            self._may_take("GRAPH")
        else:
            self._take("GRAPH", *several)
        named.append(self._iri())

    def _modify(self, operation: _Operation) -> None:
        with_graph = None
        if self._word == "WITH":
            operation.dataset = self._advance()
            with_graph = self._iri()
        first = self._take("DELETE", "INSERT")
        if not with_graph and self._may_take("DATA"):
            self._template(operation)
            return
        if not with_graph and first.text.upper() == "DELETE" and self._word == "WHERE":
            operation.where = self._advance().offset
            operation.pattern = self._template(operation)
            return
        self._template(operation)
        if first.text.upper() == "DELETE" and self._may_take("INSERT"):
            self._template(operation)
        if operation.outside and with_graph:
            operation.outside = None
            operation.written.append(with_graph)
        while self._word == "USING":
            operation.dataset = operation.dataset or self._next
            self._advance()
            self._may_take("NAMED")
            self._iri()
        operation.where = self._take("WHERE").offset
        self._skip_group()

    def _template(self, operation: _Operation) -> tuple[int, int]:
        """Read quads, and return the offsets around them."""
        start = self._take("{").offset
        while self._word != "}":
            if self._word == "GRAPH":
                self._advance()
                operation.written.append(self._iri_or_variable())
                self._take("{")
                self._skip_triples()
                self._take("}")
                self._may_take(".")
            else:
                operation.outside = operation.outside or self._next
                self._skip_triples()
        return start, self._advance().offset + 1

    def _skip_triples(self) -> None:
        """Skip to the next GRAPH or brace: no other brace is one of triples, and no glued word."""
        while self._next.kind and self._word not in {"GRAPH", "{", "}"}:
            self._advance()
        if not self._next.kind:
            raise self._misread("close the bracket {")
        if self._word == "{":
            raise self._misread("in a template stand triples, and triples in GRAPH <…> { }")

    def _skip_group(self) -> None:
        self._take("{")
        depth = 1
        while depth:
            if not self._next.kind:
                raise self._misread("close the bracket {")
            word = self._advance().text
            depth += (word == "{") - (word == "}")

    def _iri(self) -> Token:
        if self._next.kind not in {"iri", "name"}:
            raise self._misread("expected here: the name of a graph")
        return self._advance()

    def _iri_or_variable(self) -> Token:
        if self._next.kind == "word" and self._next.text[0] in "?$":
            return self._advance()
        return self._iri()

    def _what_begins(self) -> str:
        word = self._word
        if word in {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}:
            return "this is a query, and queries have an endpoint of their own"
        nearest = did_you_mean(word, _OPERATIONS)
        return nearest or f"an operation begins with {', '.join(_OPERATIONS)}"

    def _misread(self, hint: str) -> BadQuery:
        offset = self._next.offset if self._next.kind else len(self._text.rstrip())
        rest = self._text[offset:].split("\n", maxsplit=1)[0].strip()
        where = f"from “{rest[:40]}” on" if rest else "at its end"
        message = f"the update cannot be read {where}"
        return BadQuery(message, *sparql.place(self._text, offset), hint)


def _check_source(
    request: _Request, operation: _Operation, allowed_hosts: AbstractSet[str]
) -> None:
    source = operation.source or _END
    iri = (sparql.resolved(request.prologue, [source.text]) or [""])[0]
    scheme = iri.partition(":")[0].lower()
    # What nobody can fetch is no error with SILENT, and the engine has no way but HTTP.
    is_silent = operation.is_silent and scheme not in {"", "file", "http", "https"}
    if is_silent or sparql.is_allowed(iri, allowed_hosts):
        return
    if allowed_hosts:
        hint = f"allowed are addresses on {', '.join(sorted(allowed_hosts))}"
    else:
        hint = "fetch it yourself, and send it with INSERT DATA or the graph store protocol"
    message = f"LOAD may not fetch {source.text}"
    raise Outbound(message, *sparql.place(request.text, source.offset), hint)


def _check_graphs(request: _Request, protected: Callable[[str], bool]) -> None:
    """Refuse to write to a protected graph, or to one of which it is not known which it is.

    Raises: ProtectedGraph.
    """
    for graph, told in _written(request.operations):
        if told:
            hint = "write to a graph of your own: GRAPH <…>"
            raise ProtectedGraph(told, *sparql.place(request.text, graph.offset), hint)
    graphs = [graph for graph, _ in _written(request.operations)]
    names = list(dict.fromkeys(graph.text for graph in graphs))
    iris = dict(zip(names, sparql.resolved(request.prologue, names) or [], strict=False))
    for graph in graphs:
        iri = iris.get(graph.text)
        if iri is None:
            message = f"it is not known which graph is meant by {graph.text}"
            hint = (
                "write the whole address, as in GRAPH <https://…>, or declare its prefix or BASE"
            )
        elif protected(iri):
            message = f"the graph {graph.text} is written by a build only"
            hint = "write to a graph of another name: it can be asked together with this one"
        else:
            continue
        raise ProtectedGraph(message, *sparql.place(request.text, graph.offset), hint)


def _written(operations: Sequence[_Operation]) -> Iterator[tuple[Token, str]]:
    """Yield what names a graph that is written, with what is wrong where it names none."""
    for operation in operations:
        if operation.outside:
            yield operation.outside, "the default graph is written by a build only"
        for graph in operation.written:
            word = graph.text.upper() if graph.kind == "word" else ""
            if word == "DEFAULT":
                yield graph, "the default graph is written by a build only"
            elif word in {"ALL", "NAMED"}:
                yield graph, f"{word} means the graphs of the build, too"
            elif word:
                yield graph, f"{graph.text} may be any graph, one of the build, too"
            else:
                yield graph, ""


def _node(graph: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(graph)
    except ValueError as error:
        raise BadQuery(f"this is no name of a graph: {error}") from error
