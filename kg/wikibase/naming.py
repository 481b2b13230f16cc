"""Names put into an answer as it is written, where a query only tells them.

What the label service becomes, `BIND(f:label(?x, "pt,en") AS ?xLabel)`, the engine calls in each
row: it looks up the words of ?x, crosses to Python, and looks up the words that it is given. Where
nothing but SELECT uses ?xLabel, the engine can tell ?x in its place, and the name is put where ?x
stands in the bytes of the answer: it is looked up once for each thing, not for each row.

CSV writes an address as it does the same words in quotes, so there the engine names things.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape, unescape
from typing import NamedTuple

import pyoxigraph as ox

from kg import sparql
from kg.functions import NAMING, Function, Term
from kg.positions import Token, tokens
from kg.terms import PREFIXES

_MOST = 200_000  # cells of a column that are kept
_BLOCK = 1 << 16  # bytes that are looked through at once
_SEES = frozenset({"GROUP", "HAVING", "VALUES"})  # after the group, they would see ?x or bind it
_TRIPLE_TERMS = ("<<", "TRIPLE")  # they have no name, and are written in other ways
# Keys of results in JSON, which a variable of the same name could be taken for.
_KEYS = frozenset({"head", "vars", "results", "bindings", "type", "value", "datatype"})
_CALL = re.compile(r"BIND \( iri \( [?$]\S+ , string \) AS [?$]\S+ \)")
_CALLED = 11  # tokens of such a call


class Column(NamedTuple):
    """A column that the engine tells as things and a reader as names.

    Attributes:
        name: of its variable.
        at: its place among all columns, from 0.
        function: of `kg.functions`.
        languages: as the function takes them.
    """

    name: str
    at: int
    function: ox.NamedNode
    languages: ox.Literal


def deferred(text: str) -> tuple[str, list[Column]]:
    """Return a query that tells things in place of names, and the columns of which that is so.

    >>> call = '<https://w3id.org/cassibile/function/label>(?x,"en")'
    >>> deferred(f"SELECT ?x ?xLabel {{ ?x a ?y BIND({call} AS ?xLabel) }}")[0]
    'SELECT ?x (?x AS ?xLabel) { ?x a ?y  }'
    >>> deferred(f"SELECT ?xLabel {{ ?x a ?y BIND({call} AS ?xLabel) }} ORDER BY ?xLabel")[1]
    []
    """
    if PREFIXES["f"] not in text or any(each in text.upper() for each in _TRIPLE_TERMS):
        return text, []
    query = _Query(text)
    found = list(query.columns())
    return sparql.edited(text, sorted(query.edits)), found


class _Query:
    """A query: its SELECT and its outermost group.

    Attributes:
        edits: what is changed for the columns that were found.
    """

    def __init__(self, text: str) -> None:
        self.edits: list[tuple[int, int, str]] = []
        # What was scanned needs no bounds.
        self._tokens = [token for token in tokens(text) if token.kind != "comment"]
        words = [token.text.upper() for token in self._tokens]
        group = words.index("{") if "{" in words else 0
        select = words[:group].index("SELECT") if "SELECT" in words[:group] else group
        self._end = _closing(self._tokens, group)
        self._selected = self._tokens[select:group]
        self._told = {name: index for index, name in enumerate(self._columns()) if name}
        self._used = [_variable(token) for token in self._tokens]
        self._is_distinct = not {"DISTINCT", "REDUCED"}.isdisjoint(words[select:group])
        self._is_seen = not _SEES.isdisjoint(words[self._end :])

    def columns(self) -> Iterator[Column]:
        """Yield the columns that can be read as names."""
        end = self._end
        while not self._is_seen and self._is_call(end):
            call = self._tokens[end - _CALLED : end]
            end -= _CALLED
            subject, target = _variable(call[4]), _variable(call[9])
            if not self._may_wait(subject, target):
                continue
            told = next(token for token in self._selected if _variable(token) == target)
            self.edits += [
                (told.offset, told.offset + len(told.text), f"(?{subject} AS ?{target})"),
                (call[0].offset, call[-1].offset + 1, ""),
            ]
            function, languages = (call[at].text[1:-1] for at in (2, 6))
            index = self._told[target]
            yield Column(target, index, ox.NamedNode(function), ox.Literal(languages))

    def _is_call(self, end: int) -> bool:
        """Return whether a function that names things is called right before a token."""
        call = self._tokens[max(0, end - _CALLED) : end]
        kinds = (t.text.upper() if t.kind in {"word", "mark"} else t.kind for t in call)
        return _CALL.fullmatch(" ".join(kinds)) is not None and call[2].text in _NAMES

    def _may_wait(self, subject: str, target: str) -> bool:
        """Return whether a name is told, and nothing else depends on it.

        Rows that differ by things whose names are the same must differ by something else too.
        """
        is_told = target in self._told and self._used.count(target) == 2  # where it is bound, too
        is_apart = not self._is_distinct or subject in self._told
        is_known = target.isascii() and target not in _KEYS
        return is_known and is_told and is_apart and subject not in self._bound()

    def _bound(self) -> set[str]:
        """Return the variables that SELECT binds: in the group they have no value."""
        found = zip(self._selected, self._selected[1:], strict=False)
        return {_variable(token) for before, token in found if before.text.upper() == "AS"}

    def _columns(self) -> Iterator[str]:
        """Yield the variables of the columns, in order; empty for one that SELECT binds."""
        depth = 0
        for token in self._selected:
            if token.text == "(":
                depth += 1
            elif token.text == ")":
                depth -= 1
                if depth == 0:
                    yield ""
            elif depth == 0 and (name := _variable(token)):
                yield name


_NAMES = frozenset(map(str, NAMING))


def _variable(token: Token) -> str:
    return token.text[1:] if token.kind == "word" and token.text[0] in "?$" else ""


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Return which token closes a bracket {, or is the last."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[index].text, 0)
        if depth == 0:
            return index
    return len(tokens) - 1


class Naming:
    """What an engine writes an answer to: it is written on with names in it."""

    def __init__(
        self,
        write: Callable[[bytes], object],
        form: str,
        columns: Sequence[Column],
        functions: Mapping[ox.NamedNode, Function],
    ) -> None:
        self._write = write
        self._form = _FORMS[form]
        self._held = bytearray()
        self._columns = [
            (column, _Cells(self._form, column, functions[column.function])) for column in columns
        ]

    def write(self, data: bytes) -> int:
        """Take in a part of the answer."""
        self._held += data
        if len(self._held) >= _BLOCK:
            self._pass_on(max((m.end() for m in self._form.end.finditer(self._held)), default=0))
        return len(data)

    def flush(self) -> None:
        """Do nothing; the engine asks for it, and `end` writes what is left."""

    def end(self) -> None:
        """Write the rest."""
        self._pass_on(len(self._held))

    def _pass_on(self, end: int) -> None:
        block = bytes(self._held[:end])
        for column, cells in self._columns:
            block = self._form.named(block, column, cells)
        self._write(block)
        del self._held[:end]


class _Form(NamedTuple):
    """How a form writes cells.

    Attributes:
        named: returns whole rows with other cells in a column.
        term: returns the term of a cell.
        written: returns the cell of a name.
        end: finds where a row ends.
    """

    named: Callable[[bytes, Column, Mapping[bytes, bytes]], bytes]
    term: Callable[[bytes], Term]
    written: Callable[[ox.Literal], bytes]
    end: re.Pattern[bytes]


class _Cells(dict[bytes, bytes]):
    """The cells of names by the cells of their things; empty for what has no name."""

    def __init__(self, form: _Form, column: Column, function: Function) -> None:
        self._form = form
        self._function = function
        self._languages = column.languages

    def __missing__(self, cell: bytes) -> bytes:
        if len(self) >= _MOST:
            self.clear()
        name = self._function(self._form.term(cell), self._languages)
        found = self[cell] = self._form.written(name) if isinstance(name, ox.Literal) else b""
        return found


# What is between quotation marks has none that is not escaped: nothing in it looks like a key.
_OBJECT = re.compile(rb'\{(?:"(?:[^"\\]|\\.)*+"|[:,])*+\}', re.DOTALL)


def _in_json(block: bytes, column: Column, cells: Mapping[bytes, bytes]) -> bytes:
    key = b'"%b":' % column.name.encode()
    before, *parts = block.split(key)
    told = [before]
    for part in parts:
        if part.startswith(b'{"type":"uri"'):
            end = part.index(b"}") + 1
        else:
            found = _OBJECT.match(part)
            assert found  # what the engine writes
            end = found.end()
        name = cells[part[:end]]
        if name:
            told += (key, name, part[end:])
        elif part.startswith(b",", end):
            told.append(part[end + 1 :])
        else:
            told[-1] = told[-1].removesuffix(b",")
            told.append(part[end:])
    return b"".join(told)


_KINDS: dict[str, Callable[[str], Term]] = {"uri": ox.NamedNode, "bnode": ox.BlankNode}
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _from_json(cell: bytes) -> Term:
    told = json.loads(cell)
    return _KINDS.get(told["type"], ox.Literal)(told["value"])


def _to_json(name: ox.Literal) -> bytes:
    told = {"type": "literal", "value": name.value}
    if name.language:
        told["xml:lang"] = name.language
    return _JSON.encode(told).encode()


def _in_xml(block: bytes, column: Column, cells: Mapping[bytes, bytes]) -> bytes:
    key = b'<binding name="%b">' % column.name.encode()
    before, *parts = block.split(key)
    told = [before]
    for part in parts:
        cell, end, after = part.partition(b"</binding>")
        name = cells[cell]
        told += (key, name, end, after) if name else (after,)
    return b"".join(told)


_XML = re.compile(r"<(\w+)[^>]*>(.*)</\w+>", re.DOTALL)


def _from_xml(cell: bytes) -> Term:
    found = _XML.fullmatch(cell.decode())
    assert found  # what the engine writes
    return _KINDS.get(found[1], ox.Literal)(unescape(found[2]))


def _to_xml(name: ox.Literal) -> bytes:
    language = f' xml:lang="{name.language}"' if name.language else ""
    words = escape(name.value).replace("&#x27;", "&apos;").replace("\r", "&#13;")
    return f"<literal{language}>{words}</literal>".encode()


def _in_tsv(block: bytes, column: Column, cells: Mapping[bytes, bytes]) -> bytes:
    lines = block.split(b"\n")
    for number, line in enumerate(lines):
        told = line.split(b"\t", column.at + 1)
        cell = told[column.at] if line else b""
        if cell and not cell.startswith(b"?"):  # as in the first line
            told[column.at] = cells[cell]
            lines[number] = b"\t".join(told)
    return b"\n".join(lines)


def _from_tsv(cell: bytes) -> Term:
    written = cell.decode()
    if written.startswith("_:"):
        return ox.BlankNode(written[2:])
    if written.startswith("<"):
        return ox.NamedNode(written[1:-1])
    triple: ox.Quad
    (triple,) = ox.parse(f"<urn:x> <urn:x> {written} .", format=ox.RdfFormat.TURTLE)
    return triple.object


def _to_tsv(name: ox.Literal) -> bytes:
    words = name.value.translate(_ESCAPES)
    return f'"{words}"{"@" if name.language else ""}{name.language or ""}'.encode()


_ESCAPES = {ord(mark): f"\\{letter}" for mark, letter in zip('\t\n\r"\\', 'tnr"\\', strict=True)}
_FORMS = {
    # Words may end in },{ as rows do, but then the end of the words follows.
    "json": _Form(_in_json, _from_json, _to_json, re.compile(rb'\},(?=\{"[^},])')),
    "xml": _Form(_in_xml, _from_xml, _to_xml, re.compile(rb"</result>")),
    "tsv": _Form(_in_tsv, _from_tsv, _to_tsv, re.compile(rb"\n")),
}
FORMS = frozenset(_FORMS)
