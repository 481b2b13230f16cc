"""The copy in one file: texts, claims and questions as the server draws them, and the whole graph.

The file opens from a disk and answers SPARQL in the browser. Each of its parts is the middle of a
page of the server: a link from one to another leads to the part, and a link to what is no part
asks the graph about it. What is shown is chosen by the fragment of the address alone, so all but
the query works without scripts.

Source: https://www.w3.org/TR/CSP3/#grammardef-hash-source
"""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from flask import render_template, request
from markupsafe import Markup, escape

from kg import Graph, exports, paths, questions, resources
from kg.errors import UnreadableInput
from kg.questions import Question
from kg.terms import BASE, PREFIXES, QUERY_PREFIXES, RDF, expand, shorten
from kg.words import say
from server import cards, documents, edition, overviews, pages
from server.documents import HTML
from server.state import Served

_HERE = Path(__file__).parent
_ENGINE, _WASM = (_HERE / "static/vendor" / name for name in ("offline.js", "oxigraph.wasm"))
_FONTS = _HERE / "static/vendor/fonts"
_SCRIPT = _HERE / "static/js/offline.js"
_OVERVIEWS = ("timeline", "map", "disagreements")  # that stand in the file; in the menu too
_LEVEL = 6  # of gzip: the best takes three times as long, and saves a thirtieth
_EXAMPLE = "SELECT ?who ?whom {\n  ?who cas:succeeded ?whom\n}"
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
# What only a server answers, what leads to other forms, and what is run.
_LEFT_OUT = re.compile(
    r'<section class="formats">.*?</section>|<form\b.*?</form>|<script\b.*?</script>', re.DOTALL
)
_EVIDENCE = re.compile(r'(<aside class="evidence"[^>]*>).*?(</aside>)', re.DOTALL)
_NAMES = "id|for|name|list|aria-labelledby|aria-describedby|aria-controls"  # attributes
_NAMED = re.compile(rf'(?<![\w-])({_NAMES})="([^"]+)"')
_PAINT = re.compile(r"url\(#([^)]+)\)")
_LINK = re.compile(r' href="([^"]*)"')
_FRAME = re.compile(r"/static/map/(\w+)\.svg")
_FONT = re.compile(r'url\("([^"]+\.woff2)"\)')
_CHECKED = re.compile(r"#([a-z][\w-]*)(?=:checked)")  # what the style sheet calls by its id


class Part(NamedTuple):
    """A part of the file, in one language.

    Attributes:
        anchor: by which it is led to.
        body: the middle of a page.
    """

    anchor: str
    body: Markup


class Edition(NamedTuple):
    """All that is there in one language of the interface.

    Attributes:
        language: of the interface.
        parts: texts first.
        overviews: the names of the pages over the whole graph among them.
        asked: title and anchor of each question.
        guards: the same of those whose answer must be empty, with the mistake.
    """

    language: str
    parts: tuple[Part, ...]
    overviews: tuple[str, ...]
    asked: tuple[tuple[str, str], ...]
    guards: tuple[tuple[str, str, str], ...]


def is_possible() -> bool:
    """Return whether the engine that answers in the browser was installed."""
    return _ENGINE.is_file() and _WASM.is_file()


def written(here: Served) -> bytes:
    """Return the file.

    Raises: UnreadableInput, if the engine was not installed.
    """
    if not is_possible():
        raise UnreadableInput(
            "the engine that answers in the browser was not installed",
            hint="install again with CASSIBILE_WEB=require, which tells what it lacks",
        )
    graph = here.graph
    asked = questions.read_questions(paths.ONTOLOGY / "questions")
    binders = [_Binder(here, asked, language) for language in documents.LANGUAGES]
    editions = [binder.edition() for binder in binders]
    frames = sorted(set[str]().union(*(binder.frames for binder in binders)))
    page = render_template(
        "single.html",
        editions=editions,
        languages=documents.LANGUAGES,
        text=cards.texts(graph)[0],
        titles=[cards.text(graph, name).title for name in cards.texts(graph)],
        example=_EXAMPLE,
        policy=policy(),
        style=_raw(_style()),
        scripts=[_raw(script) for script in _scripts()],
        frames=_raw("\n".join(map(_frame, frames))),
        wasm=_packed(_WASM.read_bytes()),
        quads=_packed(_quads(graph)),
        data=_raw(_as_json(_told(graph))),
    )
    return page.encode()


@cache
def policy() -> str:
    """Return what the file may do: run its own scripts and the engine, and load nothing."""
    allowed = " ".join(_digest(script) for script in _scripts())
    return (
        f"default-src 'none'; script-src {allowed} 'wasm-unsafe-eval'; "
        f"style-src {_digest(_style())}; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


class _Binder:
    """Puts the parts in one language together.

    Attributes:
        frames: the names of the base maps that they use.
    """

    def __init__(self, here: Served, asked: Sequence[Question], language: str) -> None:
        self._here = here
        self._asked = asked
        self._language = language
        self._leads: dict[str, str] = {}  # by link: most are met again
        self.frames: set[str] = set()
        graph = here.graph
        self._claims = {
            name: [
                *(claim.name for claim in edition.edition(graph, name, language).claims),
                *(rival.marker.name for rival in edition.rivals(graph, name, language)),
            ]
            for name in cards.texts(graph)
        }
        # By the paths of pages, which tell where a link leads.
        self._anchors = {
            **{f"text/{name}": self._anchor("text", name) for name in self._claims},
            **{f"questions/{each.name}": self._anchor("ask", each.name) for each in asked},
            **{name: self._anchor(name) for name in (*_OVERVIEWS, "questions", "query")},
            **{
                f"text/{text}/claim/{claim}": self._anchor("claim", text, claim)
                for text, claims in self._claims.items()
                for claim in claims
            },
        }
        self._anchors["read"] = self._anchors[""] = self._anchor("text", next(iter(self._claims)))

    def edition(self) -> Edition:
        """Return all parts."""
        language = self._language
        ask = {each.name: self._anchor("ask", each.name) for each in self._asked}
        return Edition(
            language,
            tuple(self._parts()),
            _OVERVIEWS,
            tuple((q.titles[language], ask[q.name]) for q in self._asked if not q.guards),
            tuple(
                (q.titles[language], ask[q.name], q.guards[language])
                for q in self._asked
                if q.guards
            ),
        )

    def _parts(self) -> Iterator[Part]:
        here, language = self._here, self._language
        for name in self._claims:
            body = self._middle(f"text/{name}", self._page(f"text/{name}"))
            shown = self._close(name) + "".join(self._cards(name))
            body = _EVIDENCE.sub(lambda found: f"{found[1]}{shown}{found[2]}", body, count=1)  # noqa: B023
            yield Part(self._anchors[f"text/{name}"], _raw(body))
        for name in _OVERVIEWS:
            drawn = overviews.page(name, here, language)
            assert isinstance(drawn, str), "nothing was asked that could be wrong"
            yield Part(self._anchors[name], _raw(self._middle(name, drawn)))
        for each in self._asked:
            name = f"questions/{each.name}"
            yield Part(self._anchors[name], _raw(self._middle(name, self._page(name))))

    def _page(self, name: str) -> str:
        return pages.page(self._here, resources.find(self._here.graph, name), self._language)

    def _middle(self, name: str, page: str) -> str:
        found = _MAIN.search(page)
        assert found, "each page has a middle"
        return self._bound(_LEFT_OUT.sub("", found[1]), self._anchors[name])

    def _close(self, text: str) -> str:
        words = say(self._language, "page/close")
        return f'<a class="button close" href="#{self._anchors[f"text/{text}"]}">{words}</a>\n'

    def _cards(self, text: str) -> Iterator[str]:
        """Yield the evidence card of each claim of a text."""
        for claim in self._claims[text]:
            card = edition.card(self._here.graph, text, claim, self._language)
            drawn = render_template("card-alone.html", card=card, language=self._language)
            anchor = self._anchor("claim", text, claim)
            bound = self._bound(drawn, anchor)
            yield f'<div class="sheet" id="{anchor}" data-claim="{claim}">{bound}</div>\n'

    def _bound(self, body: str, anchor: str) -> str:
        """Return a part whose names are its own, and whose links lead to other parts."""
        body = _NAMED.sub(lambda found: f'{found[1]}="{_own(anchor, found[2])}"', body)
        body = _PAINT.sub(lambda found: f"url(#{anchor}-{found[1]})", body)
        return _LINK.sub(lambda found: self._lead(found[1], anchor), body)

    def _lead(self, link: str, anchor: str) -> str:
        """Return the attributes of a link in a part; none, if it leads to nothing that is here."""
        if link.startswith("#"):
            return f' href="#{anchor}-{link[1:]}"'
        found = self._leads.get(link)
        if found is None:
            found = self._leads[link] = self._lead_out(unescape(link))
        return found

    def _lead_out(self, link: str) -> str:
        """Return the same of a link that leads out of the part."""
        if not link.startswith(f"{request.script_root}/"):
            return f' href="{escape(link)}"'
        path, asked, place = urlsplit(link.removeprefix(request.script_root))[2:]
        if frame := _FRAME.fullmatch(path):
            self.frames.add(frame[1])
            return f' href="#map-{frame[1]}-{place}"'
        document = documents.read(unquote(path[1:]))
        name = document.name if document else unquote(path[1:])
        found = self._anchors.get(name)
        if name == "query" and (query := parse_qs(asked).get("q")):
            return f' href="#{found}" data-query="{escape(query[0])}"'
        if (document and document.form is not HTML) or asked:
            return ""
        if found:
            is_claim = "/claim/" in name
            return "" if is_claim and place else f' href="#{found}{place and f"-{place}"}"'
        if not resources.is_known(self._here.graph, name):
            return ""
        about = f"{BASE}{name}{place and f'#{place}'}"
        return f' href="#{self._anchors["query"]}" data-about="{escape(about)}"'

    def _anchor(self, *names: str) -> str:
        return "-".join((self._language, *names))


def _own(anchor: str, names: str) -> str:
    return " ".join(f"{anchor}-{name}" for name in names.split())


def _raw(text: str) -> Markup:
    return Markup(text)  # noqa: S704 drawn by templates, ours, or JSON without <


@cache
def _scripts() -> tuple[str, ...]:
    """Return the engine and what asks it."""
    return tuple(path.read_text(encoding="utf-8") for path in (_ENGINE, _SCRIPT))


@cache
def _style() -> str:
    """Return the style sheet of the server, then what only this file needs, with its fonts."""
    files = sorted((_HERE / "styles").glob("*.css"), key=lambda path: (path.stem != "base", path))
    sheet = "".join(path.read_text(encoding="utf-8") for path in files)
    # The same thing is there once a language, each by a name of its own.
    sheet = _CHECKED.sub(r'[id$="-\1"]', sheet)
    fonts = (_FONTS / "fonts.css").read_text(encoding="utf-8")
    fonts = _FONT.sub(lambda found: f'url("{_as_url(_FONTS / found[1])}")', fonts)
    own = render_template("single.css", languages=documents.LANGUAGES)
    # What comes with the page cannot come late.
    return f"{fonts.replace('font-display: optional', 'font-display: block')}{sheet}{own}"


def _as_url(font: Path) -> str:
    return f"data:font/woff2;base64,{b64encode(font.read_bytes()).decode()}"


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _frame(name: str) -> str:
    """Return the shapes of a base map, by names that no part has."""
    drawn = (_HERE / f"static/map/{name}.svg").read_text(encoding="utf-8")
    shapes = re.findall(r"<path\b[^>]*/>", drawn)
    return "\n".join(shape.replace(' id="', f' id="map-{name}-') for shape in shapes)


def _quads(graph: Graph) -> bytes:
    """Return all graphs, as the export has them."""
    out = BytesIO()
    exports.named("nquads").write(graph, out)
    return out.getvalue()


def _packed(content: bytes) -> str:
    return b64encode(gzip.compress(content, _LEVEL, mtime=0)).decode()


def _as_json(value: object) -> str:
    """Return JSON that may stand in a script element, which `</script>` would end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")


def _told(graph: Graph) -> Mapping[str, object]:
    """Return what the script is told: prefixes, and what things are called in each language."""
    names = (name for name in resources.names(graph) if resources.kind_of(name) != "fact")
    terms = {RDF.type, *map(expand, graph.names)} | {expand(f"<{BASE}{name}>") for name in names}
    labels = {
        shorten(term): [cards.cell(graph, term, each).label for each in documents.LANGUAGES]
        for term in sorted(terms, key=str)
    }
    return {
        "languages": documents.LANGUAGES,
        "prefixes": PREFIXES,
        "known": QUERY_PREFIXES,
        "base": BASE,
        "labels": {name: said for name, said in labels.items() if set(said) != {name}},
    }
