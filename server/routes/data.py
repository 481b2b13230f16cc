"""The data as a whole: where to have them, what they hold, and how to cite them.

Source: https://www.w3.org/TR/void/#well-known, https://signposting.org/FAIR/

`/data`: the data with their downloads, sizes, licences and citation: a page, or RDF by `Accept`.
Example: GET /data

`/data.<suffix>`: the same in one form: .html, .pt.html, .it.html, .ttl, .jsonld, .nt, .rdf, .trig.
Example: GET /data.ttl

`/.well-known/void`: the description of the data in VoID, DCAT and PROV, by `Accept`.
Example: GET /.well-known/void

`/citation.cff`: how to cite the data, as a file CITATION.cff.
Example: GET /citation.cff
"""

from itertools import groupby
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, request
from markupsafe import Markup, escape

from kg import Graph, catalogue, formats, words
from kg.catalogue import DATA, DOCUMENT_PREFIXES, Copy, File
from kg.errors import UnknownName, did_you_mean
from kg.exports import Export
from kg.formats import Form
from kg.terms import PREFIXES
from server import cards, documents, dumps, layout, representation
from server.documents import FORMS, HTML, LICENCE
from server.state import Served, served

bp = Blueprint("data", __name__)

_SCHEMA = "https://schema.org/"


@bp.get("/data")
def data() -> Response:
    """Show the data as a whole, in the form that is asked for."""
    form, language = representation.wanted(FORMS), layout.preferred()
    answer = _answer(form, language)
    where = documents.address("data", form, language)
    answer.headers["Content-Location"] = request.script_root + where
    answer.vary.update(["Accept", "Accept-Language"] if form is HTML else ["Accept"])
    return answer


@bp.get("/data.<suffix>")
def data_in_one_form(suffix: str) -> Response:
    """Show the data as a whole, in one form."""
    found = documents.read(f"data.{suffix}")
    if not found or found.name != "data":
        known = [documents.address("data", form) for form in FORMS]
        hint = did_you_mean(f"/data.{suffix}", known) or "there is " + ", ".join(known)
        raise UnknownName(f"there is no /data.{suffix}", hint=hint)
    return _answer(found.form, found.language)


@bp.get("/.well-known/void")
def void() -> Response:
    """Describe the data in RDF."""
    answer = _answer(representation.wanted(FORMS[1:]))
    answer.vary.add("Accept")
    return answer


@bp.get("/citation.cff")
def citation() -> Response:
    """Tell how to cite the data."""
    body = catalogue.citation(_copy(_with_texts()).build).encode()
    return representation.of(body, "application/yaml; charset=utf-8")


def _answer(form: Form[Any], language: str = "en") -> Response:
    here = _with_texts()
    body = _page(here, language) if form is HTML else _described(here, form)
    answer = representation.of(body, form.content_type)
    if form is HTML:
        answer.headers["Content-Language"] = language
    answer.headers["Link"] = _links()
    return answer


def _with_texts() -> Served:
    """Return what is served.

    Raises: UnknownName, if that is no build: then there is no text to tell of.
    """
    here = served()
    if not here.has_texts:
        hint = "/sparql answers queries"
        raise UnknownName("this copy serves other data than texts", hint=hint)
    return here


def _copy(here: Served) -> Copy:
    build = here.build
    return Copy(here.config.here.rstrip("/"), build, dumps.known(here.config.build / build))


def _described(here: Served, form: Form[Any]) -> bytes:
    graph, copy = here.graph, _copy(here)

    def make() -> bytes:
        triples = representation.kept("data", copy, lambda: [*catalogue.describe(graph, copy)])
        return formats.write(triples, form, DOCUMENT_PREFIXES)

    return representation.kept(f"data.{form.suffix}", copy, make)


def _page(here: Served, language: str) -> bytes:
    graph, copy = here.graph, _copy(here)

    def make() -> bytes:
        return layout.framed(
            "data.html",
            "data",
            language,
            forms=[[*files] for _, files in groupby(catalogue.files(copy), _name)],
            texts=graph.report["texts"],
            totals=catalogue.totals(graph),
            quads=graph.report["quads"],
            graphs=[cards.cell(graph, name, language) for name in _graphs(graph)],
            links=catalogue.links(graph),
            syntaxes=FORMS[1:],
            copy=copy,
            exported=_title,
            cite=catalogue.in_words(copy.build),
            bibtex=catalogue.bibtex(copy.build),
            for_search_engines=_for_search_engines(copy),
        ).encode()

    return representation.kept(f"data.{language}.html", (copy, request.script_root), make)


def _name(file: File) -> str:
    return file.export.name


def _title(export: Export, language: str) -> Markup:
    """Return what a form is in words; in English where the language has none for it."""
    key = f"export/{export.name}"
    if words.has(language, key):
        return escape(words.say(language, key))
    return Markup("<span lang=en>{}</span>").format(export.title)


def _graphs(graph: Graph) -> list[ox.NamedNode]:
    """Return the named graphs but for those of single claims, sorted."""
    named = (each for each in graph.store.named_graphs() if isinstance(each, ox.NamedNode))
    return sorted((each for each in named if each.value.startswith(PREFIXES["g"])), key=str)


def _for_search_engines(copy: Copy) -> dict[str, Any]:
    """Return the data as schema.org has it, which search engines for datasets read.

    Source: https://schema.org/Dataset
    """
    return {
        "@context": _SCHEMA,
        "@type": "Dataset",
        "@id": DATA.value,
        "name": catalogue.TITLES["en"],
        "description": catalogue.DESCRIPTIONS["en"],
        "url": copy.address("/data"),
        "identifier": DATA.value,
        "version": copy.build,
        "license": LICENCE,
        "creator": {"@type": "Organization", "name": catalogue.PUBLISHER},
        "inLanguage": sorted(catalogue.TITLES),
        "isAccessibleForFree": True,
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": file.export.media_type,
                "contentUrl": copy.address(f"/dump/{file.name}"),
            }
            for file in catalogue.files(copy)
            if not file.packed
        ],
    }


def _links() -> str:
    """Return the header Link: what the page is of, and where all of it can be had."""
    root = request.script_root
    links = [f'<{DATA.value}>; rel="cite-as"', f'<{_SCHEMA}Dataset>; rel="type"']
    links.append(f'<{LICENCE}>; rel="license"')
    links += documents.alternates("data", root)
    for file in dumps.table().values():
        if not file.packed:
            address = quote(f"{root}/dump/{file.name}")
            links.append(f'<{address}>; rel="item"; type="{file.media_type}"')
    return ", ".join(links)
