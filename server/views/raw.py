"""An answer as programs read it: triples in Turtle, all else in JSON, a line a row."""

import json
from typing import Any

import pyoxigraph as ox
from flask import render_template
from markupsafe import Markup

from kg import formats
from kg.store import Term
from kg.terms import PREFIXES, XSD
from server.state import Served
from server.views import Answer

PLACE = 5


def find(here: Served, answer: Answer, language: str) -> str:  # noqa: ARG001 each is given it
    """Return the answer as text.

    Source: https://www.w3.org/TR/sparql12-results-json/
    """
    if answer.kind == "triples":
        turtle = formats.named("turtle", formats.GRAPH_SYNTAXES)
        triples = [ox.Triple(*row) for row in answer.rows]  # type: ignore[arg-type]
        used = {prefix: iri for prefix, iri in PREFIXES.items() if _uses(triples, iri)}
        return formats.write(triples, turtle, used).decode()
    if answer.kind == "boolean":
        return json.dumps({"head": {}, "boolean": answer.verdict})
    bindings = ",\n".join(
        "    "
        + json.dumps(
            {
                name: _json(term)
                for name, term in zip(answer.columns, row, strict=True)
                if term is not None
            },
            ensure_ascii=False,
        )
        for row in answer.rows
    )
    head = json.dumps({"vars": answer.columns}, ensure_ascii=False)
    return f'{{\n  "head": {head},\n  "results": {{ "bindings": [\n{bindings}\n  ] }}\n}}'


def suits(answer: Answer) -> bool:  # noqa: ARG001 each is given it
    """Return that nothing is best read by programs on a page for people."""
    return False


def drawn(here: Served, answer: Answer, language: str) -> Markup:
    """Return the text."""
    text = find(here, answer, language)
    return Markup(render_template("view-raw.html", text=text, language=language))  # noqa: S704


def _uses(triples: list[ox.Triple], iri: str) -> bool:
    return any(f"<{iri}" in str(triple) for triple in triples)


def _json(term: Term) -> dict[str, Any]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, ox.Triple):
        sides = zip(("subject", "predicate", "object"), term, strict=True)
        return {"type": "triple", "value": {side: _json(value) for side, value in sides}}
    about = {"type": "literal", "value": term.value}
    if term.language:
        return {**about, "xml:lang": term.language}
    return about if term.datatype == XSD.string else {**about, "datatype": term.datatype.value}
