"""The parts of a query's pattern: where they begin, and that they are asked as they stand."""

import pyoxigraph as ox
import pytest

import kg
from kg import paths, questions
from kg.patterns import apart, asking, parts

QUESTIONS = questions.read_questions(paths.ONTOLOGY / "questions")
ODD = [
    "",
    "SELECT",
    "SELECT * {",
    "SELECT * { }",
    "SELECT * { . ; , }",
    "SELECT * } {",
    "DESCRIBE id:rome",
    "SELECT * { ?a ?b '{' . # }\n ?c ?d ?e }",
    "nothing of the kind",
    "SELECT * { {{{ ?a ?b ?c }}} }",
    "SELECT (COUNT(*) AS ?n) ?x { FILTER FILTER }",
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_all_parts_together_are_matched_where_the_query_is(
    graph: kg.Graph, question: questions.Question
) -> None:
    found = parts(question.query)
    rows = graph.query(question.query)
    assert isinstance(rows, ox.QuerySolutions)
    together = graph.query(asking(question.query, found))

    assert found
    assert bool(together) == any(True for _ in rows)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_fewer_parts_are_matched_wherever_more_are(
    graph: kg.Graph, question: questions.Question
) -> None:
    found = parts(question.query)
    held = [bool(graph.query(asking(question.query, found[:n]))) for n in range(1, len(found) + 1)]

    assert held == sorted(held, reverse=True)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_part_stands_where_it_says(question: questions.Question) -> None:
    lines = question.query.split("\n")
    for part in parts(question.query):
        written = " ".join(lines[part.line - 1 :])[part.column - 1 :]
        assert (
            part.text.split()[-1].startswith(written.split()[0]) or written.split()[0] in part.text
        )


@pytest.mark.parametrize("query", ODD)
def test_what_is_no_query_has_parts_or_none_and_raises_nothing(query: str) -> None:
    found = parts(query)

    assert isinstance(asking(query, found), str)
    assert apart(found) is None or len(found) > 1


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("?a a cas:Event ; cas:before ?b , ?c .", ["?a a cas:Event", "?a cas:before ?b", "?a cas:before ?c"]),
        ("?a cas:x|^cas:y ?b, ?c", ["?a cas:x|^cas:y ?b", "?a cas:x|^cas:y ?c"]),
        ("[ a cas:Event ] cas:before ?b ; cas:after ?c", ["[ a cas:Event ] cas:before ?b", "[ a cas:Event ] cas:after ?c"]),
        ("?a ?b 3.5 . ?c ?d 4 .", ["?a ?b 3.5", "?c ?d 4"]),
        ("FILTER(?b > 1) ?a ?p ?b FILTER NOT EXISTS { ?a ?q ?c } ?a ?r ?d", ["?a ?p ?b", "?a ?r ?d", "FILTER(?b > 1)", "FILTER NOT EXISTS { ?a ?q ?c }"]),
        ("?a ?b ?c OPTIONAL { ?c ?d ?e } { ?a ?f ?g } UNION { ?a ?h ?i } VALUES ?a { 1 2 }", ["?a ?b ?c", "OPTIONAL { ?c ?d ?e }", "{ ?a ?f ?g } UNION { ?a ?h ?i }", "VALUES ?a { 1 2 }"]),
        ("GRAPH ?g { ?a ?b ?c } BIND(STR(?a) AS ?s) MINUS { ?a ?d ?e }", ["GRAPH ?g { ?a ?b ?c }", "BIND(STR(?a) AS ?s)", "MINUS { ?a ?d ?e }"]),
    ],
)  # fmt: skip
def test_a_pattern_has_its_parts_in_order_and_each_can_be_asked(
    pattern: str, expected: list[str]
) -> None:
    query = f"SELECT * {{ {pattern} }}"
    found = parts(query)

    assert [part.text for part in found] == expected
    for n in range(1, len(found) + 1):
        kg.sparql.scan(asking(query, found[:n]))
        ox.Store().query(asking(query, found[:n]), prefixes={"cas": "urn:x"})


def test_parts_that_nothing_ties_together_are_found() -> None:
    tied = parts("SELECT * { ?a a cas:Event . ?b a cas:Person . ?a cas:involved ?b }")
    untied = parts("SELECT * { ?a a cas:Event . ?b a cas:Person }")
    by_a_name = parts("SELECT * { id:rome cas:within ?a . id:rome skos:prefLabel ?b }")

    assert apart(tied) is None
    assert apart(by_a_name) is None
    assert apart(untied) == (untied[0], untied[1])
