"""What programs that follow links should read, and what they should leave.

Source: https://www.rfc-editor.org/rfc/rfc9309, https://www.sitemaps.org/protocol.html

`/robots.txt`: what a crawler should not ask, and where the site map is.
Example: GET /robots.txt

`/sitemap.xml`: the address of every page: texts, claims, things, questions, rules, the ontology.
Example: GET /sitemap.xml
"""

from collections.abc import Iterable
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, current_app, request

from kg import resources
from kg.errors import UnknownName
from server import documents, representation
from server.state import Served, served

bp = Blueprint("crawlers", __name__)

MOST = 50_000  # addresses that a site map may have; where there are more, it is a map of maps
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Each answer is computed: a crawler that tries them all would take the time of others.
_COSTLY = ("/query?", "/sparql?", "/rdf-graph-store")


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers what not to ask."""
    here = served().config.here.rstrip("/")
    before = urlsplit(here).path
    lines = ["User-agent: *", *(f"Disallow: {before}{path}" for path in _COSTLY)]
    body = "\n".join([*lines, "", f"Sitemap: {here}/sitemap.xml", ""])
    return representation.of(body.encode(), "text/plain; charset=utf-8")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """List every page; where there are too many, list the parts of the list."""
    here = served()
    address = here.config.here.rstrip("/")
    pages = representation.kept("sitemap.xml", here.build, lambda: _pages(here))
    parts = range(1, 1 + -(-len(pages) // MOST))
    part = request.args.get("part")
    if part is None and len(parts) > 1:
        maps = (f"{address}/sitemap.xml?part={number}" for number in parts)
        return representation.of(_written("sitemapindex", "sitemap", maps), "application/xml")
    if part is not None and part not in map(str, parts):
        raise UnknownName(f"the site map has no part {part!r}", hint="/sitemap.xml lists them")
    start = (int(part or 1) - 1) * MOST
    found = (address + path for path in pages[start : start + MOST])
    return representation.of(_written("urlset", "url", found), "application/xml")


def _written(whole: str, each: str, addresses: Iterable[str]) -> bytes:
    lines = [f"<{each}><loc>{escape(address)}</loc></{each}>" for address in addresses]
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return "\n".join([head, f'<{whole} xmlns="{_SPACE}">', *lines, f"</{whole}>", ""]).encode()


def _pages(here: Served) -> list[str]:
    """Return the paths of all pages: those that always are there, then the documents of names."""
    if not here.has_texts:
        return ["/query"]
    # What takes more than a look is a service, and no page.
    rules = (
        rule
        for rule in current_app.url_map.iter_rules()
        if not rule.arguments and "POST" not in (rule.methods or ())
    )
    always = {rule.rule for rule in rules if "." not in rule.rule}
    return [*sorted(always), *map(documents.address, resources.names(here.graph))]
