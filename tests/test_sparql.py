"""What would harm is refused however it is written; what cannot be read is explained in place."""

import pyoxigraph as ox
import pytest

from kg.errors import BadQuery
from kg.sparql import explained, refuse_harm

AWAY = "<http://127.0.0.1:9/>"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { " + "{" * 5000 + "}" * 5000 + " }",
        "SELECT * { ?s ?p ?o FILTER(" + "(" * 9000 + "1" + ")" * 9000 + ") }",
        "SELECT * { ?s ?p ?o " + "FILTER EXISTS {" * 900 + "}" * 900 + " }",
        "SELECT (" + "1+" * 20_000 + "1 AS ?x) {}",
        "SELECT (" + "1-" * 20_000 + "1 AS ?x) {}",
        "PREFIX a: <urn:a> SELECT (" + "a:-" * 20_000 + "a: AS ?x) {}",
        "PREFIX a: <urn:a> SELECT (1 AS ?x) { FILTER(1<" + "a:+" * 20_000 + "a:>2) }",
        "SELECT (1 AS ?x) { FILTER(1<" + "(" * 9000 + "1" + ")" * 9000 + ">2) }",
        "SELECT * { ?s " + "<urn:p>/" * 20_000 + "<urn:p> ?o }",
        "SELECT * { " + "{} UNION " * 9000 + "{} }",
        "SELECT * { " + "{SELECT * {}}" * 3000 + " }",
        "SELECT * { " + "".join(f"BIND(1 AS ?v{i})" for i in range(3000)) + " }",
        "SELECT " + "".join(f"(1AS ?v{i})" for i in range(3000)) + " {}",
        "SELECT (1 AS ?x) {} GROUP BY ?s HAVING " + "(1)" * 17_000,
        "SELECT * { ?s ?p (" + "1 " * 4000 + ") }",
    ],
)
def test_a_query_that_would_end_the_process_is_refused(query: str) -> None:
    with pytest.raises(BadQuery, match="too complex"):
        refuse_harm(query)


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * {{ SERVICE {AWAY} {{ ?s ?p ?o }} }}",
        f"SELECT * {{ service silent {AWAY} {{ ?s ?p ?o }} }}",
        f"PREFIX : {AWAY} SELECT * {{ SERVICE:x {{ ?s ?p ?o }} }}",
        f"SELECT * {{ ?s ?p 1SERVICE {AWAY} {{ ?s ?p ?o }} }}",
        f"SELECT * {{ # a comment ends here\rSERVICE {AWAY} {{ ?s ?p ?o }} }}",
        f'SELECT * {{ ?s ?p ?o FILTER(1<1#> """\n+1) SERVICE {AWAY} {{}} #"""\n }}',
        f"SELECT * {{ ?s ?p <http://x/\\u0041#> SERVICE {AWAY} {{}} }}",
        f"SELECT * {{ ?s ?p <http://x/\N{NO-BREAK SPACE}#> SERVICE {AWAY} {{}} }}",
        f"PREFIX a: <urn:a> SELECT * {{ ?s ?p a:b\\# SERVICE {AWAY} {{}} }}",
        f"PREFIX a: <urn:a> SELECT * {{ ?s ?p a:b\N{MIDDLE DOT}\\# SERVICE {AWAY} {{}} }}",
    ],
)
def test_a_query_that_would_leave_the_machine_is_refused(query: str) -> None:
    with pytest.raises(BadQuery, match=r"SERVICE|a comment"):
        refuse_harm(query)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { ?s rdfs:label "SERVICE <x> ((((" } # SERVICE {{{{',
        "PREFIX dcat: <http://www.w3.org/ns/dcat#> ASK { ?service a dcat:DataService }",
        "ASK { ?a ?b ?c FILTER(?a<?b&&?b>?c) }",
        "ASK { <https://en.wikipedia.org/wiki/Salerno_(city)#Name> ?p ?o }",
        "SELECT * { VALUES (?a ?b) { " + "(1 2)" * 500 + " } }",
        "SELECT * { ?s ?p ?o FILTER(?s IN (" + "id:a," * 1000 + "id:b)) }",
    ],
)
def test_what_only_looks_harmful_passes(query: str) -> None:
    refuse_harm(query)


@pytest.mark.parametrize(
    ("query", "line", "column", "hint"),
    [
        ("SELECT ?x WHERE {\n ?x ?y }", 2, 8, ""),
        ("SELECT ?x { ?x ids:b ?y }", 1, 16, "did you mean id?"),
        ("SELEC ?x { ?x ?y ?z }", 1, 1, "did you mean SELECT?"),
        ("INSERT DATA { id:a id:b id:c }", 1, 1, "a query begins with"),
        ("ASK {\n\n ?é a id:x FILER(?é) }", 3, 12, "did you mean FILTER?"),
        ("SELECT ?x { ?x ?y ?z  ", 1, 21, "close the bracket {"),
        ("ASK { ?x ?y 'a }", 1, 13, "close the quotation mark"),
        ("ASK { ?x <a b> ?y }", 1, 10, "a whole address"),
        ("SELECT ?x WHERE ?x a id:y", 1, 17, "expected here: {"),
        ("", 1, 1, "a query begins with"),
    ],
)
def test_what_is_no_query_is_explained_where_it_goes_wrong(
    query: str, line: int, column: int, hint: str
) -> None:
    with pytest.raises(SyntaxError) as engine:
        ox.Store().query(query, prefixes={"id": "urn:id/"})
    error = explained(query, str(engine.value))

    assert (error.line, error.column) == (line, column)
    assert hint in error.hint


def test_a_query_that_means_nothing_is_told_why() -> None:
    assert "duplicated variable name in SELECT" in explained("SELECT ?x (1 AS ?x) {}", "").message
