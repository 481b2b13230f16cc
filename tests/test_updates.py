"""An update writes to graphs that it names, fetches from hosts that are allowed, or is refused."""

from collections.abc import Iterable
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg import updates
from kg.errors import BadQuery, Outbound, ProtectedGraph, QueryTooComplex
from kg.updates import scan, with_dataset

OWN, BUILT = "<urn:own>", "<urn:built/1>"
DECLARED = "PREFIX own: <urn:own/> PREFIX built: <urn:built/> PREFIX graph: <urn:own/> "
DECLARED += "PREFIX GRAPHbuilt: <urn:own/> PREFIX : <urn:built/> "


def is_built(graph: str) -> bool:
    return graph.startswith("urn:built")


def quads(text: str) -> list[ox.Quad]:
    return list(ox.parse(text, format=ox.RdfFormat.TRIG))


BEFORE = quads(
    """<urn:a> <urn:b> 1 . <urn:own> { <urn:a> <urn:b> 2 } <urn:own/x> { <urn:a> <urn:b> 3 }
    <urn:built/1> { <urn:a> <urn:b> 4 } <urn:built/x> { <urn:a> <urn:b> 5 }"""
)


def protected(store: Iterable[ox.Quad]) -> set[ox.Quad]:
    return {
        quad
        for quad in store
        if isinstance(quad.graph_name, ox.DefaultGraph) or is_built(quad.graph_name.value)
    }


PROTECTED = protected(ox.Dataset(BEFORE))


def carry_out(text: str) -> ox.Store:
    """Return the store after an update, or as it was if the engine refuses."""
    update = scan(text, protected=is_built)
    store = ox.Store()
    store.extend(BEFORE)
    with suppress(SyntaxError, RuntimeError, OSError):
        store.update(update.text, prefixes=update.prefixes)
    return store


@pytest.mark.parametrize(
    "update",
    [
        f"INSERT DATA {{ GRAPH {OWN} {{ <urn:a> <urn:b> 9 {{| <urn:c> 1 |}} }} }}",
        f"INSERT DATA {{ GRAPH {OWN} {{ <urn:a> <urn:b> 9 }} . GRAPH own:x {{}} }}",
        f"DELETE DATA {{ GRAPH {OWN} {{ <urn:a> <urn:b> 2 }} }}",
        f"DELETE WHERE {{ GRAPH {OWN} {{ ?s ?p ?o }} }}",
        f"WITH {OWN} DELETE {{ ?s ?p ?o }} INSERT {{ ?s ?p 9 }} WHERE {{ ?s ?p ?o }}",
        f"WITH {BUILT} INSERT {{ GRAPH {OWN} {{ ?s ?p ?o }} }} WHERE {{ ?s ?p ?o }}",
        f"INSERT {{ GRAPH {OWN} {{ ?s ?p 9 }} }} USING {BUILT} USING NAMED {BUILT} WHERE {{ ?s ?p ?o }}",
        f"insert {{ graph{OWN} {{ ?s ?p 9 }} }} where {{ ?s ?p ?o FILTER EXISTS {{ ?s ?p 1 }} }}",
        f"COPY {BUILT} TO {OWN}",
        f"COPY DEFAULT TO {OWN}",
        f"ADD SILENT GRAPH built:x TO GRAPH {OWN}",
        f"MOVE {OWN} TO own:x",
        f"CLEAR GRAPH {OWN}",
        f"DROP SILENT GRAPH {OWN} ; CREATE GRAPH {OWN} ;",
        "BASE <urn:own> INSERT DATA { GRAPH <> { <urn:a> <urn:b> 9 } }",
        f"INSERT DATA {{ GRAPH graph:y {{ graph:y graph:y '}} {BUILT} {{' }} }} # }} GRAPH {BUILT} {{",
        f"INSERT DATA {{ GRAPH {OWN} {{}} }} ; PREFIX own: <urn:own/> PREFIX n: <urn:own/> CLEAR GRAPH n:x",
    ],
)
def test_graphs_of_ones_own_are_written(update: str) -> None:
    store = ox.Store()
    store.extend(BEFORE)
    scanned = scan(DECLARED + update, protected=is_built)
    store.update(scanned.text, prefixes=scanned.prefixes)

    assert set(store) != set(BEFORE) or "{}" in update
    assert protected(store) == PROTECTED


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ("INSERT DATA { <urn:a> <urn:b> 9 }", "default graph"),
        ("INSERT { ?s ?p 9 } WHERE { ?s ?p ?o }", "default graph"),
        (f"INSERT DATA {{ GRAPH {OWN} {{}} <urn:a> <urn:b> 9 }}", "default graph"),
        (
            f"DELETE {{ ?s ?p ?o }} INSERT {{ GRAPH {OWN} {{}} }} WHERE {{ ?s ?p ?o }}",
            "default graph",
        ),
        ("DELETE WHERE { ?s ?p ?o }", "default graph"),
        ("DELETE WHERE { GRAPH ?g { ?s ?p ?o } }", r"\?g may be any"),
        ("INSERT { GRAPH ?g { ?s ?p 9 } } WHERE { BIND(<urn:own> AS ?g) }", r"\?g may be any"),
        (
            f"INSERT DATA {{ GRAPH {BUILT} {{ <urn:a> <urn:b> 9 }} }}",
            "<urn:built/1> is written by",
        ),
        (
            f"WITH {BUILT} DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
            "<urn:built/1> is written by",
        ),
        ("INSERT DATA { GRAPH built:x {} }", "built:x is written by"),
        ("INSERT DATA { GRAPH <urn:\\u0062uilt/x> {} }", "is written by"),
        ("BASE <urn:built> INSERT DATA { GRAPH <> {} }", "<> is written by"),
        ("PREFIX own: <urn:built/> CLEAR GRAPH own:x", "own:x is written by"),
        (f"CLEAR GRAPH {OWN} ; PREFIX b: <urn:built/> CLEAR GRAPH b:x", "b:x is written by"),
        ("INSERT DATA { GRAPH <own> {} }", "not known which"),
        ("INSERT DATA { GRAPH nobody:x {} }", "not known which"),
        ("INSERT DATA { GRAPH own:x.y.z {} }", "not known which"),
        ("CLEAR ALL", "ALL means"),
        ("DROP SILENT NAMED", "NAMED means"),
        ("CLEAR DEFAULT", "default graph"),
        (f"CREATE GRAPH {BUILT}", "is written by"),
        (f"ADD {OWN} TO DEFAULT", "default graph"),
        (f"COPY {OWN} TO {BUILT}", "is written by"),
        (f"MOVE {BUILT} TO {OWN}", "is written by"),
        (f"MOVE DEFAULT TO {OWN}", "default graph"),
        ("LOAD SILENT <x:y>", "default graph"),
        (f"LOAD SILENT <x:y> INTO GRAPH {BUILT}", "is written by"),
    ],
)
def test_graphs_of_a_build_are_never_written(update: str, told: str) -> None:
    with pytest.raises(ProtectedGraph, match=told) as caught:
        scan(DECLARED + update, protected=is_built)

    assert caught.value.line == 1
    assert "GRAPH" in caught.value.hint or "another name" in caught.value.hint


@pytest.mark.parametrize(
    "update",
    [
        f"ADD {OWN} TO graph:x",  # the engine: TO GRAPH :x
        f"MOVE GRAPHbuilt:x TO {OWN}",
        f"INSERT DATA {{ GRAPH {OWN} {{ <urn:a> <urn:b> 1 }} GRAPHbuilt:x {{}} }}",
        f"INSERT DATA {{ GRAPH {OWN} {{}} 1GRAPH {BUILT} {{ <urn:a> <urn:b> 9 }} }}",
        f"INSERT DATA {{ <urn:a> <urn:b> 1GRAPH {BUILT} {{ <urn:a> <urn:b> 9 }} }}",
        f"INSERT DATA {{ GRAPH {OWN} {{ <urn:a> <urn:b> '''a' }} GRAPH {BUILT} {{ <urn:a> <urn:b> 9 }} }} # \\x '''",
        f"INSERTDATA {{ GRAPH {OWN} {{}} }}",
        f"INSERT {{ GRAPH {OWN} {{ GRAPH {BUILT} {{}} }} }} WHERE {{}}",
        f"INSERT DATA {{ GRAPH {OWN} {{}} }} CLEAR ALL",
        f"CLEAR GRAPH {OWN} ; PREFIX own: <urn:built/> CLEAR GRAPH own:x",
        f"CLEAR GRAPH {OWN} ; BASE <urn:built/> CLEAR GRAPH <x>",
        f"WITH {OWN} INSERT DATA {{}}",
        "INSERT { ?s ?p ?o } WHERE { ?s ?p ?o ",
        "SELECT * {}",
        "CLEAR",
    ],
)
def test_what_may_be_read_in_another_way_is_refused(update: str) -> None:
    with pytest.raises(BadQuery, match=r"cannot be read|default graph|a build only"):
        scan(DECLARED + update, protected=is_built)


# W is a graph that is written, R one that is only read.
OPERATIONS = [
    "INSERT DATA { GRAPH W { <urn:a> <urn:b> 9 } }",
    "DELETE DATA { GRAPH W { <urn:a> <urn:b> 4 } . GRAPH W { <urn:a> <urn:b> 5 } }",
    "DELETE WHERE { GRAPH W { ?s ?p ?o } }",
    "WITH W DELETE { ?s ?p ?o } INSERT { ?s ?p 'GRAPH<urn:built/1>{' } WHERE { ?s ?p ?o }",
    "WITH R INSERT { GRAPH W { ?s ?p 9 } } WHERE { ?s ?p ?o FILTER(?o < 3 && ?o > 1) }",
    "DELETE { GRAPH W { ?s ?p ?o } } USING R USING NAMED R WHERE { ?s ?p ?o }",
    "INSERT { GRAPH W { ?s ?p ?o } } WHERE { GRAPH R { ?s ?p ?o } OPTIONAL { ?s ?p '}' } }",
    "COPY R TO W",
    "ADD SILENT GRAPH R TO GRAPH W",
    "MOVE W TO W",
    "CLEAR SILENT GRAPH W",
    "DROP SILENT GRAPH W",
    "CREATE SILENT GRAPH W",
    "LOAD SILENT <x:y> INTO GRAPH W",
]
OWN_NAMES = ["<urn:own>", "own:x", "<urn:\\u006fwn/x>", "own:\\#"]
BUILT_NAMES = ["<urn:built/1>", "built:x", ":x", "<urn:\\U00000062uilt/x>"]
GAPS = [" ", "\n", "\t ", " # GRAPH <urn:own> { ' \n", " #\r"]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bool]:
    """Return an update in some layout, and whether it writes to a graph of a build."""
    writes_to_built = False
    text = ""
    for number, operation in enumerate(
        draw(st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=3))
    ):
        text += " ;" if number else ""
        for word in operation.split():
            if word in {"W", "R"}:
                is_own = draw(st.integers(0, 3)) > 0
                writes_to_built |= word == "W" and not is_own
                word = draw(st.sampled_from(OWN_NAMES if is_own else BUILT_NAMES))  # noqa: PLW2901
            elif word.isalpha() and draw(st.booleans()):
                word = word.lower()  # noqa: PLW2901
            text += draw(st.sampled_from(GAPS)) + word
    return text, writes_to_built


@given(requests())
def test_an_update_passes_if_it_writes_to_no_graph_of_a_build(request: tuple[str, bool]) -> None:
    text, writes_to_built = request
    if writes_to_built:
        with pytest.raises(ProtectedGraph):
            scan(DECLARED + text, protected=is_built)
        return
    store = ox.Store()
    store.extend(BEFORE)
    scanned = scan(DECLARED + text, protected=is_built)
    with suppress(RuntimeError):  # a graph that is not there
        store.update(scanned.text, prefixes=scanned.prefixes)

    assert protected(store) == PROTECTED


PIECES = [
    *("GRAPH", "graph:x", "GRAPHbuilt:x", OWN, BUILT, "own:x", "built:x", "own:x.y.GRAPH", "?g"),
    *("{", "}", "{|", "|}", "<urn:a> <urn:b> 9", "1GRAPH", "trueGRAPH", "'''", "'", '"', "\\x"),
    *(";", ".", "~", "#", "\n", " ", "INSERT DATA {", "INSERT {", "DELETE WHERE {", "WHERE {"),
    *("WHERE {}", "WITH", "USING", "TO", "INTO", "SILENT", "DEFAULT", "CLEAR", "MOVE", "COPY"),
    *("PREFIX own: <urn:built/>", "BASE <urn:built/1>", "<>", "FILTER(1<a:b+'>'", "<urn:\\u+062>"),
]
FORMS = [
    *("INSERT DATA { %s }", "INSERT { %s } WHERE { %s }", "DELETE WHERE { %s }", "%s"),
    *("WITH <urn:own> DELETE { %s } INSERT { %s } WHERE { ?s ?p ?o }", "ADD %s TO %s", "CLEAR %s"),
    *("MOVE %s TO %s", "INSERT DATA { GRAPH <urn:own> { %s } } ; %s", "LOAD SILENT %s INTO %s"),
]


@given(st.sampled_from(FORMS), st.lists(st.lists(st.sampled_from(PIECES), max_size=6), min_size=3))
@example("ADD %s TO %s", [[OWN], ["graph:x"], []])
@example(
    "INSERT DATA { %s }",
    [["GRAPH ", OWN, "{ <urn:a> <urn:b> '''a' } } ; CLEAR ALL # \\x '''"]] * 3,
)
def test_nothing_that_passes_changes_a_graph_of_a_build(form: str, parts: list[list[str]]) -> None:
    texts = ["".join(part) for part in parts]
    update = DECLARED + form.replace("%s", texts[0], 1).replace("%s", texts[1], 1).replace(
        "%s", ""
    )
    try:
        store = carry_out(update)
    except BadQuery:
        return

    assert protected(store) == PROTECTED


@pytest.mark.parametrize(
    ("update", "passes"),
    [
        ("LOAD <http://a.org/x> INTO GRAPH <urn:own>", True),
        ("PREFIX a: <https://A.org:81/> LOAD SILENT a:x", True),
        ("LOAD <http://b.org/x>", False),
        ("LOAD <http://a.org@b.org/x>", False),
        ("LOAD <file:///etc/hostname>", False),
        ("LOAD SILENT <file:///etc/hostname>", False),
        ("LOAD <x:y>", False),
        ("LOAD SILENT <x:y>", True),  # nobody can fetch it
        ("LOAD SILENT <x>", False),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://a.org/> { ?s ?p ?o } }", True),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://b.org/> { ?s ?p ?o } }", False),
        ("CLEAR ALL ; PREFIX a: <http://b.org/> LOAD a:x", False),
    ],
)
def test_only_allowed_hosts_are_asked(update: str, *, passes: bool) -> None:
    if passes:
        scan(update, {"a.org"})
    else:
        with pytest.raises(Outbound, match=r"LOAD|SERVICE"):
            scan(update, {"a.org"})


def test_no_host_is_asked_unless_allowed() -> None:
    with pytest.raises(Outbound) as caught:
        scan("CLEAR ALL ;\nLOAD <http://a.org/x>")

    assert (caught.value.line, caught.value.column) == (2, 6)


def test_without_protected_graphs_all_are_written() -> None:
    assert scan("CLEAR ALL").text == "CLEAR ALL"


def test_an_update_of_much_data_passes() -> None:
    scan("INSERT DATA { " + "<urn:a> <urn:b> 1 . " * 5000 + "}")
    graphs = "".join(f"GRAPH <urn:own/{number}> {{}} " for number in range(6000))
    scan(f"INSERT DATA {{ {graphs} }}", protected=is_built)
    with pytest.raises(QueryTooComplex):
        scan("DELETE WHERE { " + "?s ?p ?o . " * 500 + "}")


def test_declarations_may_stand_before_each_operation() -> None:
    text = "PREFIX a: <urn:a/>\nINSERT DATA { a:x a:y 1 } ;\n# next\nPREFIX a: <urn:a/>\nPREFIX b: <urn:b/>\nINSERT DATA { b:x a:y 2 }"
    store = ox.Store()
    store.update(scan(text).text)

    assert set(store) == set(quads("<urn:a/x> <urn:a/y> 1 . <urn:b/x> <urn:a/y> 2 ."))
    assert scan(text).text.count("\n") == text.count("\n")


def test_calls_and_prefixes_are_told_as_of_a_query() -> None:
    update = scan(
        "INSERT { ?s cas:x TRUE } WHERE { ?s ?p ?o FILTER(<urn:f>(?s) || f:certainlyBefore(?s, ?o)) }"
    )

    assert "true" in update.text
    assert update.unknown_functions == ("urn:f",)
    assert update.functions
    assert list(update.prefixes) == ["cas", "f"]


def test_what_is_no_update_is_told_where() -> None:
    with pytest.raises(BadQuery) as caught:
        scan("CLEAR ALL ;\nINSRT DATA {}")

    assert (caught.value.line, caught.value.column) == (2, 1)
    assert caught.value.hint == "did you mean INSERT?"


def test_a_syntax_error_of_the_engine_is_explained() -> None:
    text = "INSERT DATA {\n <urn:a> <urn:b> ids:c }"
    with pytest.raises(SyntaxError) as engine:
        ox.Store().update(text)
    error = updates.explained(text, str(engine.value))

    assert (error.line, error.column) == (2, 18)
    assert "did you mean id?" in error.hint


@pytest.mark.parametrize(
    ("update", "changed"),
    [
        ("DELETE WHERE { ?s ?p ?o }", {1, 2}),
        ("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", {1, 2}),
        ("DELETE { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } } # WHERE", {1, 3}),
        ("INSERT DATA { <urn:a> <urn:b> 9 }", set()),
    ],
)
def test_the_dataset_of_the_protocol_is_that_of_the_patterns(
    update: str, changed: set[int]
) -> None:
    """The default graph holds 1, 2 and 3; what is deleted from it was found in the dataset."""
    store = ox.Store()
    store.extend(
        quads(
            """<urn:a> <urn:b> 1, 2, 3 . <urn:d> { <urn:a> <urn:b> 1, 2 }
            <urn:n> { <urn:a> <urn:b> 1, 3 } <urn:other> { <urn:a> <urn:b> 1, 2, 3 }"""
        )
    )
    store.update(with_dataset(f"{update} ; {update}", ["urn:d"], ["urn:n"]))

    default = store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    left = {int(quad.object.value) for quad in default if isinstance(quad.object, ox.Literal)}
    assert {1, 2, 3} - left == changed


@pytest.mark.parametrize("clause", ["USING <urn:x>", "USING NAMED <urn:x>"])
def test_a_dataset_is_named_once(clause: str) -> None:
    with pytest.raises(BadQuery, match="USING"):
        with_dataset(f"INSERT {{}} {clause} WHERE {{}}", ["urn:g"], [])
    with pytest.raises(BadQuery, match="WITH"):
        with_dataset("WITH <urn:x> INSERT {} WHERE {}", [], ["urn:g"])

    assert (
        with_dataset("WITH <urn:x> INSERT {} WHERE {}", [], [])
        == "WITH <urn:x> INSERT {} WHERE {}"
    )


def test_a_graph_of_the_protocol_is_an_address() -> None:
    with pytest.raises(BadQuery, match="no name of a graph"):
        with_dataset("DELETE WHERE { ?s ?p ?o }", ["urn:g> WHERE {} ; CLEAR ALL #"], [])
