"""What would harm is refused however it is written; what cannot be read is explained in place."""

from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import BadQuery, Outbound, QueryTooComplex, QueryTooLarge
from kg.functions import Function
from kg.sparql import explained, scan
from kg.terms import PREFIXES

AWAY = "<http://127.0.0.1:9/>"


def answer(query: str) -> list[tuple[str, ...]]:
    """Return what the engine answers to a query as it is evaluated."""
    scanned = scan(query)
    unknown: dict[ox.NamedNode, Function] = {
        ox.NamedNode(iri): lambda *_: None for iri in scanned.unknown_functions
    }
    found = ox.Store().query(scanned.text, prefixes=scanned.prefixes, custom_functions=unknown)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple("" if term is None else str(term) for term in row) for row in found]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { " + "{" * 5000 + "}" * 5000 + " }",
        "SELECT * { ?s ?p ?o FILTER(" + "(" * 9000 + "1" + ")" * 9000 + ") }",
        "SELECT * { ?s ?p ?o " + "FILTER EXISTS {" * 900 + "}" * 900 + " }",
        "SELECT (" + "1+" * 9000 + "1 AS ?x) {}",
        "SELECT (" + "1-" * 9000 + "1 AS ?x) {}",
        "PREFIX a: <urn:a> SELECT (" + "a:-" * 9000 + "a: AS ?x) {}",
        "ASK { FILTER(" + "!" * 9000 + "true) }",
        "ASK { FILTER(false" + "||false" * 9000 + ") }",
        "SELECT * { ?s " + "<urn:p>/" * 9000 + "<urn:p> ?o }",
        "SELECT * { " + "{} UNION " * 5000 + "{} }",
        "SELECT * { " + "{SELECT * {}}" * 3000 + " }",
        "SELECT * { " + "".join(f"BIND(1 AS ?v{i})" for i in range(3000)) + " }",
        "SELECT " + "".join(f"(1AS ?v{i})" for i in range(3000)) + " {}",
        "SELECT (1 AS ?x) {} GROUP BY ?s HAVING " + "(1)" * 9000,
        "SELECT * { ?s ?p (" + "1 " * 4000 + ") }",
        "SELECT * { ?s ?p (" + "[] " * 4000 + ") }",
        "SELECT * { ?s ?p ?o " + "~ " * 9000 + " }",
        "SELECT * { ?s ?p ?o " + "{| ?p ?o |} " * 1000 + " }",
        "SELECT * { " + "<< " * 2000 + "?s" + " ?p ?o >>" * 2000 + " ?p ?o }",
        "SELECT * { " + "?s ?p ?o VALUES ?x { 1 } " * 2000 + " }",
        "DESCRIBE " + "<urn:a> " * 9000,
        "SELECT * { " + "".join(f"?s{i} ?p ?s{i + 1} . " for i in range(500)) + " }",
        "SELECT * { " + "".join(f"{{ ?s{i} ?p ?s{i + 1} }}" for i in range(500)) + " }",
    ],
)
def test_a_query_that_would_end_the_process_is_refused(query: str) -> None:
    with pytest.raises(QueryTooComplex, match="too complex"):
        scan(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { VALUES ?x { " + "1 " * 30_001 + "} }",
        f"ASK {{ <urn:{'x' * 1_000_001}> ?p ?o }}",
    ],
)
def test_more_than_is_read_is_refused(query: str) -> None:
    with pytest.raises(QueryTooLarge, match=r"more than|longer than"):
        scan(query)


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * {{ SERVICE {AWAY} {{ ?s ?p ?o }} }}",
        f"SELECT * {{ service silent {AWAY} {{ ?s ?p ?o }} }}",
        "SELECT * { ?v ?p ?o SERVICE ?v { ?s ?p ?o } }",
        f"PREFIX : {AWAY} SELECT * {{ SERVICE:x {{ ?s ?p ?o }} }}",
        f"PREFIX a: {AWAY} SELECT * {{ SERVICEa:x {{ ?s ?p ?o }} }}",
        f"PREFIX a: {AWAY} SELECT * {{ SERVICEsilenta:x#\n{{ ?s ?p ?o }} }}",
        f"SELECT * {{ ?s ?p 1SERVICE {AWAY} {{ ?s ?p ?o }} }}",
        f"SELECT * {{ # a comment ends here\rSERVICE {AWAY} {{ ?s ?p ?o }} }}",
        f"SELECT * {{ ?s ?p <http://x/\\u0041#> SERVICE {AWAY} {{}} }}",
        f"SELECT * {{ ?s ?p <http://x/\\u+041#> SERVICE {AWAY} {{}} \n}}",
        f"SELECT * {{ ?s ?p <http://x/\N{NO-BREAK SPACE}#> SERVICE {AWAY} {{}} }}",
        f"PREFIX a: <urn:a> SELECT * {{ ?s ?p a:b\\# SERVICE {AWAY} {{}} }}",
        f"PREFIX a: <urn:a> SELECT * {{ ?s ?p a:b\N{MIDDLE DOT}\\# SERVICE {AWAY} {{}} }}",
        f"PREFIX a: <urn:a> SELECT * {{ ?s ?p a:b.c.SERVICE {AWAY} {{}} }}",
        f"PREFIX a: <http://h:> SELECT * {{ ?s ?p a:SERVICE {AWAY} {{}} }}",
        f"SELECT * {{ VALUES ?x {{ '''a' }} SERVICE {AWAY} {{}} }} # \\x '''",
        f"SELECT * {{ VALUES ?x {{ '''a' }} SERVICE {AWAY} {{}} }} # \\uD800 '''",
    ],
)
def test_a_query_that_would_leave_the_machine_is_refused(query: str) -> None:
    with suppress(OSError):  # it cannot be reached, but it is SPARQL
        ox.Store().query(query)
    with pytest.raises(Outbound, match="SERVICE"):
        scan(query)


@pytest.mark.parametrize(
    "query",
    [
        f'SELECT * {{ ?s ?p ?o FILTER(1<1#> """\n+1) SERVICE {AWAY} {{}} #"""\n }}',
        f"PREFIX a: <urn:a> SELECT * {{ FILTER(1<a:b+'>') SERVICE {AWAY} {{}} FILTER(1=' ') }} #'",
        "SELECT (1 AS ?x) { FILTER(1<" + "(" * 9000 + "1" + ")" * 9000 + ">2) }",
        "ASK { ?a ?b ?c FILTER(?a<?b&&?b>?c) }",
    ],
)
def test_a_comparison_that_may_be_an_address_is_refused(query: str) -> None:
    """The standard takes the longest token, and so it has no such comparison; the engine has."""
    with pytest.raises(BadQuery, match="a comparison"):
        scan(query)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { ?s rdfs:label "SERVICE <x> ((((" } # SERVICE {{{{',
        "PREFIX dcat: <http://www.w3.org/ns/dcat#> ASK { ?service a dcat:DataService }",
        "PREFIX service: <urn:a> ASK { GRAPH service:x { ?s service:SERVICE ?x } . { ?s ?p ?o } }",
        "ASK { ?a ?b ?c FILTER(?a < ?b && ?b > ?c) }",
        "ASK { <https://en.wikipedia.org/wiki/Salerno_(city)#Name> ?p ?o }",
        "PREFIX : <#> BASE <urn:a#b> ASK { ?s ?p (<urn:p> <http://a/b#c>) }",
        "SELECT * { VALUES (?a ?b) { " + "(1 -2)" * 5000 + " } }",
        "SELECT * { VALUES ?a { " + "<urn:a#b> " * 5000 + " } }",
        "SELECT * { ?s ?p ?o FILTER(?s IN (" + "id:a,-1," * 5000 + "id:b)) }",
        "CONSTRUCT { " + "?s ?p ?o . " * 5000 + " } WHERE { ?s ?p ?o }",
        "SELECT * { " + "{ ?s ?p ?o } UNION " * 500 + "{ ?s ?p ?o } }",
    ],
)
def test_what_only_looks_harmful_passes(query: str) -> None:
    scan(query)


PIECES = [
    "SERVICE",
    "silent",
    AWAY,
    "s:x",
    "{}",
    "a:b.c.",
    "h:",
    "1",
    "true",
    "'''",
    "'",
    "#",
    "\n",
    " ",
    "\\x",
    "<a:b+'>",
    "}",
    "{",
    ")",
    "(",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=7),
    st.sampled_from(["?s ?p ", "FILTER(1", "VALUES ?x { ", ""]),
)
def test_nothing_that_passes_asks_another_endpoint(pieces: list[str], before: str) -> None:
    declared = f"PREFIX a: <urn:a> PREFIX h: <http://h:> PREFIX s: {AWAY} "
    query = f"{declared} SELECT * {{ {before}{''.join(pieces)} }}"
    try:
        scan(query)
        solutions = ox.Store().query(query)
        assert isinstance(solutions, ox.QuerySolutions)
        list(solutions)  # OSError, if it asks
    except (BadQuery, SyntaxError):
        pass


@pytest.mark.parametrize(
    ("query", "hosts", "passes"),
    [
        ("SELECT * { SERVICE <http://a.org/sparql> {} }", {"a.org"}, True),
        ("SELECT * { SERVICE SILENT <HTTPS://A.org:8080/sparql> {} }", {"a.org"}, True),
        ("SELECT * { SERVICE <http://a.org:81/> {} }", {"a.org:80"}, False),
        ("SELECT * { SERVICE <http://a.org:81/> {} }", {"a.org:81"}, True),
        ("SELECT * { SERVICE <http://b.org/> {} }", {"a.org"}, False),
        ("SELECT * { SERVICE <http://a.org@b.org/> {} }", {"a.org"}, False),
        ("SELECT * { SERVICE <http://a.org.b.org/> {} }", {"a.org"}, False),
        ("SELECT * { SERVICE <file:///etc/passwd> {} }", {"*"}, False),
        ("SELECT * { SERVICE <http://b.org/> { SERVICE <http://c.org/> {} } }", {"b.org"}, False),
        ("PREFIX x: <http://a.org/> SELECT * { SERVICE x:y {} }", {"a.org"}, True),
        (
            "PREFIX x: <http://a.org/> PREFIX x: <http://b.org/> ASK { SERVICE x:y {} }",
            {"a.org"},
            False,
        ),
        (
            "PREFIX x: <http://a.org/> PREFIXx: <http://b.org/> ASK { SERVICE x:y {} }",
            {"a.org"},
            False,
        ),
        (
            "PREFIX SILENTx: <http://a.org/> PREFIX x: <http://b.org/> ASK { SERVICE SILENTx:y {} }",
            {"a.org"},
            False,
        ),
        ("BASE <http://a.org/> SELECT * { SERVICE <sparql> {} }", {"a.org"}, True),
        ("BASE <http://a.org/> SELECT * { SERVICE <//b.org> {} }", {"a.org"}, False),
        ("SELECT * { SERVICE <http://\\u0061.org/> {} }", {"a.org"}, True),
        ("SELECT * { ?s ?p ?v SERVICE ?v {} }", {"a.org"}, False),
        ("SELECT * { ?s ?p ?v SERVICE ?v {} }", {"*"}, True),
    ],
)
def test_service_asks_allowed_hosts_only(query: str, hosts: set[str], *, passes: bool) -> None:
    if passes:
        assert scan(query, hosts).text == query
    else:
        with pytest.raises(Outbound, match="SERVICE"):
            scan(query, hosts)


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("PREFIX select: <urn:a> # SELECT\nask {}", "ask"),
        ("BASE <urn:select> SELECTDISTINCT * {}", "select"),
        ("DESCRIBEid:a", "describe"),
        ("construct where {}", "construct"),
        ("INSERT DATA {}", None),
        ("", None),
    ],
)
def test_the_form_of_a_query_is_told(query: str, form: str | None) -> None:
    assert scan(query).form == form


@pytest.mark.parametrize(
    ("query", "volatile"),
    [
        ("SELECT (now() AS ?x) {}", True),
        ("SELECT * { ?s ?p ?o } ORDER BYRAND()", True),
        ("SELECT (COUNT(DISTINCTUUID()) AS ?x) {}", True),
        ("SELECT (BNODE() AS ?x) {}", True),
        ("ASK { ?now foaf:knows ?brand # NOW()\n FILTER(?x = 'RAND()') }", False),
    ],
)
def test_a_query_is_volatile_if_it_may_have_another_answer_soon(
    query: str, *, volatile: bool
) -> None:
    assert scan(query).volatile is volatile


def test_the_prefixes_that_a_query_uses_are_supplied() -> None:
    query = "PREFIX rdfs: <urn:other> SELECT * { id:a rdfs:label ?x . ?x ?id 'skos:x' }"

    assert list(scan(query).prefixes) == ["id", "rdfs"]
    assert answer("PREFIX rdfs: <urn:other/> SELECT (rdfs:x AS ?a) (id:x AS ?b) {}") == [
        ("<urn:other/x>", f"<{PREFIXES['id']}x>")
    ]


def test_a_function_that_nobody_knows_is_an_error_of_its_expression() -> None:
    scanned = scan(
        "PREFIX x: <urn:x/> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
        "ASK { FILTER(x:f(1) || x:f (2) || <urn:y>() || xsd:integer(1) || xsd:byte(1) || "
        "geof:distance(1, 2)) }"
    )

    assert scanned.unknown_functions == ("urn:x/f", "urn:y", f"{PREFIXES['xsd']}byte")
    assert not scanned.functions
    assert answer("SELECT (COALESCE(<urn:y>(1), 2) AS ?x) {}")[0][0].startswith('"2"')


def test_functions_of_ours_are_noticed_by_any_name() -> None:
    assert scan("ASK { FILTER(f:certainlyBefore(id:a, id:b)) }").functions
    assert scan(
        f"PREFIX x: <{PREFIXES['f']}> ASK {{ FILTER(x:certainlyBefore(?a, ?b)) }}"
    ).functions
    assert not scan("PREFIX f: <urn:f> ASK { FILTER(f:certainlyBefore(?a, ?b)) }").functions


def test_the_casts_that_are_known_are_those_of_the_engine() -> None:
    for name in ("boolean", "byte", "date", "decimal", "gYear", "int", "string", "token"):
        cast = f"SELECT (xsd:{name}(1) AS ?x) {{}}"
        try:
            ox.Store().query(cast, prefixes=PREFIXES)
        except RuntimeError:
            assert scan(cast).unknown_functions == (PREFIXES["xsd"] + name,)
        else:
            assert scan(cast).unknown_functions == ()


def test_booleans_may_be_in_capitals() -> None:
    query = "SELECT (TRUE AS ?TRUE) (False AS ?y) ('TRUE' AS ?z) {}"

    assert scan(query).text == query.replace("(TRUE", "(true").replace("(False", "(false")
    assert len(answer(query)) == 1


@pytest.mark.parametrize("separator", ["", " ; SEPARATOR = '('"])
def test_joined_words_have_no_language(separator: str) -> None:
    query = f"SELECT (group_concat (DISTINCT ?x{separator}) AS ?all) {{ VALUES ?x {{ 'a'@en }} }}"

    assert answer(query) == [('"a"',)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (SUM(COUNT(?x)) AS ?y) {}",
        "SELECT (MAX(1 + MIN(?x)) AS ?y) {}",
        "SELECT * { BIND(<<( <<( <urn:a> a 1 )>> a 2 )>> AS ?x) }",
        "SELECT * { BIND(<<( 'a' a 2 )>> AS ?x) }",
        "ASK {\0}",
    ],
)
def test_what_only_the_engine_takes_for_a_query_is_refused(query: str) -> None:
    with pytest.raises(BadQuery, match=r"aggregate|subject|NUL"):
        scan(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (SUM(?n) AS ?all) { SELECT (COUNT(?x) AS ?n) { ?x ?p ?o } GROUP BY ?p }",
        "SELECT (MAX(?x) - MIN(?x) AS ?y) { ?x ?p ?o }",
        "SELECT * { <<( <<( ?s ?p 1 )>> a 2 )>> ?q ?x }",
    ],
)
def test_what_only_looks_illegal_passes(query: str) -> None:
    ox.Store().query(scan(query).text)


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
        ("TRUE", 1, 1, "a query begins with"),
        ("SELECT (TRUE AS ?x) { ?x FALSE }", 1, 26, ""),
        ("SELECT (GROUP_CONCAT(?x) AS ?y) { ?x FILER(?y) }", 1, 38, "did you mean FILTER?"),
        ("SELECT (GROUP_CONCAT(?x)GROUP_CONCAT(?x) AS ?y) { ?x ?y ?z }", 1, 25, ""),
        ("SELECT (GROUP_CONCAT(?x AS ?y) { ?x ?y ?z }", 1, 25, ""),
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
