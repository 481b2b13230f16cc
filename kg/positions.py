"""Where things stand in a Turtle, TriG or SPARQL text: a tokenizer, linear and without recursion.

The parsers tell the position of a syntax error, but not that of a triple; so a finding about
`cas:signdBy` in the graph of claim `s01-2` looks its line up here.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from string import ascii_letters, digits
from typing import NamedTuple

from kg.errors import Place

# What this takes for a string, a comment or a name, the engine takes for the same: `kg.sparql`
# relies on it. So no string has an escape that does not exist, and the escape of an IRI may have a
# `+`. Characters beyond ASCII may stand in any name; a prefix has at most 64 characters, so that
# `a-a-a-…` takes linear time. A quotation mark that is not closed takes all the rest.
_ESCAPED = r"""\\(?:[tbnrf"'\\] | u(?![Dd][89A-Fa-f])[0-9A-Fa-f]{4}
                | U00(?!00[Dd][89A-Fa-f])(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})"""


def _beyond(ascii_characters: str) -> str:
    r"""Return the set of these characters and of all beyond ASCII.

    It is told by what is not in it: a set with `\x80-\U0010FFFF` takes 3 ms to compile, and each
    worker that starts would wait for six of them.
    """
    others = sorted(set(map(chr, range(128))) - set(ascii_characters))
    return f"[^{re.escape(''.join(others))}]"


_WORD = ascii_letters + digits + "_"
_LOCAL = _WORD + "-:%"  # what a local name goes on with
_TOKEN = re.compile(
    rf"""
    (?P<comment> \#[^\n\r]* )
  | (?P<string>  \"{{3}}(?:[^"\\]|{_ESCAPED}|"(?!""))*+\"{{3}}
               | '{{3}}(?:[^'\\]|{_ESCAPED}|'(?!''))*+'{{3}}
               | "(?:[^"\\\n\r]|{_ESCAPED})*+" | '(?:[^'\\\n\r]|{_ESCAPED})*+' )
  | (?P<iri>     <(?:[^<>"{{}}|^`\\\x00-\x20]
                     |\\u[+0-9A-Fa-f][0-9A-Fa-f]{{3}}|\\U[+0-9A-Fa-f][0-9A-Fa-f]{{7}})*+> )
  | (?P<name>    (?:{_beyond(ascii_letters)}{_beyond(_WORD + ".-")}{{0,63}}+)? :
                 (?: (?:{_beyond(_WORD + ":%")}|\\.)
                     (?:{_beyond(_LOCAL)}|\\.|\.++(?={_beyond(_LOCAL + chr(92))}))*+ )? )
  | (?P<word>    @[A-Za-z]+(?:-+[A-Za-z0-9]+)* | [?$]?{_beyond(_WORD)}+ )
  | (?P<unclosed> ["'][\s\S]* )
  | (?P<mark>    \|\||&&|\^\^|\{{\||\|\}}|\S )
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class Token(NamedTuple):
    """A piece of the text.

    Attributes:
        kind: comment, string, iri, name (prefixed), word (keyword, variable, language), unclosed
            (from a quotation mark that is not closed to the end) or mark.
        text: as written.
        offset: of its first character, in code points.
    """

    kind: str
    text: str
    offset: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a Turtle, TriG or SPARQL text, in order; white space is left out.

    >>> [token.kind for token in tokens('c:s01-1 { id:a cas:b "c {" . } # d')]
    ['name', 'mark', 'name', 'name', 'string', 'mark', 'mark', 'comment']
    """
    for match in _TOKEN.finditer(text):
        yield Token._make((match.lastgroup or "mark", match[0], match.start()))


class Positions:
    """The first place of each name and string of one file, by the graph it stands in."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path

    def of(self, *terms: str, graph: str = "") -> Place:
        """Return the place of the first term that is found: an IRI, or the words of a string.

        With a graph, the place in that graph's block is preferred to one outside it. The whole
        file is the place of what is not found.
        """
        for term in terms:
            for block in (graph, "", None):
                offset = self._first.get((block, term))
                if offset is not None:
                    return Place(self._path, self._text.count("\n", 0, offset) + 1)
        return Place(self._path)

    @cached_property
    def _first(self) -> dict[tuple[str | None, str], int]:
        """Offset of the first occurrence, by block (None: anywhere) and term."""
        first: dict[tuple[str | None, str], int] = {}
        prefixes: dict[str, str] = {}
        block, latest, previous = "", "", ""
        for token in tokens(self._text):
            if token.kind == "name":
                prefix, _, local = token.text.partition(":")
                latest = prefixes.get(prefix, prefix + ":") + _ESCAPE.sub(r"\1", local)
            elif token.kind == "iri":
                latest = token.text[1:-1]
                if previous.endswith(":"):  # a declaration: nowhere else stands a bare `prefix:`
                    prefixes[previous[:-1]] = latest
            elif token.kind == "string":
                latest = _unquoted(token.text)
            else:
                if token.text == "{":
                    block = latest
                elif token.text == "}":
                    block = ""
                continue
            previous = token.text
            first.setdefault((block, latest), token.offset)
            first.setdefault((None, latest), token.offset)
        return first


def _unquoted(string: str) -> str:
    width = 3 if len(string) >= 6 and string[:3] in {'"""', "'''"} else 1
    return _ESCAPE.sub(lambda m: _CONTROL.get(m[1], m[1]), string[width:-width])
