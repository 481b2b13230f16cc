"""A query and its answer: a field for SPARQL, what is asked, and the ways to look at the answer.

The address is the whole state: `q` is the query, `graph` what it asks about, `view` how its answer
is looked at. With `embed` there is the answer alone, to stand in the pages of others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from kg import Graph, catalogue, formats, paths
from kg.errors import BadQuery
from kg.positions import tokens
from kg.questions import Question, read_questions
from kg.store import kept
from kg.terms import CAS, PREFIXES, expand
from kg.words import number, say
from server import diagnosis, documents, layout, scopes, snippets, views
from server.diagnosis import Mistake, Nothing
from server.problems import Problem
from server.scopes import Scope
from server.state import Served
from server.views import Answer, Shown

_EXAMPLE = "SELECT ?who ?whom {\n  ?who cas:succeeded ?whom\n}"
_OTHER_DATA = "SELECT * {\n  ?s ?p ?o\n}\nLIMIT 10"
_OWN = ("cas", "id", "text", "g")  # the prefixes that are told of; the rest are the usual ones
# What the editor says, by the message that says it.
_PHRASES = {
    "Find": "find",
    "Replace": "replace",
    "next": "next",
    "previous": "previous",
    "all": "all",
    "match case": "case",
    "regexp": "regexp",
    "by word": "word",
    "replace": "replace-one",
    "replace all": "replace-all",
    "close": "close",
    "Completions": "completions",
    "Diagnostics": "diagnostics",
    "No diagnostics": "none",
    "Go to line": "line",
    "go": "go",
}
_VERSION = 16  # digits of the digest of a build, enough to tell it from all others


class _Asked(NamedTuple):
    """What a request asks for."""

    query: str
    scope: Scope
    view: str


@dataclass(frozen=True, slots=True)
class _Answered:
    """What the page tells of an answer.

    Attributes:
        shown: the answer in one of its views.
        tabs: each view with its path, and why it cannot be drawn.
        figures: how many rows, in words; empty where they are not counted.
        cut: that not all are shown, in words; else empty.
        scope: what was asked, in words.
        graphs: that were asked.
        misspelt: names that are not in the graph, each with the nearest or an empty string.
        nothing: why there are no rows; None if there are any.
        downloads: title and path of each form.
        snippets: the same in the languages of programs.
        embed: a line of HTML.
        cited: how to cite it.
        path: of the page with the query.
    """

    shown: Shown
    tabs: tuple[tuple[str, str, str], ...]
    figures: str
    cut: str
    scope: str
    graphs: tuple[str, ...]
    misspelt: tuple[tuple[str, str], ...]
    nothing: Nothing | None
    downloads: tuple[tuple[str, str], ...]
    snippets: tuple[tuple[str, str], ...]
    embed: str
    cited: str
    path: str


def page(here: Served, language: str) -> ResponseReturnValue:
    """Return the page with the query, and its answer if there is one.

    Raises: BadQuery, if there is no such view, or nothing of that name to ask about.
    """
    asked = _asked(here, language)
    if not asked.query.strip():
        return _framed(
            here, asked._replace(query=_first(here)), language, **_example(here, language)
        )
    try:
        scope = asked.scope
        found = here.page(asked.query, request.remote_addr or "", *scope.dataset)
    except BadQuery as error:
        return _refused(here, asked, diagnosis.of_error(asked.query, error, language), language)
    except Problem as problem:
        return _refused(
            here, asked, diagnosis.of_problem(asked.query, problem, language), language
        )
    answer = views.of_page(asked.query, found, here.config.most_rows, scope.keys)
    answered = _answered(here, asked, answer, language)
    if "embed" in request.args:
        return _embedded(asked, answered, language)
    return _framed(
        here, asked, language, answered=answered, nearest=_nearest(here, asked, answered)
    )


def _asked(here: Served, language: str) -> _Asked:
    view = request.args.get("view", "")
    views.check(view)
    scope = scopes.find(here.graph, request.args.get("graph", ""), language)
    # A form sends CR LF.
    return _Asked(request.args.get("q", "").replace("\r\n", "\n"), scope, view)


def _first(here: Served) -> str:
    return _EXAMPLE if here.has_texts else _OTHER_DATA


def _example(here: Served, language: str) -> dict[str, Any]:
    """Return the answer to the example; of other data there is none, since they may be large."""
    if not here.has_texts:
        return {}
    solutions = here.graph.query(_EXAMPLE)
    assert isinstance(solutions, ox.QuerySolutions), "it is a SELECT"
    asked = _Asked(_EXAMPLE, scopes.find(here.graph, "", language), "")
    most = here.config.most_rows
    answer = views.of_solutions(_EXAMPLE, solutions, most, asked.scope.keys)
    return {"answered": _answered(here, asked, answer, language), "is_example": True}


def _framed(here: Served, asked: _Asked, language: str, **about: Any) -> str:
    known = read_questions(paths.ONTOLOGY / "questions") if here.has_texts else []
    return layout.framed(
        "query.html",
        "query",
        language,
        asked=asked,
        scopes=scopes.scopes(here.graph, language),
        examples=[
            (each.titles[language], _path(each.shown(language), language=language))
            for each in known
            if not each.guards
        ],
        phrases={
            phrase: say(language, f"page/editor-{name}") for phrase, name in _PHRASES.items()
        },
        prefixes=PREFIXES,
        words=_words(here.graph, language) if here.has_texts else [],
        own_prefixes=", ".join(f"{prefix}:" for prefix in _OWN if here.has_texts),
        **about,
    )


@kept(len(documents.LANGUAGES))
def _words(graph: Graph, language: str) -> list[tuple[str, str]]:
    """Return the terms of the vocabulary, each with its name in a language."""
    terms = (f"cas:{name}" for name in sorted(CAS.names))
    return [(term, graph.label(expand(term), language)) for term in terms]


def _refused(here: Served, asked: _Asked, mistake: Mistake, language: str) -> Response:
    """Return the page that tells what is wrong, with the status of the endpoint's own answer."""
    page = _framed(here, asked, language, mistake=mistake)
    problem = mistake.problem
    return Response(page, problem.status, problem.headers, mimetype=documents.HTML.media_type)


def _embedded(asked: _Asked, answered: _Answered, language: str) -> Response:
    """Return the answer alone, which may stand in the pages of others."""
    about = {"asked": asked, "answered": answered}
    answer = Response(render_template("query-embed.html", language=language, **about))
    answer.headers["Content-Security-Policy"] = layout.policy(ancestors="*")
    return answer


def _answered(here: Served, asked: _Asked, answer: Answer, language: str) -> _Answered:
    wanted = asked.view or views.of_query(asked.query)
    shown = views.shown(here, answer, wanted, language)
    whole = _path(asked.query, asked.scope.name, asked.view, language)
    names_graphs = any(
        token.kind == "word" and token.text.upper() == "FROM" for token in tokens(asked.query)
    )
    own = names_graphs and not asked.scope.name
    return _Answered(
        shown=shown,
        tabs=tuple(
            (name, _path(asked.query, asked.scope.name, name, language), why)
            for name, why in shown.why_not.items()
        ),
        figures=_figures(answer, language),
        cut=""
        if answer.whole
        else say(language, "page/cut-off", count=number(language, len(answer.rows))),
        scope=_told(asked.scope, language, own=own),
        graphs=() if own else asked.scope.graphs,
        misspelt=tuple(here.graph.misspelt(asked.query)) if here.has_texts else (),
        nothing=_nothing(here, asked, answer),
        downloads=tuple(_downloads(asked, answer)),
        snippets=tuple(_snippets(here, asked, answer)),
        embed=_iframe(here, asked, language),
        cited=say(
            language,
            "page/cited-query",
            title=catalogue.TITLES[language],
            version=here.build[:_VERSION],
            address=here.config.here.rstrip("/")
            + _path(asked.query, asked.scope.name, asked.view),
        ),
        path=whole,
    )


def _told(scope: Scope, language: str, *, own: bool) -> str:
    if own:
        return say(language, "page/asked-own")
    return say(language, "page/asked-graphs", scope=scope.label) if scope.label else ""


def _figures(answer: Answer, language: str) -> str:
    if answer.kind == "boolean" or not answer.whole:
        return ""
    kind = "triple" if answer.kind == "triples" else "row"
    if len(answer.rows) == 1:
        return say(language, f"page/one-{kind}")
    return say(language, f"page/{kind}s", count=number(language, len(answer.rows)))


def _nothing(here: Served, asked: _Asked, answer: Answer) -> Nothing | None:
    if answer.rows or answer.kind == "boolean":
        return None
    client = request.remote_addr or ""

    def holds(query: str) -> bool:
        return here.page(query, client, *asked.scope.dataset).lines == b"true"

    return diagnosis.of_nothing(asked.query, holds)


def _nearest(here: Served, asked: _Asked, answered: _Answered) -> Question | None:
    if not (answered.nothing and here.has_texts):
        return None
    known = read_questions(paths.ONTOLOGY / "questions")
    return diagnosis.nearest(asked.query, [each for each in known if not each.guards])


def _downloads(asked: _Asked, answer: Answer) -> Sequence[tuple[str, str]]:
    of_triples = answer.kind == "triples"
    forms = formats.GRAPH_SYNTAXES if of_triples else formats.RESULT_FORMATS
    told = [("query", asked.query), *asked.scope.parameters(asked.query)]
    return [(form.title, f"/sparql?{urlencode([*told, ('format', form.name)])}") for form in forms]


def _snippets(here: Served, asked: _Asked, answer: Answer) -> Sequence[tuple[str, str]]:
    endpoint = f"{here.config.here.rstrip('/')}/sparql"
    form = "turtle" if answer.kind == "triples" else "csv"
    dataset = asked.scope.parameters(asked.query)
    return snippets.snippets(endpoint, asked.query, form, dataset)


def _iframe(here: Served, asked: _Asked, language: str) -> str:
    """Return the line of HTML that shows the answer in another page."""
    path = _path(asked.query, asked.scope.name, asked.view, language, embed=True)
    address = here.config.here.rstrip("/") + path
    title = say(language, "page/answer")
    line = Markup('<iframe src="{}" title="{}" width="100%" height="480"></iframe>')
    return str(line.format(address, title))  # a text, which the page shows as one


def _path(
    query: str, scope: str = "", view: str = "", language: str = "en", *, embed: bool = False
) -> str:
    """Return where a query is asked, from the root of the server."""
    given: Mapping[str, str] = {"graph": scope, "view": view, "embed": "1" if embed else ""}
    told = {"q": query, **{name: value for name, value in given.items() if value}}
    return f"{documents.address('query', language=language)}?{urlencode(told)}"
