"""Queries for Wikidata's query service: the label service and hints, done in another way."""

import pyoxigraph as ox
import pytest

from kg import sparql
from kg.errors import BadQuery, Outbound, QueryTooComplex
from kg.functions import functions
from kg.wikibase.query import rewritten

WD = "http://www.wikidata.org/entity/"
DATA = f"""
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX wd: <{WD}>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
wd:Q1 rdfs:label "um"@pt , "one"@en , "eins"@de-at ; schema:description "a number"@en ;
  skos:altLabel "the one"@en , "1"@en , "uno"@it ; wdt:P1 wd:Q2 .
wd:Q2 rdfs:label "two"@en ; wdt:P1 wd:Q3 .
wd:Q3 wdt:P1 "words" .
<https://example.org/x> wdt:P1 wd:Q1 .
"""


@pytest.fixture(scope="module")
def store() -> ox.Store:
    found = ox.Store()
    found.load(DATA, format=ox.RdfFormat.TURTLE)
    return found


def label(languages: str, body: str = "") -> str:
    return f'SERVICE wikibase:label {{ bd:serviceParam wikibase:language "{languages}" . {body} }}'


def asked(store: ox.Store, query: str) -> list[tuple[str | None, ...]]:
    scanned = sparql.scan(rewritten(query))
    answer = sparql.evaluated(
        store,
        scanned.text,
        prefixes=scanned.prefixes,
        unknown_functions=scanned.unknown_functions,
        ours=functions(store) if scanned.functions else {},
    )
    assert isinstance(answer, ox.QuerySolutions)
    rows = [tuple(None if term is None else str(term) for term in row) for row in answer]
    return sorted(rows, key=str)


def test_variables_are_named_by_what_they_end_in(store: ox.Store) -> None:
    query = f"""SELECT ?x ?xLabel ?xAltLabel ?xDescription {{
      VALUES ?x {{ wd:Q1 }} {label("en")} }}"""

    assert asked(store, query) == [
        (f"<{WD}Q1>", '"one"@en', '"1, the one"@en', '"a number"@en'),
    ]


def test_the_first_language_that_has_a_name_wins_and_else_the_id_is_told(store: ox.Store) -> None:
    query = f"SELECT ?xLabel {{ ?x wdt:P1 ?y {label('[AUTO_LANGUAGE], pt ,en')} }}"

    assert asked(store, query) == [
        ('"Q3"',),
        ('"https://example.org/x"',),
        ('"two"@en',),
        ('"um"@pt',),
    ]


def test_a_language_is_taken_as_it_is_written(store: ox.Store) -> None:
    assert asked(store, f"SELECT ?xLabel {{ VALUES ?x {{ wd:Q1 }} {label('de')} }}") == [('"Q1"',)]
    assert asked(store, f"SELECT ?xLabel {{ VALUES ?x {{ wd:Q1 }} {label('de-at')} }}") == [
        ('"eins"@de-at',)
    ]


def test_several_parameters_are_one_list(store: ox.Store) -> None:
    body = 'bd:serviceParam wikibase:language "de" , "it" ; wikibase:language "en" .'
    query = f"SELECT ?xLabel {{ VALUES ?x {{ wd:Q1 }} SERVICE wikibase:label {{ {body} }} }}"

    assert asked(store, query) == [('"one"@en',)]


def test_what_is_asked_by_name_is_bound_by_name(store: ox.Store) -> None:
    body = "?x rdfs:label ?name ; skos:altLabel ?others . wd:Q2 rdfs:label ?two"
    query = f"SELECT ?name ?others ?two ?xLabel {{ VALUES ?x {{ wd:Q1 }} {label('it,en', body)} }}"

    assert asked(store, query) == [('"one"@en', '"uno"@it', '"two"@en', None)]


def test_no_row_comes_or_goes_and_what_is_not_bound_stays_so(store: ox.Store) -> None:
    query = f"SELECT ?x ?yLabel {{ VALUES ?x {{ wd:Q2 wd:Q9 }} OPTIONAL {{ ?x wdt:P1 ?y }} {label('en')} }}"

    assert asked(store, query) == [(f"<{WD}Q2>", '"Q3"'), (f"<{WD}Q9>", None)]


def test_a_literal_is_called_by_its_words(store: ox.Store) -> None:
    assert asked(store, f"SELECT ?yLabel {{ wd:Q3 wdt:P1 ?y {label('en')} }}") == [('"words"',)]


def test_a_variable_that_is_bound_keeps_its_value(store: ox.Store) -> None:
    query = f"""SELECT ?x ?xLabel {{ VALUES ?x {{ wd:Q1 wd:Q2 }}
      OPTIONAL {{ ?x rdfs:label ?xLabel FILTER(LANG(?xLabel) = "pt") }} {label("en")} }}"""

    assert asked(store, query) == [(f"<{WD}Q1>", '"um"@pt'), (f"<{WD}Q2>", '"two"@en')]


def test_each_select_has_its_own_names(store: ox.Store) -> None:
    query = f"""SELECT ?xLabel (COUNT(*) AS ?n) {{
      {{ SELECT ?x ?yLabel {{ ?x wdt:P1 ?y {label("en")} }} }}
      FILTER(LANG(?yLabel) = "en") {label("pt,en")}
    }} GROUP BY ?xLabel"""

    one = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert asked(store, query) == [('"https://example.org/x"', one), ('"um"@pt', one)]


def test_names_can_be_sorted_and_grouped_by_and_given_another_name(store: ox.Store) -> None:
    query = f"""SELECT (?xLabel AS ?name) ?xLabel {{ ?x wdt:P1 ?y . {label("en")} . }}
      ORDER BY DESC(?xLabel) LIMIT 1"""

    assert asked(store, query) == [('"two"@en', '"two"@en')]


@pytest.mark.parametrize(
    "query", ["SELECT * { ?x wdt:P1 ?xLabel %s }", "ASK { ?x wdt:P1 wd:Q2 %s }"]
)
def test_without_variables_that_are_named_nothing_is_bound(query: str) -> None:
    assert "BIND" not in rewritten(query % label("en"))


def test_the_service_may_be_named_in_full_or_by_another_prefix(store: ox.Store) -> None:
    service = """SERVICE SILENT <http://wikiba.se/ontology#label> {
      <http://www.bigdata.com/rdf#serviceParam> w:language 'en' }"""
    query = f"PREFIX w: <http://wikiba.se/ontology#> SELECT ?xLabel {{ VALUES ?x {{ wd:Q2 }} {service} }}"

    assert asked(store, query) == [('"two"@en',)]


def test_words_and_comments_are_no_service(store: ox.Store) -> None:
    query = """#defaultView:Map{"hide":"?geo"}
    SELECT ?x { VALUES ?x { "SERVICE wikibase:label { }" } } # SERVICE wikibase:label { """

    assert rewritten(query) == query
    assert asked(store, query) == [('"SERVICE wikibase:label { }"',)]


def test_hints_for_another_engine_are_left_out(store: ox.Store) -> None:
    query = """SELECT ?x { hint:Query hint:optimizer "None" . ?x wdt:P1 wd:Q2 .
      hint:Prior hint:runFirst true . }"""

    assert asked(store, query) == [(f"<{WD}Q1>",)]


def test_lines_stay_where_they_are() -> None:
    query = f"SELECT ?xLabel {{\n  ?x wdt:P1 ?y .\n  {label('en')}\n  ?y wdt:P2 ?z }}\nLIMIT 2"
    found = rewritten(query)

    assert found.count("\n") == query.count("\n")
    assert found.splitlines()[3].startswith("  ?y wdt:P2 ?z ")


def test_an_unknown_value_is_told_apart(store: ox.Store) -> None:
    query = """SELECT (wikibase:isSomeValue(?x) AS ?is) {
      VALUES ?x { <https://w3id.org/cassibile/.well-known/genid/1> wd:Q1 } }"""

    boolean = "<http://www.w3.org/2001/XMLSchema#boolean>"
    assert asked(store, query) == [(f'"false"^^{boolean}',), (f'"true"^^{boolean}',)]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * { SERVICE wikibase:label { } }", "a list of languages"),
        ("SELECT * { SERVICE wikibase:label { ?x rdfs:label ?y } }", "a list of languages"),
        ("SELECT * {{ {} }}".format(label("en", '?x rdfs:label "a"')), "binds a variable"),
        ("SELECT * {{ {} }}".format(label("en", "?x wdt:P1 ?y")), "rdfs:label"),
        ("SELECT * {{ {} }}".format(label("en", "?x rdfs:label")), "no triple"),
        ("SELECT * {{ {} }}".format(label("en", "OPTIONAL { }")), "simple triples"),
        ("SELECT * { SERVICE wikibase:label { bd:serviceParam wikibase:language ?x } }", "string"),
        ("SELECT * { SERVICE wikibase:label { bd:serviceParam", "not closed"),
        ("SELECT * { SERVICE wikibase:label", "no body"),
        (label("en"), "outside"),
        ("SELECT * { SERVICE wikibase:mwapi { ?x ?y ?z } }", "wikibase:mwapi is of Wikidata"),
        ("SELECT * { SERVICE bd:sample { ?x ?y ?z } }", "bd:sample is of Wikidata"),
        ("SELECT * { SERVICE gas:service { ?x ?y ?z } }", "gas:service is of Wikidata"),
    ],
)
def test_what_cannot_be_is_explained(query: str, told: str) -> None:
    with pytest.raises(BadQuery, match=told) as caught:
        rewritten(query)
    assert caught.value.line == 1


def test_every_other_service_stays_closed() -> None:
    query = (
        f"SELECT ?xLabel {{ ?x ?y ?z {label('en')} SERVICE <http://127.0.0.1/> {{ ?x ?p ?z }} }}"
    )

    with pytest.raises(Outbound):
        sparql.scan(rewritten(query))


def test_there_is_an_end_to_label_services() -> None:
    many = " ".join(f"{{ {label('en')} }}" for _ in range(9))
    with pytest.raises(QueryTooComplex):
        rewritten(f"SELECT ?xLabel {{ {many} }}")
