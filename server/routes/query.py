"""The query page.

`/query`: a form with a query, and its answer.
Example: GET /query?q=SELECT%20%2A%20%7B%3Fs%20cas:succeeded%20%3Fo%7D
"""

from http import HTTPStatus
from itertools import islice

import pyoxigraph as ox
from flask import Blueprint, render_template, request

from kg import formats
from kg.errors import BadQuery
from kg.store import Answer
from kg.terms import PREFIXES
from server import cards
from server.state import served

bp = Blueprint("query", __name__)
_START = "SELECT ?who ?whom {\n  ?who cas:succeeded ?whom\n}"


@bp.get("/query")
def page() -> tuple[str, HTTPStatus]:
    """Show a form with the query, and its answer if there is one."""
    query = request.args.get("q", "").replace("\r\n", "\n")  # a form sends CR LF
    if not query.strip():
        return render_template("query.html", query=_START, answer=None), HTTPStatus.OK
    graph = served().graph
    try:
        answer = graph.query(query)
    except BadQuery as error:
        page = render_template("query.html", query=query, error=error, line=_line(query, error))
        return page, HTTPStatus.BAD_REQUEST
    page = render_template(
        "query.html",
        query=query,
        answer=_shown(answer),
        misspelt=graph.misspelt(query),
        forms=formats.GRAPH_SYNTAXES
        if isinstance(answer, ox.QueryTriples)
        else formats.RESULT_FORMATS,
        prefixes=PREFIXES,
    )
    return page, HTTPStatus.OK


def _shown(answer: Answer) -> dict[str, object]:
    """Return what the template draws: columns and rows, a yes or no, or Turtle."""
    if isinstance(answer, ox.QueryBoolean):
        return {"verdict": "yes" if answer else "no"}
    most = served().config.most_rows
    if isinstance(answer, ox.QueryTriples):
        triples = list(islice(answer, most + 1))
        turtle = formats.named("turtle", formats.GRAPH_SYNTAXES)
        written = formats.write(triples[:most], turtle, PREFIXES).decode()
        return {"turtle": written, "count": len(triples), "most": most}
    graph = served().graph
    rows = [[cards.cell(graph, term) for term in row] for row in islice(answer, most + 1)]
    columns = [cards.heading(variable.value) for variable in answer.variables]
    return {"columns": columns, "rows": rows[:most], "count": len(rows), "most": most}


def _line(query: str, error: BadQuery) -> str:
    lines = query.split("\n")
    return lines[error.line - 1] if 0 < error.line <= len(lines) else ""
