"""What a query asks for, part by part, so that one can tell which part of it nothing matches.

The text is cut where one part may end and the next begin, and filters are moved to the end, which
changes nothing. Whether a cut is right the engine decides, when it is asked what has been cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kg.positions import Token, tokens
from kg.sparql import place

_OPENING, _CLOSING = frozenset({"{", "(", "[", "{|"}), frozenset({"}", ")", "]", "|}"})
_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
# A triple may be followed by one of these without a dot.
_BEGINNING = frozenset(
    {"BIND", "FILTER", "GRAPH", "LATERAL", "MINUS", "OPTIONAL", "SERVICE", "UNION", "VALUES"}
)
_MARKS = frozenset({".", ";", ","})
_END = Token("", "", -1)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the pattern of a query: a triple, a filter, an alternative.

    Attributes:
        text: that can be read on its own: a triple that leaves out its subject is given it.
        line: where it begins in the query, from 1.
        column: of its beginning, from 1.
        terms: subject, predicate and object as written, if it is a plain triple; else empty.
        variables: that occur in it, without their mark.
        joined: the same as it follows the part before it.
    """

    text: str
    line: int
    column: int
    terms: tuple[str, ...]
    variables: frozenset[str]
    joined: str


def parts(query: str) -> list[Part]:
    """Return the parts of the pattern of a query in their order, filters last; none of no query.

    >>> for part in parts("SELECT * { ?a cas:caused ?b ; cas:before id:x FILTER(?a != ?b) }"):
    ...     print(part.text)
    ?a cas:caused ?b
    ?a cas:before id:x
    FILTER(?a != ?b)
    """
    found = [token for token in tokens(query) if token.kind != "comment"]
    group = _group(found)
    if group is None:
        return []
    _, opening, closing = group
    cut = [*_cut(found[opening + 1 : closing])]
    # A filter looks at the whole group, wherever it stands in it.
    cut.sort(key=lambda part: _word(part.tokens[0]) == "FILTER")
    parted: list[Part] = []
    last = ""
    for part in cut:
        written = _text(part.tokens)
        kind = _word(part.tokens[0]) if part.tokens[0].text != "{" else "{"
        joint = part.joint
        if kind in _BEGINNING | {"{"}:
            joint = joint if kind != "FILTER" else ""
        elif not joint and last not in _BEGINNING | {"{"}:
            joint = " ."  # between them stood a filter
        line, column = place(query, part.tokens[0].offset)
        terms = [*part.shared, *part.tokens]
        plain = len(terms) == 3 and all(_is_term(token) for token in terms)
        parted.append(
            Part(
                " ".join([_text(part.shared), written]) if part.shared else written,
                line,
                column,
                tuple(token.text for token in terms) if plain else (),
                frozenset(token.text[1:] for token in terms if token.text[:1] in {"?", "$"}),
                f"{joint if parted else ''} {written}",
            )
        )
        last = kind
    return parted


def asking(query: str, found: Sequence[Part]) -> str:
    """Return the query whether some of the first parts of a query are matched together.

    >>> query = "SELECT ?who { ?who cas:succeeded ?whom . ?whom a cas:Person }"
    >>> asking(query, parts(query)[:1])
    'ASK { ?who cas:succeeded ?whom }'
    """
    written = [token for token in tokens(query) if token.kind != "comment"]
    group = _group(written)
    if group is None:
        return query
    head, opening, _ = group
    pattern = "".join(part.joined for part in found)
    return f"{_asking(query, written, head, opening)}{{{pattern} }}"


def apart(found: Sequence[Part]) -> tuple[Part, Part] | None:
    """Return two parts that nothing ties together: all of one are combined with all of the other.

    >>> apart(parts("SELECT * { ?a a cas:Event . ?b a cas:Person }"))[1].text
    '?b a cas:Person'
    """
    tied: list[tuple[set[str], Part]] = []
    for part in found:
        if part.variables:
            names = {*part.variables, *(term.lstrip("?$") for term in part.terms[::2])}
            joined = [each for each in tied if each[0] & names]
            first = joined[0][1] if joined else part
            names = names.union(*(each[0] for each in joined))
            tied = [each for each in tied if each not in joined] + [(names, first)]
    tied.sort(key=lambda each: (each[1].line, each[1].column))
    return (tied[0][1], tied[1][1]) if len(tied) > 1 else None


@dataclass(frozen=True, slots=True)
class _Cut:
    """A part as it stands: what joins it to the one before, and what it shares with that."""

    joint: str
    shared: tuple[Token, ...]
    tokens: tuple[Token, ...]


def _cut(inside: Sequence[Token]) -> Iterator[_Cut]:
    """Yield the parts of a group."""
    depth, joint = 0, ""
    current: list[Token] = []
    subject: list[Token] = []
    predicate: list[Token] = []
    for token, following in pairwise([*inside, _END]):
        is_mark = (
            depth == 0 and token.text in _MARKS and not _is_decimal(token, current, following)
        )
        if current and depth == 0 and (is_mark or _begins(token, current)):
            yield _Cut(joint, (*subject, *predicate), tuple(current))
            if token.text == "." or not is_mark:
                subject, predicate = [], []
            else:
                first = [] if subject else _subject(current)
                rest = current[len(first) :]
                subject = subject or first
                # What stands before the last term is the predicate, a path perhaps.
                predicate = [] if token.text == ";" else predicate or rest[: max(1, len(rest) - 1)]
            joint, current = f" {token.text}" if is_mark else "", []
        elif is_mark and token.text == ".":  # after a bracket
            subject, predicate, joint = [], [], joint or " ."
        if not is_mark:
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            current.append(token)
    if current:
        yield _Cut(joint, (*subject, *predicate), tuple(current))


def _is_decimal(token: Token, current: Sequence[Token], following: Token) -> bool:
    """Return whether a dot is within a number: the tokens are those of names and numbers alone."""
    return (
        token.text == "."
        and bool(current)
        and current[-1].text.isdigit()
        and current[-1].offset + len(current[-1].text) == token.offset
        and following.offset == token.offset + 1
        and following.text[:1].isdigit()
    )


def _begins(token: Token, current: Sequence[Token]) -> bool:
    """Return whether a token begins a part after what stands before it without a dot."""
    word, first, last = _word(token), _word(current[0]), current[-1].text
    if word == "UNION" or (last.upper() == "UNION"):
        return False
    if word in _BEGINNING or (token.text == "{" and first not in _BEGINNING):
        return True
    if first in _BEGINNING or current[0].text == "{":
        # FILTER EXISTS { … } and GRAPH ?g { … } end with their bracket, FILTER (…) likewise.
        return last == "}" or (last == ")" and first in {"FILTER", "BIND"} and len(current) > 2)
    return False


def _subject(current: Sequence[Token]) -> list[Token]:
    """Return what stands first: a term, or all that is in its brackets."""
    depth = 0
    for number, token in enumerate(current, 1):
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0:
            return list(current[:number])
    return list(current)


def _group(found: Sequence[Token]) -> tuple[int, int, int] | None:
    """Return where the form of a query, its pattern's bracket and the end of it stand."""
    head = next((at for at, token in enumerate(found) if _word(token) in _FORMS), None)
    if head is None:
        return None
    depth, groups, start = 0, [], 0
    for at, token in enumerate(found[head:], head):
        if token.text in _OPENING:
            start = at if depth == 0 else start
            depth += 1
        elif token.text in _CLOSING:
            depth -= 1
            if depth == 0 and token.text == "}":
                groups.append((start, at))
    if not groups:
        return None
    is_template = _word(found[head]) == "CONSTRUCT" and _word(found[groups[0][0] - 1]) != "WHERE"
    opening, closing = groups[1 if is_template and len(groups) > 1 else 0]
    return head, opening, closing


def _asking(query: str, found: Sequence[Token], head: int, opening: int) -> str:
    """Return the beginning of an ASK with the declarations and the dataset of a query."""
    prologue = query[: found[head].offset]
    dataset, between = [], found[head:opening]
    for at, token in enumerate(between):
        if _word(token) == "FROM":
            named = _word(between[at + 1]) == "NAMED" if at + 1 < len(between) else False
            dataset.append(_text(between[at : at + (3 if named else 2)]))
    return prologue + " ".join(["ASK", *dataset, ""])


def _text(found: Sequence[Token]) -> str:
    """Return tokens as written, each run of white space and comments as one space."""
    written = ""
    for previous, token in zip([None, *found], found, strict=False):
        if previous and token.offset > previous.offset + len(previous.text):
            written += " "
        written += token.text
    return written


def _word(token: Token) -> str:
    return token.text.upper() if token.kind == "word" else ""


def _is_term(token: Token) -> bool:
    return token.kind in {"iri", "name"} or (
        token.kind == "word"
        and (token.text == "a" or token.text[0] in "?$" or token.text[0].isdigit())
    )
