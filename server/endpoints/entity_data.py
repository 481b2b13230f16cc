"""Entities as Wikibase tells them: what the texts say of each, in Wikidata's shape.

Source: https://www.mediawiki.org/wiki/Wikibase/EntityData

`/wiki/Special:EntityData/<file>`: an item or property as entity JSON (.json), or as RDF (.ttl,
.nt, .rdf or .jsonld), by its id at Wikidata, or without one by the name that it has here.
Example: GET /wiki/Special:EntityData/Q200085.json

`/entity/<id>`: leads to that, or to the page of a thing, by `Accept`.
"""

from hashlib import sha256
from http import HTTPStatus

from kg import formats
from kg.errors import did_you_mean
from kg.terms import BASE
from kg.wikibase.model import ID
from kg.wikibase.rdf import OURS
from server import answering, negotiate, wikidata
from server.exchange import Exchange, Methods
from server.problems import Problem
from server.service import Service
from server.wikidata import View

PATHS = ("/wiki/Special:EntityData/", "/entity/")
_METHODS = Methods("GET, HEAD, OPTIONS", "an entity is only read", "accept, if-none-match")
_JSON, _DEFAULT = "application/json", "json"
_RDF = {form.suffix: form for form in formats.GRAPH_SYNTAXES}
_FRESH = ("cache-control", "public, max-age=0, must-revalidate")
# The entity; its statements, their references, and the values of both; what else they name.
_OF_ENTITY = "<%s> ?claim ?statement . ?statement a wikibase:Statement ."
_SAID = f"{_OF_ENTITY} ?statement prov:wasDerivedFrom? ?said . ?said ?use ?node ."
_DESCRIBE = f"""
CONSTRUCT {{ ?node ?property ?value }} WHERE {{
  {{ VALUES ?node {{ <%s> }} ?node ?property ?value }}
  UNION {{ {_OF_ENTITY} ?statement prov:wasDerivedFrom? ?node . ?node ?property ?value }}
  UNION {{ {_SAID} FILTER(STRSTARTS(STR(?node), "{BASE}value/")) ?node ?property ?value }}
  UNION {{ {_SAID} ?node a wikibase:Item ; ?property ?value . FILTER(?property = rdfs:label) }}
}}
"""


async def answer(exchange: Exchange, service: Service) -> None:
    """Answer with a document, or lead to it.

    Raises: Problem; NoGraph, if nothing is built.
    """
    if await _METHODS.answered(exchange):
        return
    with service.watch.waiting(exchange):
        view = await wikidata.current(service)
    under = next(path for path in PATHS if exchange.path.startswith(path))
    asked = exchange.path.removeprefix(under)
    name, dot, suffix = asked.partition(".") if under == PATHS[0] else (asked, "", "")
    names = await view.names()
    if ID.fullmatch(name.upper()):
        name = name.upper()
    if name not in names:
        raise _unknown(name, names)
    if not dot:
        await _lead(exchange, service, name, names)
    elif names[name] != name:
        await _see(exchange, service, f"{PATHS[0]}{names[name]}.{suffix}")
    elif suffix == _DEFAULT:
        await _as_json(exchange, view, name)
    elif suffix in _RDF:
        await _as_rdf(exchange, service, view, name, suffix)
    else:
        offered = ", ".join(f".{each}" for each in (_DEFAULT, *_RDF))
        detail = f"an entity can be had as {offered}"
        raise Problem(HTTPStatus.NOT_FOUND, "no-entity", detail)


async def _lead(exchange: Exchange, service: Service, name: str, names: dict[str, str]) -> None:
    """Lead to the document that is wanted; people to the page of the thing, if it has one."""
    accept = exchange.negotiating(b"accept")
    forms = formats.GRAPH_SYNTAXES
    page = next((ours for ours, item in names.items() if item == names[name] != ours), "")
    if not page and not ID.fullmatch(name):
        page = name
    if page and negotiate.wants_page(accept, forms):
        await _see(exchange, service, f"/id/{page}", vary=True)
        return
    is_json = not accept or "*/*" in accept or _JSON in accept
    form = None if is_json else negotiate.choose(accept, forms)
    suffix = form.suffix if form else _DEFAULT
    await _see(exchange, service, f"{PATHS[0]}{names[name]}.{suffix}", vary=True)


async def _see(exchange: Exchange, service: Service, path: str, *, vary: bool = False) -> None:
    headers = [("location", service.path(path)), *([("vary", "Accept")] if vary else [])]
    await exchange.answer(HTTPStatus.SEE_OTHER, "", b"", headers)


async def _as_json(exchange: Exchange, view: View, name: str) -> None:
    body = await view.document(name)
    etag = f'W/"{sha256(body).hexdigest()[:24]}"'
    headers = [("etag", etag), ("vary", "Accept-Encoding"), _FRESH]
    if etag in exchange.header(b"if-none-match"):
        await exchange.answer(HTTPStatus.NOT_MODIFIED, "", b"", headers)
        return
    await exchange.answer(HTTPStatus.OK, _JSON, body, headers)


async def _as_rdf(
    exchange: Exchange, service: Service, view: View, name: str, suffix: str
) -> None:
    query = _DESCRIBE.replace("%s", OURS.of(name).value)
    job = service.job(query, view.state, graph=_RDF[suffix].name)
    key = sha256(f"{view.state.version}\0{name}\0{suffix}\0{exchange.packs}".encode()).digest()
    headers = (("etag", f'W/"{key.hex()[:24]}"'), ("vary", "Accept-Encoding"), _FRESH)
    if headers[0][1] in exchange.header(b"if-none-match"):
        await exchange.answer(HTTPStatus.NOT_MODIFIED, "", b"", headers)
        return
    await answering.send(exchange, service, job, headers)


def _unknown(name: str, names: dict[str, str]) -> Problem:
    hint = did_you_mean(name, names)
    detail = f"no text says anything of {name or 'nothing'}" + (f"; {hint}" if hint else "")
    return Problem(HTTPStatus.NOT_FOUND, "no-entity", detail)
