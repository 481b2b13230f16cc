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
from kg.terms import PREFIXES
from server import cards
from server.service import Page
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
        answer = served().page(query, request.remote_addr or "")
    except BadQuery as error:
        page = render_template("query.html", query=query, error=error, line=_line(query, error))
        return page, HTTPStatus.BAD_REQUEST
    page = render_template(
        "query.html",
        query=query,
        answer=_shown(answer),
        misspelt=graph.misspelt(query) if served().has_texts else (),
        forms=formats.GRAPH_SYNTAXES if answer.kind == "triples" else formats.RESULT_FORMATS,
        prefixes=PREFIXES,
    )
    return page, HTTPStatus.OK


def _shown(answer: Page) -> dict[str, object]:
    """Return what the template draws: columns and rows, a yes or no, or Turtle."""
    if answer.kind == "boolean":
        return {"verdict": "yes" if answer.lines == b"true" else "no"}
    most = served().config.most_rows
    if answer.kind == "triples":
        quads = list(islice(ox.parse(answer.lines, format=ox.RdfFormat.N_TRIPLES), most + 1))
        turtle = formats.named("turtle", formats.GRAPH_SYNTAXES)
        triples = [quad.triple for quad in quads[:most]]
        written = formats.write(triples, turtle, PREFIXES).decode()
        return {"turtle": written, "count": len(quads), "most": most}
    solutions = ox.parse_query_results(answer.lines, format=ox.QueryResultsFormat.TSV)
    assert isinstance(solutions, ox.QuerySolutions), "of a SELECT"
    graph = served().graph
    rows = [[cards.cell(graph, term) for term in row] for row in islice(solutions, most + 1)]
    columns = [cards.heading(variable.value) for variable in solutions.variables]
    return {"columns": columns, "rows": rows[:most], "count": len(rows), "most": most}


def _line(query: str, error: BadQuery) -> str:
    lines = query.split("\n")
    return lines[error.line - 1] if 0 < error.line <= len(lines) else ""
