"""Names that are put into an answer are those that the engine is told row by row, byte for byte."""

import pyoxigraph as ox
import pytest

from kg import formats, sparql
from kg.functions import functions
from kg.terms import QUERY_PREFIXES
from kg.wikibase import naming
from kg.wikibase.query import rewritten

DATA = r"""
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
wd:Q1 rdfs:label "um & <só> \"'\\\t\n\u0001},{"@pt-BR , "one"@en ; schema:description "a"@en ;
  wdt:P1 wd:Q2 , wd:Q9 , "é \"},{" , "},{"@en , "<urn:a&b>" , "tab\tand\nline\r" , "" , 12 , 1.5e0 ,
    true , "2026-01-01"^^<http://www.w3.org/2001/XMLSchema#date> , [] , <urn:é?a=1&b='2'> .
wd:Q2 rdfs:label "two"@en ; wdt:P1 wd:Q1 , wd:Q3 .
wd:Q3 schema:description "}"@en .
"""
SERVICE = 'SERVICE wikibase:label { bd:serviceParam wikibase:language "pt-br,en" %s}'
NAMED = SERVICE % ""
GIVEN = SERVICE % ". ?x rdfs:label ?of . ?y schema:description ?told "


@pytest.fixture(scope="module")
def store() -> ox.Store:
    found = ox.Store()
    found.load(DATA, format=ox.RdfFormat.TURTLE)
    for number in range(3_000):  # so that the answer is looked through in several blocks
        words = ox.Literal(f"{number} ends in }},{{")
        found.add(ox.Quad(ox.NamedNode(f"urn:many{number}"), ox.NamedNode("urn:p"), words))
    return found


def answers(store: ox.Store, query: str, form: str) -> tuple[list[str], bytes, bytes]:
    """Return which columns are named in the answer, that answer, and the one of the engine."""
    scanned = sparql.scan(rewritten(query))
    ours = dict(functions(store))
    engine = formats.named(form, formats.RESULT_FORMATS).engine

    def ask(text: str) -> ox.QuerySolutions:
        found = sparql.evaluated(
            store, text, prefixes=dict(QUERY_PREFIXES), unknown_functions=(), ours=ours
        )
        assert isinstance(found, ox.QuerySolutions)
        return found

    text, columns = naming.deferred(scanned.text)
    written = bytearray()
    names = naming.Naming(written.extend, form, columns, ours)
    ask(text).serialize(names, format=engine)  # type: ignore[arg-type]
    names.end()
    plain = ask(scanned.text).serialize(format=engine)
    assert plain is not None
    return [column.name for column in columns], bytes(written), plain


@pytest.mark.parametrize("form", sorted(naming.FORMS))
@pytest.mark.parametrize(
    ("query", "named"),
    [
        (f"SELECT ?x ?xLabel ?yLabel {{ ?x wdt:P1 ?y {NAMED} }} ORDER BY ?x ?y", "xLabel yLabel"),
        (f"SELECT ?yLabel ?xLabel {{ ?x wdt:P1 ?y {NAMED} }} ORDER BY ?x ?y LIMIT 3 OFFSET 1",
         "yLabel xLabel"),
        (f"SELECT ?yDescription ?y ?yLabel {{ ?x wdt:P1 ?y {NAMED} }}", "yDescription yLabel"),
        (f"SELECT (1 AS ?n) ?xDescription ?yDescription {{ ?x wdt:P1 ?y {NAMED} }}",
         "xDescription yDescription"),
        (f"SELECT ?yDescription ?xAltLabel {{ ?x wdt:P1 ?y {NAMED} }}", "yDescription xAltLabel"),
        (f"SELECT ?x ?xLabel ?zLabel {{ ?x wdt:P1 ?y OPTIONAL {{ ?x wdt:P9 ?z }} {NAMED} }}",
         "xLabel zLabel"),
        (f"SELECT DISTINCT ?x ?xLabel {{ ?x wdt:P1 ?y {NAMED} }}", "xLabel"),
        (f"SELECT ?y ?of ?told {{ ?x wdt:P1 ?y {GIVEN} }}", "of told"),
        (f"SELECT ?y ?yLabel {{ ?x <urn:p> ?y {NAMED} }} ORDER BY ?x", "yLabel"),
        (f"SELECT ?y ?yDescription {{ ?x <urn:p> ?y {NAMED} }} ORDER BY ?x", "yDescription"),
        (f"SELECT ?xLabel {{ ?x wdt:P404 ?y {NAMED} }}", "xLabel"),
    ],
)  # fmt: skip
def test_the_answer_is_the_same_as_of_names_told_row_by_row(
    store: ox.Store, query: str, named: str, form: str
) -> None:
    columns, ours, plain = answers(store, query, form)

    assert sorted(columns) == sorted(named.split())
    assert ours == plain


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT ?xLabel {{ ?x wdt:P1 ?y {NAMED} }} ORDER BY $xLabel",
        f"SELECT ?xLabel (STRLEN(?xLabel) AS ?n) {{ ?x wdt:P1 ?y {NAMED} }}",
        f"SELECT DISTINCT ?xLabel {{ ?x wdt:P1 ?y {NAMED} }}",
        f"SELECT REDUCED ?xLabel {{ ?x wdt:P1 ?y {NAMED} }}",
        f"SELECT ?xLabel (COUNT(*) AS ?n) {{ ?x wdt:P1 ?y {NAMED} }} GROUP BY ?xLabel",
        f"SELECT ?xLabel {{ {{ SELECT ?xLabel {{ ?x wdt:P1 ?y {NAMED} }} }} }}",
        f"SELECT ?xLabel {{ ?x wdt:P1 ?y {NAMED} FILTER(BOUND(?xLabel)) }}",
        f"SELECT ?xLabel {{ OPTIONAL {{ ?a wdt:P404 ?x }} {NAMED} }} VALUES ?x {{ wd:Q1 }}",
        f"SELECT ?type {{ ?x wdt:P1 ?y {SERVICE % '. ?x rdfs:label ?type '} }}",
        f"SELECT (wd:Q2 AS ?x) ?xLabel {{ ?z wdt:P1 ?y {NAMED} }}",
        f"SELECT ?xLabel {{ ?z wdt:P1 ?y BIND(<<( ?z wdt:P1 ?y )>> AS ?x) {NAMED} }}",
    ],
)
def test_a_name_on_which_more_depends_is_told_row_by_row(store: ox.Store, query: str) -> None:
    columns, ours, plain = answers(store, query, "json")

    assert columns == []
    assert ours == plain


def test_only_what_stands_in_the_query_itself_is_taken_for_a_call() -> None:
    call = 'BIND(<https://w3id.org/cassibile/function/label>(?x,"en") AS ?xLabel)'
    for query in (
        f"SELECT ?x ('{call}' AS ?xLabel) {{ ?x a ?y # {call}\n}}",
        f"ASK {{ ?x a ?y {call} }}",
        f"SELECT ?x {{ ?x a ?y {call} }}",
        f"SELECT * {{ ?x a ?y {call} }}",
        f"SELECT ?xLabel {{ ?x a ?y {call} ?x ?p ?z }}",
        f"SELECT ?xLabel {{ ?x a ?y {call}",
    ):
        assert naming.deferred(query) == (query, [])
