"""What is around every page: its forms, its languages, itself as schema.org."""

import json
from collections.abc import Hashable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
from flask import current_app, render_template, request
from markupsafe import Markup, escape

from kg import Graph, resources, words
from kg.resources import Resource
from kg.store import kept
from kg.terms import BASE, PREFIXES, RDFS, SKOS, expand
from server import documents

_SCHEMA = "https://schema.org/"
_PIECES = 2_000  # some 1 kB each
_SAME = tuple(f"{PREFIXES['skos']}{match}" for match in ("exactMatch", "closeMatch"))


def drawn(template: str, graph: Graph, resource: Resource, language: str, **about: Any) -> str:
    """Return a page of a name, from a template that is given what every page is given."""
    given = {
        **_around(),
        "language": language,
        "resource": resource,
        "summary": _summary(graph, resource.path),
        **_links(resource.path, language),
        **about,
    }
    # What Flask does around it, takes a tenth of a small page.
    return current_app.jinja_env.get_template(template).render(given)


def framed(template: str, name: str, language: str, **about: Any) -> str:
    """Return the page over the whole graph that has that name, from a template."""
    # As it came, but for what an address may not have: some clients escape little.
    asked = quote(request.query_string, safe="!$&'()*+,;=:@/?%-._~")
    head, languages = _languages(name, language, f"?{asked}" if asked else "")
    canonical = escape(f"{request.script_root}/{name}")
    head.insert(0, f'<link rel="canonical" href="{canonical}">')
    return render_template(
        template,
        menu=name,
        language=language,
        alternates=Markup("\n".join(head)),  # noqa: S704 as below
        in_languages=Markup("\n".join(languages)),  # noqa: S704 as below
        **about,
    )


def _links(path: str, language: str) -> dict[str, Markup]:
    """Return the links to the other forms and languages, for the head of a page and its body.

    Written here, because loops of a template would take a third of the time of a small page.
    """
    begin, forms, in_forms = _forms(path, request.script_root)
    page = f"{begin}{documents.ending(documents.HTML, language)}"
    in_head, languages = _languages(path, language)
    head = [f'<link rel="canonical" href="{page}">', *forms, *in_head]
    return {  # nosec: all that is not ours is escaped or quoted
        "alternates": Markup("\n".join(head)),  # noqa: S704
        "in_forms": in_forms,
        "in_languages": Markup("\n".join(languages)),  # noqa: S704
    }


@lru_cache(maxsize=50)  # they are the same in every language
def _forms(path: str, root: str) -> tuple[str, list[str], Markup]:
    """Return where the documents of a name begin, and the links to its other forms."""
    begin = escape(root + documents.begin(path))
    head, body = [], []
    for form in documents.FORMS[1:]:
        about = f'type="{form.media_type}" href="{begin}{documents.ending(form)}"'
        head.append(f'<link rel="alternate" {about} title="{form.title}">')
        body.append(f"<a {about}>{form.title}</a>")
    return begin, head, Markup(" · ".join(body))  # noqa: S704 as in _links


def _languages(path: str, language: str, asked: str = "") -> tuple[list[str], list[str]]:
    """Return the links to a page in each language: for the head, and for its body."""
    begin, after = escape(request.script_root + documents.begin(path)), escape(asked)
    head, body = [], []
    for code in documents.LANGUAGES:
        ending = documents.ending(documents.HTML, code)
        about = f'hreflang="{code}" href="{begin}{ending}{after}"'
        head.append(f'<link rel="alternate" {about}>')
        current = ' aria-current="true"' if code == language else ""
        name = words.say(code, "page/language")
        body.append(
            f'<a lang="{code}" {about}{current}><abbr title="{name}">{code.upper()}</abbr></a>'
        )
    return head, body


def policy(ancestors: str = "'self'") -> str:
    """Return what a page may do: load what is here, and run nothing that is written in it.

    `ancestors` are the pages of others in which it may stand.
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {ancestors}"
    )


def preferred() -> str:
    """Return the language that the request prefers of those there are; pt-BR is taken for pt."""
    wanted = (
        tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality
    )
    return next((each for each in wanted if each in documents.LANGUAGES), "en")


def around() -> dict[str, Any]:
    """Return what every template is given: a language, where the pages begin, and their fonts.

    There are none where the web interface was installed without the parts of others.
    """
    return {"language": preferred(), **_around()}


def _around() -> dict[str, Any]:
    fonts = _fonts()
    return {"root": request.script_root, "bundle": bool(fonts), "fonts": fonts}


@cache
def _fonts() -> list[str]:
    folder = Path(__file__).with_name("static") / "vendor"
    if not (folder / "manifest.json").is_file():
        return []
    return sorted(path.name for path in folder.glob("fonts/*-wght-normal.woff2"))


def part(template: str, language: str, menu: str = "") -> Markup:
    """Return what is the same on many pages."""
    return _part(template, language, menu, request.script_root)


def piece(template: str, language: str, about: Hashable, **flags: bool) -> Markup:
    """Return a part that tells of one thing, drawn once for all pages that have it.

    The template is given the language, the thing as `about`, and the flags.
    """
    return _piece(template, language, request.script_root, about, *flags.items())


@lru_cache(_PIECES)
def _piece(
    template: str, language: str, root: str, about: Hashable, *flags: tuple[str, bool]
) -> Markup:
    found = current_app.jinja_env.get_template(template)
    drawn = found.render(language=language, root=root, about=about, **dict(flags))
    return Markup(drawn.rstrip("\n"))  # noqa: S704 a template has escaped it


@lru_cache(maxsize=100)
def _part(template: str, language: str, menu: str, root: str) -> Markup:
    drawn = render_template(template, language=language, menu=menu, root=root)
    return Markup(drawn.rstrip("\n"))  # noqa: S704 a template has escaped it


@kept(50)  # it is the same in every language
def _summary(graph: Graph, path: str) -> Markup:
    """Return the name as schema.org has it, to stand in a page.

    Source: https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents
    """
    resource = resources.find(graph, path)
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
