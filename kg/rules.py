"""Rule files: what OWL 2 RL cannot say, each one CONSTRUCT that a reader can run by hand.

A rule `ontology/rules/<family>/<rule>.rq` begins with `# title:`, a clause that a reader of a
proof understands, the same in the other languages of the interface (`# title-pt:`), and
`# source:`, an https address. Its WHERE is a basic graph pattern with
FILTER and BIND, so that the premises of a step are the pattern with its variables filled in.
No negation as failure: what was not said is never a premise.

The family `disagreement` is for what perspectives disagree on, and is asked of the store and not
run by the reasoner. Its rules name graphs: `?here` and `?there` are views; where `?there` does not
occur, a perspective disagrees with itself. A fact that clashes is concluded as `<<( … )>>`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg import formats
from kg.errors import BrokenSyntax, Place
from kg.positions import Token, tokens
from kg.terms import PREFIXES

Slot = ox.Variable | ox.NamedNode | ox.BlankNode | ox.Literal

_ALLOWED = "a rule may use triple patterns, FILTER and BIND, nothing else"
_REFUSED = {
    "OPTIONAL": "OPTIONAL",
    "UNION": "UNION",
    "MINUS": "MINUS",
    "GRAPH": "GRAPH",
    "SERVICE": "SERVICE",
    "VALUES": "VALUES",
    "SELECT": "a subquery",
    "LATERAL": "LATERAL",
    "EXISTS": "EXISTS",
}
_CHANGING = frozenset({"BNODE", "NOW", "RAND", "STRUUID", "UUID"})
_LASTING = "the same facts conclude the same each time; make a name by IRI(…) of what is bound"
_PATH = frozenset("/^|+*?!")
COMPARING = "disagreement"  # the family
_ALLOWED_COMPARING = "a rule of this family may use GRAPH and VALUES beside patterns and FILTER"
_COMPARED = frozenset({"GRAPH", "VALUES"})
# Variables travel through the Turtle parser as IRIs of this form.
_VARIABLE = "urn:x-variable:"
_FIRST = "en"  # the language of `# title:`
_TITLE = "title-"  # before the code of any other


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple with variables.

    Attributes:
        subject: a term or a variable, as the other two.
        predicate: of the triple.
        object: of the triple.
    """

    subject: Slot
    predicate: Slot
    object: Slot

    def __iter__(self) -> Iterator[Slot]:
        return iter((self.subject, self.predicate, self.object))

    @property
    def variables(self) -> frozenset[str]:
        """Return the names of its variables."""
        return frozenset(slot.value for slot in self if isinstance(slot, ox.Variable))


@dataclass(frozen=True, slots=True)
class Expression:
    """A FILTER, or the right side of a BIND.

    Attributes:
        text: in SPARQL, without the brackets around it.
        variables: that it reads, in the order of their names.
        binds: the variable that a BIND gives; empty for a FILTER.
    """

    text: str
    variables: tuple[str, ...]
    binds: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: `office/shared-handover`: its path.
        titles: the clause that a proof shows, by language.
        source: where the rule comes from.
        construct: the query as written.
        path: its file.
        prologue: the prefix declarations of the query.
        where: the premises.
        expressions: its FILTERs and BINDs, in order.
        then: the conclusions.
    """

    name: str
    titles: Mapping[str, str]
    source: str
    construct: str
    path: Path
    prologue: str
    where: tuple[Pattern, ...]
    expressions: tuple[Expression, ...]
    then: tuple[Pattern, ...]

    @property
    def iri(self) -> ox.NamedNode:
        """Return `rule:<family>/<rule>`."""
        return ox.NamedNode(PREFIXES["rule"] + self.name)

    @property
    def title(self) -> str:
        """Return the clause in English."""
        return self.titles[_FIRST]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One rule about what perspectives disagree on.

    Attributes:
        name: `disagreement/date-conflict`: its path.
        titles: the clause that tells the clash, by language.
        source: where the rule comes from.
        construct: the query as written.
        path: its file.
        of_two: whether it compares two perspectives; else it looks for a clash inside one.
    """

    name: str
    titles: Mapping[str, str]
    source: str
    construct: str
    path: Path
    of_two: bool

    @property
    def iri(self) -> ox.NamedNode:
        """Return `rule:disagreement/<rule>`."""
        return ox.NamedNode(PREFIXES["rule"] + self.name)

    @property
    def title(self) -> str:
        """Return the clause in English."""
        return self.titles[_FIRST]


def header(text: str) -> Iterator[tuple[str, str]]:
    r"""Yield key and value of each `# key: value` line before the first line that is no comment.

    >>> list(header("# title: a clause\n# source: https://example.org\nASK {}"))
    [('title', 'a clause'), ('source', 'https://example.org')]
    """
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        key, colon, value = line.lstrip("# ").partition(":")
        if colon:
            yield key.strip(), value.strip()


def read_rules(folder: Path) -> list[Rule]:
    """Return the rules below a folder that the reasoner runs, sorted by name.

    Raises: UnreadableInput and BrokenSyntax, as `read_rule` does.
    """
    found = sorted(folder.glob("*/*.rq"))
    return [read_rule(path, folder) for path in found if path.parent.name != COMPARING]


def read_comparisons(folder: Path) -> list[Comparison]:
    """Return the rules below a folder that compare perspectives, sorted by name.

    Raises: UnreadableInput and BrokenSyntax, as `read_comparison` does.
    """
    return [read_comparison(path, folder) for path in sorted(folder.glob(f"{COMPARING}/*.rq"))]


def read_rule(path: Path, folder: Path) -> Rule:
    """Return the rule of a file.

    Raises: UnreadableInput, if the file cannot be read; BrokenSyntax, if it has no title or
            source, is no SPARQL, or is anything but CONSTRUCT over a basic graph pattern with
            FILTER and BIND.
    """
    text = formats.read_text(path)
    return _Reader(text, path).rule(*_introduction(text, path, folder))


def read_comparison(path: Path, folder: Path) -> Comparison:
    """Return the rule of a file that compares perspectives.

    Raises: UnreadableInput, if the file cannot be read; BrokenSyntax, if it has no title or
            source, is no SPARQL, is no CONSTRUCT, or takes what was not said for a premise.
    """
    text = formats.read_text(path)
    return _Reader(text, path).comparison(*_introduction(text, path, folder))


def _introduction(text: str, path: Path, folder: Path) -> tuple[str, dict[str, str], str]:
    """Return name, titles and source of a rule."""
    about = dict(header(text))
    for key in ("title", "source"):
        if not about.get(key):
            raise BrokenSyntax(
                f"the rule has no {key}", Place(path, 1), f"begin with `# {key}: …`"
            )
    name = path.relative_to(folder).with_suffix("").as_posix()
    return name, _titles(about), about["source"]


def _titles(about: Mapping[str, str]) -> dict[str, str]:
    """Return the titles of a header by language, English first."""
    others = {
        key.removeprefix(_TITLE): value
        for key, value in about.items()
        if key.startswith(_TITLE) and value
    }
    return {_FIRST: about["title"], **others}


def title_of(name: str, folder: Path, language: str = _FIRST) -> str:
    """Return the title of the rule of that name, in English where it has none in the language.

    The name itself, if its file has gone.
    """
    path = folder / f"{name}.rq"
    about = dict(header(formats.read_text(path))) if path.is_file() else {}
    return about.get(f"{_TITLE}{language}") or about.get("title", name)


def patterns(text: str, prologue: str = "", path: Path = Path("pattern.ttl")) -> list[Pattern]:
    """Return the triple patterns of a basic graph pattern, written as SPARQL writes it.

    A blank node stands for a variable of its own.

    Raises: BrokenSyntax, with the line, if it is none.

    >>> [pattern] = patterns("?a <urn:b> ?c")
    >>> sorted(pattern.variables)
    ['a', 'c']
    """
    turtle = "".join(
        f"<{_VARIABLE}{piece[1:]}>" if kind == "variable" else piece
        for kind, piece in _pieces(text)
    )
    ending = "" if turtle.rstrip().endswith(".") or not turtle.strip() else " ."
    try:
        quads = list(ox.parse(f"{prologue}{turtle}{ending}", format=ox.RdfFormat.TURTLE))
    except SyntaxError as error:
        detail = str(error.msg).partition(": ")[2] or str(error.msg)
        raise BrokenSyntax(
            f"this is no triple pattern: {detail}", Place(path, error.lineno or 0), _ALLOWED
        ) from error
    names: dict[str, ox.Variable] = {}
    return [Pattern(*(_slot(term, names, path) for term in quad.triple)) for quad in quads]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text in pieces, those that are variables told apart."""
    done = 0
    for token in tokens(text):
        if token.kind == "word" and token.text[0] in "?$":
            yield "text", text[done : token.offset]
            yield "variable", token.text
            done = token.offset + len(token.text)
    yield "text", text[done:]


def _slot(
    term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple,
    names: dict[str, ox.Variable],
    path: Path,
) -> Slot:
    if isinstance(term, ox.NamedNode) and term.value.startswith(_VARIABLE):
        return ox.Variable(term.value.removeprefix(_VARIABLE))
    if isinstance(term, ox.BlankNode):
        return names.setdefault(term.value, ox.Variable(f"_{len(names) + 1}"))
    if isinstance(term, ox.Triple):
        raise BrokenSyntax("a triple inside a triple in a rule", Place(path), _ALLOWED)
    return term


class _Reader:
    """One rule file while it is read."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path
        self._tokens = [token for token in tokens(text) if token.kind != "comment"]

    def rule(self, name: str, titles: dict[str, str], source: str) -> Rule:
        self._check_syntax()
        start = self._keyword("CONSTRUCT")
        head, after = self._group(start + 1, "CONSTRUCT { … } WHERE { … }")
        if self._word(after) == "WHERE":
            after += 1
        body, after = self._group(after, "WHERE { … }")
        if after < len(self._tokens):
            raise self._refusal(after, f"{self._tokens[after].text} after the WHERE of a rule")
        triples, expressions = self._body(body)
        prologue = self._text[: self._tokens[start].offset]
        where = tuple(self._patterns(triples, prologue))
        then = tuple(self._patterns(head, prologue))
        self._check_bindings(where, expressions, then)
        return Rule(
            name,
            titles,
            source,
            self._text,
            self._path,
            prologue,
            where,
            tuple(expressions),
            then,
        )

    def comparison(self, name: str, titles: dict[str, str], source: str) -> Comparison:
        self._check_syntax()
        self._keyword("CONSTRUCT")
        for index in range(len(self._tokens)):
            word = self._word(index)
            if word in _REFUSED and word not in _COMPARED:
                raise self._refusal(index, f"{_REFUSED[word]} in a rule", _ALLOWED_COMPARING)
        of_two = any(token.text == "?there" for token in self._tokens)
        return Comparison(name, titles, source, self._text, self._path, of_two)

    def _check_syntax(self) -> None:
        try:
            ox.Store().query(self._text)
        except SyntaxError as error:
            found = re.search(r"error at (\d+):(\d+): (.*)", str(error), re.DOTALL)
            line, detail = (int(found[1]), f"column {found[2]}: {found[3]}") if found else (0, "")
            raise BrokenSyntax(
                f"this is not SPARQL: {detail or error}", Place(self._path, line)
            ) from error
        except RuntimeError as error:
            raise BrokenSyntax(f"this cannot be evaluated: {error}", Place(self._path)) from error
        for index in range(len(self._tokens)):
            if self._word(index) in _CHANGING:
                raise self._refusal(index, f"{self._word(index)} in a rule", _LASTING)

    def _keyword(self, word: str) -> int:
        for index in range(len(self._tokens)):
            if self._word(index) == word:
                return index
        raise BrokenSyntax("a rule is one CONSTRUCT", Place(self._path), _ALLOWED)

    def _group(self, index: int, wanted: str) -> tuple[range, int]:
        """Return the tokens inside the braces that open here, and the index after them."""
        if self._word(index) != "{":
            raise self._refusal(index, f"{self._word(index)} in a rule", f"write {wanted}")
        depth = 0
        for end in range(index, len(self._tokens)):
            depth += {"{": 1, "}": -1}.get(self._mark(end), 0)
            if depth == 0:
                return range(index + 1, end), end + 1
        raise AssertionError("the engine has read it, so the braces are balanced")

    def _body(self, body: range) -> tuple[Sequence[int], list[Expression]]:
        """Return the tokens of the triple patterns, and the FILTERs and BINDs."""
        triples: list[int] = []
        expressions: list[Expression] = []
        index = body.start
        while index < body.stop:
            word = self._word(index)
            if word in {"FILTER", "BIND"}:
                end = self._end_of_call(index + 1)
                expressions.append(self._expression(range(index + 1, end), binds=word == "BIND"))
                triples.append(-1)  # a full stop: SPARQL needs none before FILTER and BIND
                index = end
                continue
            if word in _REFUSED:
                raise self._refusal(index, f"{_REFUSED[word]} in a rule")
            if word == "{":
                words = (self._word(i) for i in range(index, body.stop))
                found = next((_REFUSED[w] for w in words if w in _REFUSED), "a group in a group")
                raise self._refusal(index, f"{found} in a rule")
            if self._mark(index) in _PATH:
                raise self._refusal(index, "a property path in a rule")
            triples.append(index)
            index += 1
        return triples, expressions

    def _end_of_call(self, index: int) -> int:
        """Return the index after an expression: `( … )`, or a name and its `( … )`."""
        while self._mark(index) != "(":
            if self._word(index) in _REFUSED:
                word = "NOT EXISTS" if self._word(index - 1) == "NOT" else self._word(index)
                raise self._refusal(index, f"{word} in a rule")
            index += 1
        depth = 0
        while True:
            depth += {"(": 1, ")": -1}.get(self._mark(index), 0)
            if self._word(index) in _REFUSED:
                raise self._refusal(index, f"{self._word(index)} in a rule")
            index += 1
            if depth == 0:
                return index

    def _expression(self, span: range, *, binds: bool) -> Expression:
        if self._mark(span.start) == "(":
            span = range(span.start + 1, span.stop - 1)
        variable = ""
        if binds:  # … AS ?variable
            variable = self._tokens[span.stop - 1].text[1:]
            span = range(span.start, span.stop - 2)
        read = {
            self._tokens[i].text[1:]
            for i in span
            if self._tokens[i].kind == "word" and self._tokens[i].text[0] in "?$"
        }
        last = self._tokens[span.stop - 1]
        text = self._text[self._tokens[span.start].offset : last.offset + len(last.text)]
        return Expression(text, tuple(sorted(read)), variable)

    def _patterns(self, indices: Iterable[int], prologue: str) -> list[Pattern]:
        """Return the patterns of some tokens, each left on its line for the error's sake."""
        written = "\n" * self._text.count("\n", 0, len(prologue))
        line = self._line(len(prologue))
        stop = True
        for index in indices:
            token = None if index < 0 else self._tokens[index]
            if token is None or (token.text == "." and token.kind == "mark"):
                written += "" if stop else " ."
                stop = True
                continue
            here = self._line(token.offset)
            written += "\n" * (here - line) + f" {token.text}"
            line, stop = here, False
        declared = "".join(
            f"PREFIX {token.text} {iri.text} "
            for token, iri in zip(self._tokens, self._tokens[1:], strict=False)
            if token.kind == "name" and token.text.endswith(":") and iri.kind == "iri"
            and iri.offset < len(prologue)
        )  # fmt: skip
        return patterns(written, declared, self._path)

    def _check_bindings(
        self,
        where: Sequence[Pattern],
        expressions: Sequence[Expression],
        then: Sequence[Pattern],
    ) -> None:
        bound = frozenset[str]().union(*(pattern.variables for pattern in where))
        if not where:
            raise BrokenSyntax("a rule without premises", Place(self._path), _ALLOWED)
        for expression in expressions:
            for name in expression.variables:
                if name not in bound:
                    message = f"?{name} is read in “{expression.text}” and nothing before binds it"
                    raise BrokenSyntax(message, self._place_of(f"?{name}"), _ALLOWED)
            bound |= {expression.binds} - {""}
        for name in sorted(frozenset[str]().union(*(p.variables for p in then)) - bound):
            if name.startswith("_"):
                hint = "name what is concluded: BIND(IRI(…) AS ?name)"
                raise BrokenSyntax("a blank node in a conclusion", Place(self._path), hint)
            message = f"?{name} is concluded and nothing binds it"
            raise BrokenSyntax(message, self._place_of(f"?{name}"), "use it in the WHERE")

    def _word(self, index: int) -> str:
        """Return a keyword or mark in capitals; empty for a name, IRI or string."""
        if index >= len(self._tokens):
            return ""
        token = self._tokens[index]
        return token.text.upper() if token.kind in {"word", "mark"} else ""

    def _mark(self, index: int) -> str:
        return self._tokens[index].text if self._tokens[index].kind == "mark" else ""

    def _line(self, offset: int) -> int:
        return self._text.count("\n", 0, offset) + 1

    def _place_of(self, text: str) -> Place:
        offset = next((t.offset for t in self._tokens if t.text == text), 0)
        return Place(self._path, self._line(offset))

    def _refusal(self, index: int, message: str, hint: str = _ALLOWED) -> BrokenSyntax:
        token: Token = self._tokens[min(index, len(self._tokens) - 1)]
        return BrokenSyntax(message, Place(self._path, self._line(token.offset)), hint)
