"""SPARQL as it arrives: what would harm is refused, what cannot be read is explained.

The engine has neither limits nor a way to forbid SERVICE, and its syntax errors tell a place up to
a keyword's length too late. All is done on the tokens of `kg.positions`; nothing is rewritten.
"""

import re
from collections.abc import Iterator, Sequence

import pyoxigraph as ox

from kg.errors import BadQuery, did_you_mean
from kg.positions import Token, tokens
from kg.terms import PREFIXES

# The engine recurses in parsing and evaluation, and a stack overflow there ends the process.
# Measured with a stack of 8 MB, it dies at 850 nested EXISTS, at 2,600 chained BIND, MINUS or
# subqueries, and at a collection of 4,088 members, each a word.
_DEEPEST = 64
_LONGEST_CHAIN = 1024
_MOST_TOKENS = 2048
_OPENING, _CLOSING = frozenset("{(["), frozenset("})]")
_CHAINED = frozenset("+-*/|^!&=<>{")  # each may make the query's tree one level deeper, as may AS
_WITH_AUTHORITY = re.compile(r"<[a-z][a-z0-9+.-]*://", re.IGNORECASE)

_PAD = " " * 16  # more than the longest keyword, ENCODE_FOR_URI
_APART = _OPENING | _CLOSING | {",", ";"}  # white space may stand before and after them
_FIRST = ("ASK", "CONSTRUCT", "DESCRIBE", "SELECT")
_KEYWORDS = (
    *_FIRST,
    *("BASE", "BIND", "BY", "DISTINCT", "EXISTS", "FILTER", "FROM", "GRAPH", "GROUP", "HAVING"),
    *("LIMIT", "MINUS", "NAMED", "NOT", "OFFSET", "OPTIONAL", "ORDER", "PREFIX", "REDUCED"),
    *("UNDEF", "UNION", "VALUES", "WHERE"),
)


def refuse_harm(text: str) -> None:
    """Refuse a query that would end the process or leave the machine, in linear time.

    Where the engine may read an IRI as a comparison (`?a<b:c+d:e>…`), what is in it counts too.

    Raises: BadQuery.
    """
    depth = chain = 0
    for number, token in enumerate(tokens(text), 1):
        bare = token.text.upper()
        if token.kind == "mark":
            depth += (bare in _OPENING) - (bare in _CLOSING)
            chain += bare in _CHAINED
        elif token.kind == "word" and bare[0] not in "?$@":
            chain += bare.endswith("AS")  # `1AS` too, which the engine takes for two words
            _refuse_service(text, token, is_meant="SERVICE" in bare)
        elif token.kind == "name":
            prefix = bare.partition(":")[0]
            chain += prefix.count("-")
            _refuse_service(text, token, is_meant=prefix.endswith("SERVICE"))  # `SERVICE:x`
        elif token.kind == "iri" and not _WITH_AUTHORITY.match(bare):
            depth += sum(character in _OPENING for character in bare)
            chain += sum(character in _CHAINED for character in bare[1:-1])
            if "#" in bare:
                message = f"{token.text} may be an address, or a comparison with a comment"
                hint = "write the address with a prefix, or a space after the mark <"
                raise BadQuery(message, *_line_and_column(text, token.offset), hint)
        if depth > _DEEPEST or chain > _LONGEST_CHAIN or number > _MOST_TOKENS:
            raise BadQuery(
                "the query is too complex",
                *_line_and_column(text, token.offset),
                f"{_DEEPEST} levels of brackets are taken, {_LONGEST_CHAIN:,} operators and "
                f"groups, {_MOST_TOKENS:,} words and marks",
            )


def explained(text: str, message: str) -> BadQuery:
    """Return the engine's syntax error with what a person can use: where, at which word, why.

    >>> print(explained("SELEC ?x {}", "").hint)
    did you mean SELECT?
    """
    found = [token for token in tokens(text) if token.kind != "comment"]
    at, reason = _stumble(text) or (None, message)
    unclosed = next((token for token in found if token.text in {'"', "'"}), None)
    if "IRI parsing failed" in reason and at and at.kind == "mark":  # it has a space in it
        at = next(token for token in reversed(found) if token.text == "<")
    at = unclosed or at
    line, column = _line_and_column(text, at.offset if at else len(text.rstrip()))
    rest = text[at.offset :].split("\n", maxsplit=1)[0].strip() if at else ""
    where = f"from “{rest[:40]}” on" if rest else "at its end"
    said = re.search(r"(?:The|Duplicated) [\w ]+", reason)
    why = f": {said[0][0].lower()}{said[0][1:]}" if said else ""
    hint = "close the quotation mark" if unclosed else _hint(found, at, reason)
    return BadQuery(f"the query cannot be read {where}{why}", line, column, hint)


def _refuse_service(text: str, token: Token, *, is_meant: bool) -> None:
    if is_meant:
        raise BadQuery(
            "SERVICE asks another endpoint, and this graph is answered from itself alone",
            *_line_and_column(text, token.offset),
            "leave SERVICE out, or ask both endpoints from your own client",
        )


def _stumble(text: str) -> tuple[Token | None, str] | None:
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
        ox.Store().query(padded, prefixes=PREFIXES)
    except SyntaxError as error:
        found = re.search(r"error at (\d+):(\d+): (.*)", str(error), re.DOTALL)
        if found:
            lines = padded.split("\n")[: int(found[1]) - 1]
            furthest = sum(len(line) + 1 for line in lines) + int(found[2]) - 1
            if furthest >= read + len(_PAD):
                return None, found[3]
            return next((t for start, t in reversed(starts) if start <= furthest), None), found[3]
    return None


def _hint(found: Sequence[Token], at: Token | None, reason: str) -> str:
    if at and "Prefix not found" in reason:
        prefix = at.text.partition(":")[0]
        nearest = did_you_mean(prefix, PREFIXES) or f"declare it: PREFIX {prefix}: <…>"
        return f"the prefix {prefix}: is not declared; {nearest}"
    if "IRI parsing failed" in reason:
        return "between < and > stands a whole address, without spaces, as in <https://…>"
    if at is None and (opened := list(_opened(found))):
        return f"close the bracket {opened[-1]}"
    if at and at.kind == "word" and (nearest := did_you_mean(at.text.upper(), _KEYWORDS)):
        return nearest
    if not found or at == found[0]:
        return f"a query begins with {', '.join(_FIRST[:-1])} or {_FIRST[-1]}"
    marks = re.findall(r'"([^"\w]+)"', reason)
    return f"expected here: {' '.join(marks)}" if 0 < len(marks) <= 3 else ""


def _opened(found: Sequence[Token]) -> Iterator[str]:
    """Yield the brackets that are not closed, from the outside in."""
    opened: list[str] = []
    for token in found:
        if token.text in _OPENING:
            opened.append(token.text)
        elif token.text in _CLOSING and opened:
            opened.pop()
    yield from opened


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
