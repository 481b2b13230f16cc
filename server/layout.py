"""What is around the page of every name: its forms, its languages, itself as schema.org."""

import json
from typing import Any

import pyoxigraph as ox
from flask import render_template, request
from markupsafe import Markup

from kg import Graph, words
from kg.resources import Resource
from kg.terms import BASE, PREFIXES, RDFS, SKOS, expand
from server import documents

_SCHEMA = "https://schema.org/"
_SAME = tuple(f"{PREFIXES['skos']}{match}" for match in ("exactMatch", "closeMatch"))


def drawn(template: str, graph: Graph, resource: Resource, language: str, **about: Any) -> str:
    """Return a page of a name, from a template that is given what every page is given."""
    path, root = resource.path, request.script_root
    return render_template(
        template,
        resource=resource,
        language=language,
        forms=[
            (form.title, form.media_type, root + documents.address(path, form))
            for form in documents.FORMS
            if form is not documents.HTML
        ],
        languages=[
            (code, words.say(code, "page/language"), root + documents.address(path, language=code))
            for code in documents.LANGUAGES
        ],
        page=root + documents.address(path, language=language),
        summary=_summary(graph, resource),
        **about,
    )


def _summary(graph: Graph, resource: Resource) -> Markup:
    """Return the name as schema.org has it, to stand in a page.

    Source: https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents
    """
    own = [triple for triple in resource.triples if triple.subject == resource.iri]
    names = [t.object for t in own if t.predicate in {SKOS.prefLabel, RDFS.label}]
    about: dict[str, Any] = {
        "@context": _SCHEMA,
        "@id": resource.iri.value,
        "@type": _types(graph, resource) or ["Thing"],
        "additionalType": [each.value for each in resource.types],
        "name": [
            {"@value": n.value, **({"@language": n.language} if n.language else {})}
            for n in names
            if isinstance(n, ox.Literal)
        ],
        "sameAs": [
            t.object.value
            for t in own
            if t.predicate.value in _SAME and isinstance(t.object, ox.NamedNode)
        ],
        "license": documents.LICENCE,
        "subjectOf": {"@type": "Dataset", "@id": f"{BASE}data"},
    }
    text = json.dumps({key: value for key, value in about.items() if value}, ensure_ascii=False)
    # Inside a script element nothing is escaped, and `</script>` would end it.
    return Markup(text.replace("<", r"\u003c"))  # noqa: S704 it is JSON without <


def _types(graph: Graph, resource: Resource) -> list[str]:
    """Return the types of schema.org that our alignments give, sorted."""
    found = {
        quad.object.value.removeprefix(_SCHEMA)
        for each in resource.types
        for quad in graph.store.quads_for_pattern(each, None, None, expand("g:alignments"))
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(_SCHEMA)
    }
    return sorted(found)
