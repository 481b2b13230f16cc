"""The documents of a name: their forms, and where each is.

A document is where its name is, with a suffix: `/id/badoglio` is the man, `/id/badoglio.ttl` what
is told of him in Turtle, `/id/badoglio.html` a page in English, `/id/badoglio.pt.html` the same in
Portuguese. Each suffix is one fixed form, so that a folder of files can be served in its place.

Source: https://www.w3.org/TR/cooluris/
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from kg import formats, words
from kg.formats import Form
from kg.resources import Resource
from kg.terms import BASE

LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
HTML: Form[Any] = Form("html", "HTML", "html", ("text/html", "application/xhtml+xml"), None)
# In the order in which equals are preferred.
_SYNTAXES = ("turtle", "jsonld", "ntriples", "rdfxml", "trig")
FORMS = (HTML, *(formats.named(name, formats.RDF_SYNTAXES) for name in _SYNTAXES))
_BY_SUFFIX = {form.suffix: form for form in FORMS} | {
    "json": formats.named("jsonld", formats.RDF_SYNTAXES)
}
LANGUAGES = ("en", *(each for each in words.languages() if each != "en"))
_DOCUMENT = re.compile(
    rf"(.+?)(?:\.({'|'.join(LANGUAGES)})(?=\.html$))?\.({'|'.join(_BY_SUFFIX)})"
)


class Document(NamedTuple):
    """A form of what is told of a name.

    Attributes:
        name: path of the name.
        form: HTML or an RDF syntax.
        language: of a page.
    """

    name: str
    form: Form[Any]
    language: str


def read(path: str) -> Document | None:
    """Return the document that a path names; None if it has none of the suffixes.

    >>> read("id/badoglio.pt.html").language, read("ontology/0.1.0")
    ('pt', None)
    """
    found = _DOCUMENT.fullmatch(path)
    return found and Document(found[1], _BY_SUFFIX[found[3]], found[2] or "en")


def address(name: str, form: Form[Any] = HTML, language: str = "en") -> str:
    """Return where a document is, from the root of the server.

    >>> address("id/badoglio"), address("id/badoglio", language="pt")
    ('/id/badoglio.html', '/id/badoglio.pt.html')
    """
    return begin(name) + ending(form, language)


def begin(name: str) -> str:
    """Return where the documents of a name are, up to their suffixes."""
    return "/" + quote(name)


def ending(form: Form[Any], language: str = "en") -> str:
    """Return the suffix of a document, with the language before it unless it is English."""
    return f".{language}.html" if form is HTML and language != "en" else f".{form.suffix}"


def page_of(iri: str, language: str = "en") -> str:
    """Return where the page of an IRI is: ours from the root of the server, others themselves.

    >>> page_of("https://w3id.org/cassibile/ontology#Person")
    '/ontology.html#Person'
    >>> page_of("http://www.wikidata.org/entity/Q42"), page_of("urn:x")
    ('http://www.wikidata.org/entity/Q42', '')
    """
    if iri.startswith(BASE):
        name, hash_, place = iri.removeprefix(BASE).partition("#")
        return address(name, language=language) + hash_ + quote(place)
    return iri if iri.startswith(("http://", "https://")) else ""


def links(resource: Resource, root: str) -> Iterator[str]:
    """Yield the values of the header Link, with addresses below a root.

    Source: https://signposting.org/FAIR/
    """
    yield f'<{_escaped(resource.iri.value)}>; rel="cite-as"'
    for each in resource.types[:8]:  # 4 kB of all headers is what clients read
        yield f'<{_escaped(each.value)}>; rel="type"'
    yield f'<{LICENCE}>; rel="license"'
    yield f'<{BASE}data>; rel="collection"'
    yield from alternates(resource.path, root)


def alternates(name: str, root: str) -> Iterator[str]:
    """Yield those of them that lead to the forms of a document."""
    for form in FORMS:
        kind = "alternate" if form is HTML else "describedby alternate"
        yield f'<{root}{address(name, form)}>; rel="{kind}"; type="{form.media_type}"'


def _escaped(iri: str) -> str:
    return quote(iri, safe=":/?#[]@!$&'()*+,;=%~")
