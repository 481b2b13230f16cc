r"""SPARQL as it arrives: what would harm is refused, what cannot be read is explained.

The engine has neither limits nor a way to forbid SERVICE, it gives up where it does not know a
function, and its syntax errors tell a place up to a keyword's length too late. All is done on the
tokens of `kg.positions`, and rewritten is only what the standard lets mean nothing else.

What this reads is what the engine reads, or it is refused. Where the engine cannot use a token it
tries others: `SERVICEa:x` is SERVICE and `a:x`, `?x<a:b>?y` are two comparisons. An escape such as
`\u0041` it knows in strings and IRIs alone, so a keyword cannot be hidden in escapes.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from typing import Literal, NamedTuple

import pyoxigraph as ox

from kg.errors import BadQuery, Outbound, QueryTooComplex, QueryTooLarge, did_you_mean
from kg.positions import Token, tokens
from kg.terms import PREFIXES, QUERY_PREFIXES

Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Function = Callable[..., Term | None]
_LONGEST = 1_000_000  # characters: as many as the server reads bytes
_MOST_TOKENS = 30_000
# The engine recurses in parsing and evaluation, and a stack overflow there ends the process.
# Measured with a stack of 8 MB, it dies at 850 nested EXISTS, and at 2,600 chained BIND, MINUS or
# subqueries. Each opening bracket and each operator may make the query's tree one level deeper.
_DEEPEST = 60
_LONGEST_CHAIN = 1024
# To plan n patterns that are joined takes time about cubic in n: 0.1 s for 128, 0.8 s for 256.
_MOST_PATTERNS = 150
_LONGEST_PATH = 100
_OPENING, _CLOSING = frozenset({"{", "(", "[", "{|"}), frozenset({"}", ")", "]", "|}"})
# A < may be of << >>, which nests.
_CHAINED = frozenset({"+", "-", "*", "/", "|", "^", "!", "||", "&&", "<"})
_STEPS, _ENDS = frozenset("/|^"), frozenset(".;,~")
_OF_DATA = frozenset({"CONSTRUCT", "INSERT", "DELETE", "DATA"})  # neither joined nor nested
_JOINING = frozenset({"AS", "IN", "NOT", "EXISTS", "DISTINCT"})  # words between two terms
_GROUPS = frozenset({"{", "branch"})
_BRANCHING = frozenset({"EXISTS", "LATERAL", "MINUS", "OPTIONAL", "UNION"})
_JOINED_BY_ANNOTATION = 3
_STR = "STR("
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})

_SPACE = r"(?:[ \t\r\n]|\#[^\r\n]*)*+"
# The engine's way to read SERVICE, whatever stands before it.
_SERVICE = re.compile(
    rf"SERVICE{_SPACE}(?:SILENT{_SPACE})?"
    rf"""(?:<[^<>"{{}}\s]*>|(?:\\.|[^\s<>{{}}"'\#\\])++){_SPACE}\{{(?!\|)""",
    re.IGNORECASE,
)
_MOST_SERVICES = 3  # that one name may mention, so that to look at each takes linear time
_HOST = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?(?:[/?#].*)?", re.I | re.S)
_WITH_AUTHORITY = re.compile(r"<[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_COMPARISON = re.compile(r"<[?$]|[#'()\[\]]|&&")

_VOLATILE = ("NOW", "RAND", "UUID", "BNODE", "SERVICE")
_BOOLEANS = ("TRUE", "FALSE")
_XSD = PREFIXES["xsd"]
_KNOWN_FUNCTIONS = frozenset(
    _XSD + name
    for name in (
        *("boolean", "date", "dateTime", "dayTimeDuration", "decimal", "double", "duration"),
        *("float", "gDay", "gMonth", "gMonthDay", "gYear", "gYearMonth", "integer", "string"),
        *("time", "yearMonthDuration"),
    )
)
_OF_ENGINE = (
    "http://www.opengis.net/def/function/geosparql/",
    "http://www.opengis.net/def/geosparql/",
)

# Given where there is no token before another.
_NOTHING = Token("", "", 0)
_PAD = " " * 16  # more than the longest keyword, ENCODE_FOR_URI
_APART = _OPENING | _CLOSING | {",", ";"}  # white space may stand before and after them
_CLOSE = "close the quotation mark"
_FIRST = ("ASK", "CONSTRUCT", "DESCRIBE", "SELECT")
_KEYWORDS = (
    *_FIRST,
    *("BASE", "BIND", "BY", "DISTINCT", "EXISTS", "FILTER", "FROM", "GRAPH", "GROUP", "HAVING"),
    *("LIMIT", "MINUS", "NAMED", "NOT", "OFFSET", "OPTIONAL", "ORDER", "PREFIX", "REDUCED"),
    *("UNDEF", "UNION", "VALUES", "WHERE"),
)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A query that may be evaluated.

    Attributes:
        text: what is to be evaluated.
        form: select, ask, construct or describe; None if there is none, as in what is no query.
        volatile: whether the same data may give another answer the next time.
        unknown_functions: IRIs that are called, or might be, and are no functions: such a call is
            an error of its expression for the standard, of the whole query for the engine.
        functions: whether functions of ours are called, see `kg.functions`.
        prefixes: those that are known and that the text uses, in their order.
    """

    text: str
    form: str | None
    volatile: bool
    unknown_functions: tuple[str, ...]
    functions: bool
    prefixes: dict[str, str]


def scan(text: str, allowed_hosts: AbstractSet[str] = frozenset()) -> Scanned:
    """Return what is to be evaluated for a query, in linear time.

    An allowed host may have a port; `*` allows all.

    Raises: QueryTooLarge, QueryTooComplex, if it would end the process or plan for long;
            Outbound, if it asks a host that is not allowed; BadQuery, if it is no query, although
            the engine would take it for one.
    """
    found = read(text)
    first = _first(found)
    prologue = text[: first.offset] if first else text
    calls = measure(text, found)
    check_services(text, found, prologue, allowed_hosts)
    unknown, ours = sort_functions(prologue, calls)
    return Scanned(
        text=mended(text, found),
        form=_form(first),
        volatile=_is_volatile(text, found),
        unknown_functions=unknown,
        functions=ours,
        prefixes=prefixes(found),
    )


def evaluated(
    store: ox.Store,
    text: str,
    *,
    prefixes: dict[str, str],
    unknown_functions: Iterable[str],
    ours: Mapping[ox.NamedNode, Function],
    base: str | None = None,
    union: bool = False,
    default_graphs: Sequence[ox.NamedNode] | None = None,
    named_graphs: Sequence[ox.NamedNode] | None = None,
) -> Answer:
    """Return the engine's answer to a query that was scanned, see `Scanned`.

    `ours` are the functions that are called and are neither the engine's nor unknown.

    Raises: what the engine does: SyntaxError, OSError, RuntimeError, ValueError.
    """
    unknown: dict[ox.NamedNode, Function]
    unknown = dict.fromkeys(map(ox.NamedNode, unknown_functions), _without_value)
    # The engine overrides FROM and FROM NAMED each on its own; the protocol wants one dataset.
    chosen = default_graphs is not None or named_graphs is not None
    return store.query(
        text,
        base_iri=base,
        prefixes=prefixes,
        use_default_graph_as_union=union,
        default_graph=list(default_graphs or ()) if chosen else None,
        named_graphs=list(named_graphs or ()) if chosen else None,
        custom_functions={**unknown, **ours} if unknown or ours else None,
    )


def read(text: str) -> list[Token]:
    """Return the tokens of a query or an update, without the comments.

    Raises: QueryTooLarge, if it is too long; BadQuery, if it has a character that cannot be.
    """
    if len(text) > _LONGEST:
        raise QueryTooLarge(
            f"the text is longer than {_LONGEST:,} characters",
            hint="send data with the graph store protocol, or ask in several parts",
        )
    if "\0" in text:
        raise BadQuery("the text has a NUL character", *place(text, text.index("\0")))
    found = list(islice(tokens(text), _MOST_TOKENS + 1))
    if len(found) > _MOST_TOKENS:
        raise QueryTooLarge(
            f"the text has more than {_MOST_TOKENS:,} words and marks",
            *place(text, found[-1].offset),
            "send data with the graph store protocol, or ask in several parts",
        )
    if "#" in text:
        return [token for token in found if token.kind != "comment"]
    return found


def measure(text: str, found: Sequence[Token]) -> list[Token]:
    """Return the IRIs and names that are called as functions, or might be.

    Raises: QueryTooComplex, if it nests or joins too much; BadQuery, for what only the engine
            takes for SPARQL: one aggregate in another, an address that may be a comparison.
    """
    shape = _Shape(text)
    previous = _NOTHING
    for token in found:
        kind, word, _ = token
        if kind == "mark":
            if word in _OPENING:
                shape.open(token, previous)
            elif word in _CLOSING:
                shape.close(token)
            elif word in _CHAINED:
                shape.operator(token, previous)
            elif word in _ENDS:
                shape.end(token)
        elif shape.is_inside_parentheses:
            shape.member(token, previous)
        elif kind == "word":
            shape.awaits_data |= len(word) == 6 and word.upper() == "VALUES"
        elif not shape.opened:
            shape.deepen(token)  # DESCRIBE <a> <b> …: the engine extends each solution by each
        if previous.text == "<" and kind == "iri":
            shape.refuse_comparison(token)
        previous = token
    if "<<(" in text:
        _refuse_subjects(text, found)
    return shape.calls


def check_services(
    text: str, found: Sequence[Token], prologue: str, allowed_hosts: AbstractSet[str]
) -> None:
    """Refuse SERVICE, except for an address on an allowed host.

    Raises: Outbound.
    """
    if not _mentions(text, ["SERVICE"]):
        return
    previous = _NOTHING
    for index, token in enumerate(found):
        kind, word, offset = token
        if kind in {"word", "name"} and word[0] not in "?$@" and "SERVICE" in word.upper():
            if kind == "word" and word.upper() == "SERVICE":
                _check_service(text, found[index + 1 : index + 3], token, prologue, allowed_hosts)
            elif previous.text.upper() != "GRAPH" and _may_be_service(text, token):
                hint = "write a space around SERVICE; if none is meant, a dot before the mark {"
                raise Outbound(f"{word} may be read as SERVICE", *place(text, offset), hint)
        previous = token


def is_allowed(iri: str, allowed_hosts: AbstractSet[str]) -> bool:
    """Return whether an address is one of HTTP on one of the hosts."""
    found = _HOST.fullmatch(iri)
    if not found:
        return False
    host = found[1].lower()
    return not allowed_hosts.isdisjoint({"*", host, f"{host}{found[2] or ''}"})


def resolved(prologue: str, names: Collection[str]) -> list[str] | None:
    """Return what the engine takes IRIs and names for after a prologue; None if it cannot."""
    asked = f"{prologue}\nSELECT ?iri {{ VALUES ?iri {{ {' '.join(names)} }} }}"
    try:
        answer = ox.Store().query(asked, prefixes=QUERY_PREFIXES)
    except SyntaxError:
        return None
    assert isinstance(answer, ox.QuerySolutions), "SELECT gives solutions"
    iris = [row[0].value for row in answer if isinstance(row[0], ox.NamedNode)]
    # The engine may take one name for two, where the whole would be no IRI.
    return iris if len(iris) == len(names) else None


def sort_functions(prologue: str, calls: Sequence[Token]) -> tuple[tuple[str, ...], bool]:
    """Return the IRIs that are called and are no function, and whether any of ours is called."""
    if not calls:
        return (), False
    iris = resolved(prologue, dict.fromkeys(call.text for call in calls)) or []
    ours = [iri for iri in iris if iri.startswith(PREFIXES["f"])]
    unknown = (
        iri
        for iri in dict.fromkeys(iris)
        if iri not in _KNOWN_FUNCTIONS and iri not in ours and not iri.startswith(_OF_ENGINE)
    )
    return tuple(unknown), bool(ours)


def prefixes(found: Iterable[Token]) -> dict[str, str]:
    """Return the known prefixes that are used; what the text declares itself has precedence."""
    names = [token.text for token in found if token.kind == "name"]
    if not names:
        return {}
    used = {name.partition(":")[0] for name in names}
    declared = {name[:-1] for name in names if name[-1] == ":"}
    if used - declared - QUERY_PREFIXES.keys():
        return QUERY_PREFIXES  # the engine takes `DESCRIBEid:x` for two words
    return {prefix: iri for prefix, iri in QUERY_PREFIXES.items() if prefix in used}


def mended(text: str, found: Sequence[Token]) -> str:
    """Return the text with what the engine gets wrong written in another way.

    TRUE is `true`, in the same place. GROUP_CONCAT has no language: STR takes it away.
    """
    edits = _mends(text, found)
    return edited(text, edits) if edits else text


def edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with other words between offsets; the edits are in order."""
    parts, at = [], 0
    for start, end, instead in edits:
        parts += [text[at:start], instead]
        at = end
    return "".join([*parts, text[at:]])


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, counted from 1, of an offset in code points."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def explained(text: str, message: str, kind: Literal["query", "update"] = "query") -> BadQuery:
    """Return the engine's syntax error with what a person can use: where, at which word, why.

    The text is what was asked; what the engine says of it is what it says of it `mended`.

    >>> print(explained("SELEC ?x {}", "").hint)
    did you mean SELECT?
    """
    found = [token for token in tokens(text) if token.kind != "comment"]
    edits = _mends(text, found)
    at, reason = _stumble(edited(text, edits), kind) or (None, message)
    if at and edits:
        offset = _before(at.offset, edits)
        at = next((token for token in found if token.offset >= offset), None)
    unclosed = next((token for token in found if token.kind == "unclosed"), None)
    if "IRI parsing failed" in reason and at and at.kind == "mark":  # it has a space in it
        at = next(token for token in reversed(found) if token.text == "<")
    at = unclosed or at
    line, column = place(text, at.offset if at else len(text.rstrip()))
    rest = text[at.offset :].split("\n", maxsplit=1)[0].strip() if at else ""
    where = f"from “{rest[:40]}” on" if rest else "at its end"
    said = re.search(r"(?:The|Duplicated) [\w ]+", reason)
    because = f": {said[0][0].lower()}{said[0][1:]}" if said else ""
    told = _Mistake("quotation", _CLOSE) if unclosed else _mistake(found, at, reason)
    error = BadQuery(f"the {kind} cannot be read {where}{because}", line, column, told.hint)
    error.why = told.key, told.names or {"word": at.text if at else ""}
    error.engine = message
    return error


class _Mistake(NamedTuple):
    """What is wrong with a query: a key for it, what to do, and the names that both have."""

    key: str
    hint: str
    names: Mapping[str, str] = {}


class _Shape:
    """How deep a text nests and how much it joins, up to the token that was last given.

    Attributes:
        opened: the brackets around, from the outside in: as written, `data` where nothing is
            joined (VALUES and templates), `branch` for a group that is planned on its own,
            `aggregate` for the arguments of one.
        is_inside_parentheses: whether the innermost are parentheses, and not of data.
        awaits_data: whether the next { opens the data of VALUES.
        calls: the IRIs and names with parentheses after them.
    """

    def __init__(self, text: str) -> None:
        self.opened: list[str] = []
        self.is_inside_parentheses = False
        self.awaits_data = False
        self.calls: list[Token] = []
        self._text = text
        self._patterns = [0]  # by group that is open; those within a group are joined with it
        self._chain = self._steps = 0

    def open(self, token: Token, previous: Token) -> None:
        word = previous.text.upper() if previous.kind == "word" else ""
        bracket = token.text
        if self._is_data:
            bracket = "data"
        else:
            self.deepen(token)
            if bracket == "(":
                bracket = self._open_parentheses(token, previous, word)
            else:
                self._join(token, _JOINED_BY_ANNOTATION if bracket == "{|" else word != "UNION")
            if bracket == "{":
                bracket = self._open_group(word)
        self.opened.append(bracket)
        self.is_inside_parentheses = bracket in {"(", "aggregate"}
        if len(self.opened) > _DEEPEST:
            raise self._too_complex(token)

    def close(self, token: Token) -> None:
        bracket = self.opened.pop() if self.opened else ""
        if bracket in _GROUPS:
            patterns = self._patterns.pop()
            self._steps = 0
            if bracket == "{":
                self._join(token, patterns)
        self.is_inside_parentheses = bool(self.opened) and self.opened[-1] in {"(", "aggregate"}

    def _open_parentheses(self, token: Token, previous: Token, word: str) -> str:
        is_called = previous.kind in {"iri", "name"}
        if is_called:
            self.calls.append(previous)
        if self.is_inside_parentheses:
            is_member = is_called or word.startswith(("?", "$"))
        else:
            is_member = bool(self.opened)  # a collection, FILTER or BIND; else SELECT (…)
        self._join(token, is_member)
        if word not in _AGGREGATES:
            return "("
        self._refuse_nested(previous)
        return "aggregate"

    def _open_group(self, word: str) -> str:
        if self.awaits_data or word in _OF_DATA:
            self.awaits_data = False
            return "data"
        self._patterns.append(0)
        self._steps = 0
        return "branch" if word in _BRANCHING else "{"

    def operator(self, token: Token, previous: Token) -> None:
        """Count what makes the tree deeper; a sign before a number in a list does not."""
        word = token.text
        if word == "<":
            self.deepen(token)
            if previous.text == "<":
                self._join(token)
        elif not self._is_data and not (word in "+-" and previous.text in {"(", ","}):
            self.deepen(token)
            if word in _STEPS:
                self._steps += 1
                if word == "/":
                    self._join(token)
                if self._steps > _LONGEST_PATH:
                    raise self._too_complex(token)

    def end(self, token: Token) -> None:
        self._steps = 0
        if not self.is_inside_parentheses and not self._is_data:
            self._join(token)

    def member(self, token: Token, previous: Token) -> None:
        """Count the members of a collection; see that no address is a comparison."""
        if not _is_term(token):
            return
        if _is_term(previous):
            self._join(token)
        elif previous.text not in {")", "}"}:
            return
        if token.kind == "iri":
            self.refuse_comparison(token)

    def deepen(self, token: Token) -> None:
        self._chain += 1
        if self._chain > _LONGEST_CHAIN:
            raise self._too_complex(token)

    def refuse_comparison(self, token: Token) -> None:
        """Refuse what stands in angle brackets after a term, and may not be an address.

        For the standard it is one, and so no SPARQL in an expression; the engine compares.
        """
        if not _WITH_AUTHORITY.match(token.text) and _COMPARISON.search(token.text):
            message = f"{token.text} may be an address, or a comparison"
            hint = "write the address with a prefix, or a space after the mark <"
            raise BadQuery(message, *place(self._text, token.offset), hint)

    @property
    def _is_data(self) -> bool:
        return bool(self.opened) and self.opened[-1] == "data"

    def _join(self, token: Token, number: int = 1) -> None:
        self._patterns[-1] += number
        if self._patterns[-1] > _MOST_PATTERNS:
            raise self._too_complex(token)

    def _refuse_nested(self, aggregate: Token) -> None:
        for bracket in reversed(self.opened):
            if bracket in _GROUPS:
                return
            if bracket == "aggregate":
                raise BadQuery(
                    f"{aggregate.text} is inside another aggregate",
                    *place(self._text, aggregate.offset),
                    "aggregate in a subquery first",
                )

    def _too_complex(self, token: Token) -> QueryTooComplex:
        return QueryTooComplex(
            "the query is too complex",
            *place(self._text, token.offset),
            f"{_DEEPEST} levels of brackets are taken, {_MOST_PATTERNS} triple patterns in a "
            f"group, {_LONGEST_PATH} steps in a path, {_LONGEST_CHAIN:,} operators and brackets",
        )


def _is_term(token: Token) -> bool:
    kind, word, _ = token
    if kind == "word":
        return word[0] != "@" and word.upper() not in _JOINING
    return kind in {"iri", "name", "string"}


def _first(found: Iterable[Token]) -> Token | None:
    """Return the token that ends the prologue: the first of the query itself."""
    previous = _NOTHING
    for token in found:
        is_declared = previous.text.upper() == "PREFIX"
        if (
            token.kind in {"word", "name"}
            and not is_declared
            and token.text.upper().startswith(_FIRST)
        ):
            return token
        previous = token
    return None


def _form(first: Token | None) -> str | None:
    """Return the form of the query; the engine takes `SELECTDISTINCT` for two words."""
    word = first.text.upper() if first else ""
    return next((form.lower() for form in _FIRST if word.startswith(form)), None)


def _is_volatile(text: str, found: Iterable[Token]) -> bool:
    return _mentions(text, _VOLATILE) and any(
        token.text[0] not in "?$@" and _mentions(token.text, _VOLATILE)
        if token.kind == "word"
        else token.kind == "name" and "SERVICE" in token.text.partition(":")[0].upper()
        for token in found
    )


def _mentions(text: str, words: Iterable[str]) -> bool:
    text = text.upper()
    return any(word in text for word in words)


def _may_be_service(text: str, token: Token) -> bool:
    mentions = [*re.finditer("SERVICE", token.text, re.IGNORECASE)]
    return len(mentions) > _MOST_SERVICES or any(
        _SERVICE.match(text, token.offset + mention.start()) for mention in mentions
    )


def _check_service(
    text: str,
    after: Sequence[Token],
    service: Token,
    prologue: str,
    allowed_hosts: AbstractSet[str],
) -> None:
    if after and after[0].kind == "word" and after[0].text.upper() == "SILENT":
        after = after[1:]
    asked = after[0] if after else _NOTHING
    if "*" in allowed_hosts and asked.text[:1] in {"?", "$"}:
        return
    # SERVICE SILENTa:x the engine takes for SILENT and a:x.
    if asked.kind in {"iri", "name"} and not asked.text.upper().startswith("SILENT"):
        iri = resolved(prologue, [asked.text]) if allowed_hosts else None
        if iri and is_allowed(iri[0], allowed_hosts):
            return
    if not allowed_hosts:
        message = "SERVICE asks another endpoint, and this graph is answered from itself alone"
        hint = "leave SERVICE out, or ask both endpoints from your own client"
    else:
        message = f"SERVICE may not ask {asked.text or 'nothing'}"
        hint = f"allowed are addresses on {', '.join(sorted(allowed_hosts))}"
    raise Outbound(message, *place(text, service.offset), hint)


def _refuse_subjects(text: str, found: Sequence[Token]) -> None:
    """Refuse, in an expression, a triple term whose subject is a literal or a triple term."""
    expressions: list[bool] = []  # by opened bracket
    previous = _NOTHING
    for token, following in pairwise(found):
        if token.text in _OPENING:
            is_triple = text[token.offset - 2 : token.offset] == "<<"
            is_called = previous.kind == "word" and previous.text[0] not in "?$"
            is_within = bool(expressions) and expressions[-1]
            expressions.append(token.text == "(" and (is_within or (is_called and not is_triple)))
            if is_triple and is_within and _cannot_be_subject(following):
                raise BadQuery(
                    "the subject of a triple term is a literal or a triple term",
                    *place(text, following.offset),
                    "in an expression it is an IRI or a variable",
                )
        elif token.text in _CLOSING and expressions:
            expressions.pop()
        previous = token


def _cannot_be_subject(token: Token) -> bool:
    kind, word, _ = token
    is_number_or_boolean = kind == "word" and (word[0].isdigit() or word in {"true", "false"})
    return kind == "string" or word in {"<", "+", "-"} or is_number_or_boolean


def _mends(text: str, found: Sequence[Token]) -> list[tuple[int, int, str]]:
    """Return the edits that `mended` does."""
    edits: list[tuple[int, int, str]] = []
    if _mentions(text, _BOOLEANS):
        for kind, word, offset in found:
            if kind == "word" and word.upper() in _BOOLEANS:
                edits.append((offset, offset + len(word), word.lower()))
    if _mentions(text, ["GROUP_CONCAT"]):
        edits += [(at, at, word) for at, word in _joined(found)]
    return sorted(edits)


def _joined(found: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield where each GROUP_CONCAT begins and ends, with what is put there: STR around it."""
    waiting: list[bool] = []
    previous = _NOTHING
    for token in found:
        if token.text == "(" and token.kind == "mark":
            waiting.append(previous.kind == "word" and previous.text.upper() == "GROUP_CONCAT")
            if waiting[-1]:
                yield previous.offset, _STR
        elif token.text == ")" and token.kind == "mark" and waiting and waiting.pop():
            yield token.offset + 1, ")"
        previous = token


def _before(offset: int, edits: Iterable[tuple[int, int, str]]) -> int:
    """Return which offset an offset was before edits; within what was put in, where that is.

    >>> [_before(offset, [(1, 1, "ab"), (3, 4, "")]) for offset in range(6)]
    [0, 1, 1, 1, 2, 4]
    """
    moved = 0
    for start, end, instead in edits:
        if offset < start + moved:
            break
        if offset < start + moved + len(instead):
            return start
        moved += len(instead) - (end - start)
    return offset - moved


def _without_value(*_: object) -> Term | None:
    """Give no value, which in SPARQL is an error: what a function that is not known gives."""
    return None


def _stumble(text: str, kind: str) -> tuple[Token | None, str] | None:
    """Return the token that the engine could not use, None for the end, and what it expected.

    To see that a keyword is not there, the engine reads as many characters as it has, and tells
    the furthest place it has read. So it is asked again, with the tokens further apart.
    """
    padded, end, previous = "", 0, ""
    starts: list[tuple[int, Token]] = []
    for token in tokens(text):
        gap = text[end : token.offset]
        padded += gap + _PAD * bool(gap or token.text in _APART or previous in _APART)
        starts.append((len(padded), token))
        padded += token.text
        end, previous = token.offset + len(token.text), token.text
    read = len(padded)
    padded += text[end:] + 2 * _PAD
    try:
        if kind == "update":
            ox.Store().update(
                f"{padded}\0", prefixes=QUERY_PREFIXES
            )  # read, and never carried out
        else:
            ox.Store().query(padded, prefixes=QUERY_PREFIXES)
    except SyntaxError as error:
        found = re.search(r"error at (\d+):(\d+): (.*)", str(error), re.DOTALL)
        if found:
            lines = padded.split("\n")[: int(found[1]) - 1]
            furthest = sum(len(line) + 1 for line in lines) + int(found[2]) - 1
            if furthest >= read + len(_PAD):
                return None, found[3]
            return next((t for start, t in reversed(starts) if start <= furthest), None), found[3]
    return None


def _mistake(found: Sequence[Token], at: Token | None, reason: str) -> _Mistake:
    if at and "Prefix not found" in reason:
        prefix = at.text.partition(":")[0]
        hint = did_you_mean(prefix, QUERY_PREFIXES)
        nearest = hint.removeprefix("did you mean ").rstrip("?")
        hint = f"the prefix {prefix}: is not declared; " + (
            hint or f"declare it: PREFIX {prefix}: <…>"
        )
        key = "prefix-near" if nearest else "prefix"
        return _Mistake(key, hint, {"prefix": prefix, "nearest": nearest})
    if "IRI parsing failed" in reason:
        hint = "between < and > stands a whole address, without spaces, as in <https://…>"
        return _Mistake("address", hint)
    if last := _incomplete(found, at):
        return _Mistake(
            "triple", f"a triple needs three parts; this one ends after {last}", {"last": last}
        )
    if at is None and (opened := list(_opened(found))):
        return _Mistake("bracket", f"close the bracket {opened[-1]}", {"bracket": opened[-1]})
    if at and at.kind == "word" and (hint := did_you_mean(at.text.upper(), _KEYWORDS)):
        nearest = hint.removeprefix("did you mean ").rstrip("?")
        return _Mistake("keyword", hint, {"word": at.text, "nearest": nearest})
    if at and at.text == "," and not any(token.text == "{" for token in found[: found.index(at)]):
        return _Mistake("comma", "variables stand one after the other, without commas")
    if at and _is_term(at) and _is_complete(found[: found.index(at)]):
        hint = f"a triple has three parts: write a full stop, or a semicolon, before {at.text}"
        return _Mistake("dot", hint)
    if not found or at == found[0]:
        return _Mistake(
            "beginning", f"a query begins with {', '.join(_FIRST[:-1])} or {_FIRST[-1]}"
        )
    marks = re.findall(r'"([^"\w]+)"', reason)
    if 0 < len(marks) <= 3:
        return _Mistake(
            "expected", f"expected here: {' '.join(marks)}", {"marks": " ".join(marks)}
        )
    return _Mistake("", "")


def _incomplete(found: Sequence[Token], at: Token | None) -> str:
    """Return the last term of a triple that ends too early, or an empty string."""
    end = found.index(at) if at else len(found)
    if at and at.text not in {".", ";", "}"}:
        return ""
    terms: list[str] = []
    for token in reversed(found[:end]):
        if not _is_term(token):
            # After a semicolon stands a predicate with its object.
            whole = {";": 2, ".": 3, "{": 3, "}": 3}.get(token.text, 0)
            return terms[0] if 0 < len(terms) < whole else ""
        terms.append(token.text)
    return ""


def _is_complete(before: Sequence[Token]) -> bool:
    """Return whether a text so far ends with a whole triple."""
    terms = list(takewhile(_is_term, reversed(before)))
    mark = before[-len(terms) - 1].text if len(terms) < len(before) else ""
    return bool(terms) and len(terms) == {"{": 3, ".": 3, ";": 2}.get(mark)


def _opened(found: Sequence[Token]) -> Iterator[str]:
    """Yield the brackets that are not closed, from the outside in."""
    opened: list[str] = []
    for token in found:
        if token.text in _OPENING:
            opened.append(token.text)
        elif token.text in _CLOSING and opened:
            opened.pop()
    yield from opened
