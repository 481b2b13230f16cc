"""Queries for the query service of Wikidata, rewritten so that any engine of SPARQL answers them.

The label service becomes a BIND at the end of its group, which calls a function of kg.functions:
so no row is added, and a variable that is bound keeps its value. `hint:` is left out, which tells
another engine how to evaluate. All is done on the tokens of `kg.positions`, and what stays keeps
its line.
Source: https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual#Label_service
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kg import sparql
from kg.errors import BadQuery, QueryTooComplex
from kg.positions import Token
from kg.terms import PREFIXES, QUERY_PREFIXES

_WIKIBASE, _HINT = QUERY_PREFIXES["wikibase"], QUERY_PREFIXES["hint"]
_SERVICE, _LANGUAGE = _WIKIBASE + "label", _WIKIBASE + "language"
_PARAMETER = QUERY_PREFIXES["bd"] + "serviceParam"
_IS_SOME_VALUE = _WIKIBASE + "isSomeValue"
# The longer suffix first: `?xAltLabel` is no label of `?xAlt`.
_SUFFIXES = {"AltLabel": "altLabel", "Label": "label", "Description": "description"}
_LABELS = {
    PREFIXES["skos"] + "altLabel": "altLabel",
    PREFIXES["rdfs"] + "label": "label",
    QUERY_PREFIXES["schema"] + "description": "description",
}
_MOST = 5  # label services in a query: each is looked for from the beginning
_TAG = re.compile(r"[A-Za-z0-9-]+")
_LITERAL = re.compile(r"""("{3}|'{3}|["'])(.*)\1""", re.DOTALL)
_FEATURES = {  # of Wikidata's query service, by the namespace of their service
    _WIKIBASE: "wikibase",
    QUERY_PREFIXES["bd"]: "bd",
    QUERY_PREFIXES["gas"]: "gas",
    QUERY_PREFIXES["mwapi"]: "mwapi",
}


class _Request(NamedTuple):
    """What the label service is asked for.

    Attributes:
        function: of kg.functions.
        subject: a variable or a name, as written.
        target: the variable to bind.
    """

    function: str
    subject: str
    target: str


def rewritten(text: str) -> str:
    """Return a query as it is evaluated here.

    Raises: BadQuery, if the label service is asked for what it cannot give, or for nothing, or
            another service that only Wikidata's engine has; what `kg.sparql.read` does.

    >>> service = 'SERVICE wikibase:label { bd:serviceParam wikibase:language "en" }'
    >>> rewritten(f"SELECT ?xLabel {{ ?x a ?y {service} }}")
    'SELECT ?xLabel { ?x a ?y {...} BIND(<...function/label>(?x,"en") AS ?xLabel) }'
    """
    for _ in range(_MOST + 1):
        query = _Query(text)
        start = query.label_service()
        if start is None:
            return query.without_hints()
        text = query.labelled(start)
    raise QueryTooComplex(f"the query asks the label service more than {_MOST} times")


class _Query:
    """A query, and where its groups begin and end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: Sequence[Token] = sparql.read(text)
        self.prefixes = _declared(self.tokens)

    def label_service(self) -> int | None:
        """Return which token begins the first label service, None if there is none."""
        if "SERVICE" not in self.text.upper():
            return None
        for index, token in enumerate(self.tokens):
            if token.kind == "word" and token.text.upper() == "SERVICE":
                name = self._iri(self._service_name(index))
                if name == _SERVICE:
                    return index
                self._refuse(token, name)
        return None

    def labelled(self, start: int) -> str:
        """Return the text with the label service at a token done in another way."""
        opening = self._after_name(start)
        if not self._is("{", opening):
            raise self._fault(start, "the label service has no body", _EXAMPLE)
        closing = self._closing(opening)
        languages, requests = self._asked(start, opening, closing)
        group = self._group(start)
        if group is None:
            raise self._fault(start, "SERVICE stands outside of all groups")
        end = self._closing(group)
        requests = requests or list(self._automatic(group))
        edits = [(self._at(start), self._at(closing) + 1, self._emptied(start, closing))]
        bindings = []
        inside = [*self.tokens[group:start], *self.tokens[closing + 1 : end]]
        for function, subject, target in requests:
            call = f'<{PREFIXES["f"]}{function}>({subject},"{",".join(languages)}")'
            told = [token for token in inside if _variable(token) == _name(target)]
            if told:  # whatever binds it there goes first
                own = self._fresh(target)
                edits += [(t.offset, t.offset + len(t.text), own) for t in told]
                call = f"COALESCE({own},{call})"
            bindings.append(f" BIND({call} AS {target})")
        edits.append((self._at(end), self._at(end), "".join(bindings) + " "))
        return sparql.edited(self.text, sorted(edits))

    def without_hints(self) -> str:
        """Return the text without hints for another engine, and with functions by our names."""
        edits: list[tuple[int, int, str]] = []
        skip = -1
        for index, token in enumerate(self.tokens):
            if index <= skip or token.kind not in {"name", "iri"}:
                continue
            name = self._iri(token)
            if name == _IS_SOME_VALUE and self._is("(", index + 1):
                end = token.offset + len(token.text)
                edits.append((token.offset, end, f"<{PREFIXES['f']}isSomeValue>"))
            elif name.startswith(_HINT) and index + 2 < len(self.tokens):
                skip = index + (3 if self._is(".", index + 3) else 2)
                edits.append((self._at(index), self._end(skip), self._blank(index, skip)))
        return sparql.edited(self.text, edits) if edits else self.text

    def _asked(self, start: int, opening: int, closing: int) -> tuple[list[str], list[_Request]]:
        """Return the languages in the order of preference, and what is asked for by name."""
        written: list[str] = []
        requests = []
        for subject, predicate, value in self._triples(opening + 1, closing):
            name = self._iri(predicate)
            if self._iri(subject) == _PARAMETER:
                if name == _LANGUAGE and value.kind == "string":
                    written.append(_words(value.text))
                elif name == _LANGUAGE:
                    raise self._wrong(value, "languages are given as a string", _EXAMPLE)
                continue
            if name not in _LABELS:
                what = "rdfs:label, skos:altLabel and schema:description"
                raise self._wrong(predicate, f"the label service gives {what} alone")
            if not _variable(value):
                raise self._wrong(value, "the label service binds a variable, and this is none")
            requests.append(_Request(_LABELS[name], subject.text, value.text))
        if not written:
            message = "You must provide the label service a list of languages."
            raise self._fault(start, message, _EXAMPLE)
        tags = (tag.strip() for each in written for tag in each.split(","))
        return [tag for tag in dict.fromkeys(tags) if _TAG.fullmatch(tag)], requests

    def _triples(self, start: int, stop: int) -> Iterator[tuple[Token, Token, Token]]:
        """Yield the triples of the body of a service: of single terms, with ; and , between."""
        terms: list[Token] = []
        for token in self.tokens[start:stop]:
            if token.text in {".", ";", ","} and token.kind == "mark":
                if len(terms) == 3:
                    yield terms[0], terms[1], terms[2]
                elif terms and len(terms) > (token.text == ";"):
                    raise self._wrong(token, "this is no triple")
                terms = terms[: {".": 0, ";": 1, ",": 2}[token.text]]
            elif len(terms) == 3:
                if token.kind == "word" and token.text[0] == "@":
                    continue  # "en"@en
                raise self._wrong(token, "the label service takes simple triples alone", _EXAMPLE)
            elif token.kind == "mark":
                raise self._wrong(token, "the label service takes simple triples alone", _EXAMPLE)
            else:
                terms.append(token)
        if len(terms) == 3:
            yield terms[0], terms[1], terms[2]
        elif len(terms) == 2:
            raise self._wrong(terms[1], "this is no triple")

    def _automatic(self, group: int) -> Iterator[_Request]:
        """Yield what the nearest SELECT around a group asks for by the ends of its variables."""
        select = self._select(group)
        depth = 0
        for token in self.tokens[select + 1 :] if select is not None else ():
            if token.text in {"(", ")"} and token.kind == "mark":
                depth += 1 if token.text == "(" else -1
            elif token.text == "{" or token.text.upper() in {"WHERE", "FROM"}:
                return
            elif depth == 0 and (name := _variable(token)):
                for suffix, function in _SUFFIXES.items():
                    subject = name.removesuffix(suffix)
                    if subject not in {name, ""}:
                        yield _Request(function, f"?{subject}", token.text)
                        break

    def _select(self, group: int) -> int | None:
        """Return the SELECT whose pattern a group is in, None if that is no SELECT."""
        around: int | None = group
        while around is not None:
            around = self._group(around)
            first = 0 if around is None else around + 1
            if around is not None:
                if self.tokens[first].text.upper() == "SELECT":
                    return first
                continue
            for index in range(group):
                if self._is("{", index):
                    return None
                if (
                    self.tokens[index].kind == "word"
                    and self.tokens[index].text.upper() == "SELECT"
                ):
                    return index
        return None

    def _group(self, index: int) -> int | None:
        """Return the bracket { around a token, None if there is none."""
        depth = 0
        for before in range(index - 1, -1, -1):
            if self._is("}", before):
                depth += 1
            elif self._is("{", before):
                if depth == 0:
                    return before
                depth -= 1
        return None

    def _closing(self, opening: int) -> int:
        depth = 0
        for index in range(opening, len(self.tokens)):
            if self._is("{", index):
                depth += 1
            elif self._is("}", index):
                depth -= 1
                if depth == 0:
                    return index
        raise self._fault(opening, "this bracket is not closed", "close the bracket {")

    def _service_name(self, index: int) -> Token | None:
        at = self._after_name(index) - 1
        return self.tokens[at] if at < len(self.tokens) else None

    def _after_name(self, index: int) -> int:
        following = self.tokens[index + 1].text.upper() if index + 1 < len(self.tokens) else ""
        return index + (3 if following == "SILENT" else 2)

    def _refuse(self, service: Token, name: str) -> None:
        """Refuse a service that only Wikidata's engine has; the others are for `kg.sparql`."""
        for namespace, prefix in _FEATURES.items():
            if name.startswith(namespace):
                short = f"{prefix}:{name.removeprefix(namespace)}"
                message = f"SERVICE {short} is of Wikidata's own query service, and is not here"
                raise self._wrong(service, message, "of its services there is wikibase:label")

    def _iri(self, token: Token | None) -> str:
        if token is None:
            return ""
        if token.kind == "iri":
            return token.text[1:-1]
        prefix, colon, local = token.text.partition(":")
        known = colon and token.kind == "name" and prefix in self.prefixes
        return self.prefixes[prefix] + local if known else ""

    def _is(self, mark: str, index: int) -> bool:
        if index >= len(self.tokens):
            return False
        return self.tokens[index].kind == "mark" and self.tokens[index].text == mark

    def _at(self, index: int) -> int:
        return self.tokens[index].offset

    def _end(self, index: int) -> int:
        return self._at(index) + len(self.tokens[index].text)

    def _blank(self, start: int, stop: int) -> str:
        """Return as much white space as there is text, the same lines of it."""
        return re.sub(r"[^\n]", " ", self.text[self._at(start) : self._end(stop)])

    def _emptied(self, start: int, stop: int) -> str:
        return f"{{{self._blank(start, stop)[1:-1]}}}"

    def _fresh(self, target: str) -> str:
        """Return a variable that is not there."""
        own = f"?{_name(target)}_told"
        while own[1:] in self.text:
            own += "_"
        return own

    def _fault(self, index: int, message: str, hint: str = "") -> BadQuery:
        return self._wrong(self.tokens[index], message, hint)

    def _wrong(self, token: Token, message: str, hint: str = "") -> BadQuery:
        return BadQuery(message, *sparql.place(self.text, token.offset), hint)


_EXAMPLE = 'write SERVICE wikibase:label { bd:serviceParam wikibase:language "pt,en" . }'


def _declared(found: Sequence[Token]) -> Mapping[str, str]:
    """Return the namespaces by their prefixes: those that are known, and those of the query."""
    declared: dict[str, str] = {}
    for index, token in enumerate(found[:-2]):
        if token.kind == "word" and token.text.upper() == "PREFIX":
            name, iri = found[index + 1 : index + 3]
            if name.text.endswith(":") and iri.kind == "iri":
                declared[name.text[:-1]] = iri.text[1:-1]
    return {**QUERY_PREFIXES, **declared} if declared else QUERY_PREFIXES


def _variable(token: Token) -> str:
    """Return the name of a variable, empty if a token is none."""
    return _name(token.text) if token.kind == "word" and token.text[0] in "?$" else ""


def _name(variable: str) -> str:
    return variable[1:]


def _words(literal: str) -> str:
    found = _LITERAL.fullmatch(literal)
    return found[2] if found else ""
