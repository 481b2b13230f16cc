"""Every name of the graph, as a document.

`/<path>`: a name of the graph, which leads to its document by `Accept`; with a suffix the document
in one form: `.html` (`.pt.html`, `.it.html`), `.ttl`, `.jsonld`, `.nt`, `.rdf` or `.trig`.
Example: GET /id/badoglio.ttl
"""

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from kg import resources
from kg.formats import Form
from server import documents, layout, pages, representation
from server.documents import HTML
from server.state import Served, served

bp = Blueprint("things", __name__)

# A vocabulary is a document itself, and its terms are places in it.
_OWN_DOCUMENTS = frozenset({"ontology", "shapes", "alignments"})


@bp.get("/<path:path>")
def thing(path: str) -> ResponseReturnValue:
    """Lead from a name to its document, or answer with the document."""
    here = served()
    found = documents.read(path)
    if found:
        return _document(here, found.name, found.form, found.language)
    if not resources.is_known(here.graph, path):
        resources.find(here.graph, path)  # which raises, with the nearest names
    return _negotiated(here, path)


def _negotiated(here: Served, name: str) -> Response:
    """Lead to the document that the request prefers; a vocabulary is answered at once."""
    form = representation.wanted(documents.FORMS)
    language = layout.preferred()
    # Without a host, so that nothing in a request can bend it.
    where = request.script_root + documents.address(name, form, language)
    if name in _OWN_DOCUMENTS:
        answer = _document(here, name, form, language)
        answer.headers["Content-Location"] = where
    else:
        answer = Response(status=HTTPStatus.SEE_OTHER)
        answer.autocorrect_location_header = False
        answer.headers["Location"] = where
    answer.vary.update(["Accept", "Accept-Language"] if form is HTML else ["Accept"])
    return answer


def _document(here: Served, name: str, form: Form[Any], language: str) -> Response:
    graph = here.graph
    answer = Response()
    representation.tag(answer, _tag(here, documents.address(name, form, language)))
    if resources.is_known(graph, name):
        answer.make_conditional(request)
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            return answer
    resource = resources.find(graph, name)
    answer.headers["Link"] = ", ".join(documents.links(resource, request.script_root))
    answer.data = pages.written(here, resource, form, language)
    answer.content_type = form.content_type
    if form is HTML:
        answer.headers["Content-Language"] = language
    return answer


def _tag(here: Served, address: str) -> str:
    """Return a tag of what a document is made of: the build, this code, and what is asked."""
    made_of = [here.build, _code(), here.config.here, request.script_root, address]
    return sha256("\n".join(made_of).encode()).hexdigest()[:20]


@cache
def _code() -> str:
    """Return a digest of what draws the pages."""
    folder = Path(__file__).parents[1]
    digest = sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.glob("templates/*.html")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
