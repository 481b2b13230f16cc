"""What the text says, in Wikidata's shape: statements with their words, ranks and dates."""

from collections.abc import Callable
from functools import cache

import pyoxigraph as ox
import pytest

import kg
from kg import disagree, perspectives
from kg.proof.record import fact_of
from kg.proof.tree import Proofs
from kg.terms import CAS, PREFIXES, expand, read_triple
from kg.wikibase import dates, tables, view
from kg.wikibase.model import (
    DEPRECATED,
    GREGORIAN,
    NORMAL,
    SOME,
    Entity,
    Item,
    Point,
    Snak,
    Statement,
    String,
    Text,
    Time,
)
from kg.wikibase.rdf import OURS
from kg.wikibase.statements import Perspective
from tests.helpers import rows

TEXT = "text/italy-1943"
CLAIM = f"{PREFIXES['text']}italy-1943/claim/"
Say = Callable[[str, str], list[Statement]]


@pytest.fixture(scope="module")
def told(graph: kg.Graph) -> dict[str, dict[str, Entity]]:
    return view.entities(graph.store)


@pytest.fixture(scope="module")
def said(told: dict[str, dict[str, Entity]]) -> Say:
    @cache
    def find(name: str, pid: str) -> list[Statement]:
        return [each for each in told[TEXT][name].statements if each.main.property == pid]

    return find


@pytest.fixture(scope="module")
def store(told: dict[str, dict[str, Entity]]) -> ox.Store:
    found = ox.Store()
    found.extend(view.quads(told))
    return found


def test_an_office_has_its_days_and_who_came_before(said: Say) -> None:
    (office,) = said("Q200085", "P39")

    assert office.main.value == Item("Q25160174")
    assert office.rank == NORMAL
    assert not office.inferred
    assert office.qualifiers == (
        Snak("P580", Time("+1943-07-00T00:00:00Z", 10, GREGORIAN)),
        Snak("P1365", Item("Q23559")),
    )
    assert office.inferred_qualifiers == ("P1365",)
    words = "Marshal Pietro Badoglio, primeiro ministro desde a queda de Benito Mussolini em Julho"
    assert (
        Snak("P854", String(f"{CLAIM}s01-4", "url")),
        Snak("P1683", Text(words, "pt")),
    ) in office.references


def test_every_statement_of_the_text_has_words_of_the_text(
    graph: kg.Graph, told: dict[str, dict[str, Entity]]
) -> None:
    quads = graph.store.quads_for_pattern(None, CAS.quote, None, expand("g:claims"))
    quotes = {(q.subject.value, q.object.value) for q in quads}  # type: ignore[union-attr]
    statements = [
        each
        for entity in told[TEXT].values()
        for each in entity.statements
        if each.main.property != "P625"  # coordinates are the editor's
    ]
    assert len(statements) > 100
    for each in statements:
        assert each.references, each
        for snaks in each.references:
            claims = {s.value.text for s in snaks if s.property == "P854"}  # type: ignore[union-attr]
            words = {s.value.text for s in snaks if s.property == "P1683"}  # type: ignore[union-attr]
            assert words
            assert {(claim, quote) for claim in claims for quote in words} <= quotes


def test_a_statement_of_reference_works_has_their_address_and_no_words(
    told: dict[str, dict[str, Entity]],
) -> None:
    found = told[perspectives.REFERENCE]["surrender-announcement"].statements
    (day,) = (each for each in found if each.main.property == "P585")

    assert day.main.value == Time("+1943-09-08T00:00:00Z", 11, GREGORIAN)
    address = "https://en.wikipedia.org/wiki/Armistice_of_Cassibile"
    assert day.references == ((Snak("P854", String(address, "url")),),)


def test_what_reference_works_contradict_is_deprecated_and_no_direct_statement(
    said: Say, store: ox.Store
) -> None:
    (place,) = said("Q13498", "P706")
    (day,) = said("german-surrender-in-italy", "P585")
    (told,) = (each for each in said("Q200085", "P410") if each.main.value == Item("general"))
    assert {place.rank, day.rank, told.rank} == {DEPRECATED}

    graph = view.graph_of(TEXT)
    direct, through = OURS.use("direct/", "P706"), OURS.use("", "P706")
    taranto, palermo = OURS.of("Q13498"), OURS.of("Q2656")
    assert not list(store.quads_for_pattern(taranto, direct, None, graph))
    assert list(store.quads_for_pattern(taranto, through, None, graph))
    assert list(store.quads_for_pattern(palermo, direct, None, graph))


def test_a_date_that_rests_on_other_words_than_the_contradicted_one_is_not_deprecated(
    graph: kg.Graph, said: Say
) -> None:
    disputed = {each.subject.value for each in disagree.read(graph.store)}
    assert f"{PREFIXES['id']}execution-of-mussolini" not in disputed
    (day,) = said("Q23559", "P570")
    assert (day.main.value, day.rank) == (Time("+1945-04-28T00:00:00Z", 11), NORMAL)


def test_a_vague_date_is_an_unknown_one_between_two_days(said: Say) -> None:
    (summer,) = said("Q217981", "P585")

    assert summer.main == Snak("P585", SOME)
    assert summer.qualifiers == (
        Snak("P1319", Time("+1943-06-01T00:00:00Z", 11)),
        Snak("P1326", Time("+1943-08-31T00:00:00Z", 11)),
    )


def test_who_has_no_name_is_called_as_the_text_does(said: Say) -> None:
    (signed,) = said("surrender-signing", "P1891")

    assert signed.main.value == Item("badoglio-representative")
    assert signed.qualifiers == (
        Snak("P1932", String("representante do Marshal Pietro Badoglio")),
    )


def test_the_nearer_of_two_places_is_told(said: Say) -> None:
    assert [each.main.value for each in said("Q3831648", "P276")] == [Item("Q220")]
    assert [each.main.value for each in said("Q220", "P131")] == [Item("central-italy")]


def test_coordinates_have_their_precision_and_their_source(said: Say) -> None:
    (point,) = said("Q220", "P625")

    assert point.main.value == Point(41.89, 12.51, 0.01)
    assert point.references == ((Snak("P854", String("https://www.geonames.org/", "url")),),)


def test_what_only_follows_says_by_which_fact(graph: kg.Graph, said: Say) -> None:
    (part,) = (e for e in said("Q162333", "P710") if e.main.value == Item("Q329888"))

    ways = (
        "id:italian-campaign cas:hadParticipant id:allies",
        "id:allies cas:participatedIn id:italian-campaign",
    )
    assert part.inferred in {fact_of(TEXT, read_triple(way)).value for way in ways}
    assert Proofs(graph.store).best(ox.NamedNode(part.inferred)).leaves


def test_what_was_only_meant_or_was_a_state_of_things_is_not_told(
    graph: kg.Graph, told: dict[str, dict[str, Entity]]
) -> None:
    query = (
        "SELECT DISTINCT ?x { VALUES ?kind { cas:Prospect cas:Condition cas:Tenure } ?x a ?kind }"
    )
    never = {thing.removeprefix(PREFIXES["id"]) for (thing,) in rows(graph, query)}
    assert "exile-in-switzerland" in never
    assert never.isdisjoint(told[TEXT])


def test_no_statement_says_more_than_the_text(
    graph: kg.Graph, told: dict[str, dict[str, Entity]]
) -> None:
    """Read back, each statement of a direct property is a triple of the view."""
    pairs = rows(
        graph, "SELECT ?pid ?ours { GRAPH g:alignments { ?ours cas:wikidataProperty ?pid } }"
    )
    direct = {pid.rpartition("/")[2]: ox.NamedNode(ours) for pid, ours in pairs}
    known = view.entities(graph.store)[TEXT]
    ours = {
        name: ox.NamedNode(entity.exact[0] if entity.exact else PREFIXES["id"] + name)
        for name, entity in known.items()
    }
    looked = 0
    for name, entity in told[TEXT].items():
        for each in entity.statements:
            if each.main.property in direct and isinstance(each.main.value, Item):
                triple = ox.Quad(
                    ours[name],
                    direct[each.main.property],
                    ours[each.main.value.id],
                    expand(f"g:view/{TEXT}"),
                )
                assert triple in graph.store, each
                looked += 1
    assert looked > 100


def test_the_same_build_gives_the_same_statements(graph: kg.Graph, told: object) -> None:
    assert Perspective(graph.store, TEXT).entities == told[TEXT]  # type: ignore[index]


def test_statements_values_and_references_are_named_as_the_worked_example_says(
    store: ox.Store,
) -> None:
    node = ox.NamedNode(
        "https://w3id.org/cassibile/value/8ee42452adb85baa44120c278051e2969b245078"
    )
    told = {
        q.predicate.value.rpartition("#")[2]: q.object
        for q in store.quads_for_pattern(node, None, None, view.graph_of(TEXT))
    }
    assert told["timePrecision"].value == "10"  # type: ignore[union-attr]
    assert told["timeValue"].value == "1943-07-01T00:00:00Z"  # type: ignore[union-attr]
    assert not any("_:" in str(quad) for quad in store)


def test_each_property_tells_how_it_is_used(store: ox.Store) -> None:
    graph = view.graph_of(TEXT)
    used = {
        q.predicate.value.rpartition("/")[2]
        for q in store.quads_for_pattern(None, None, None, graph)
        if q.predicate.value.startswith("http://www.wikidata.org/prop/")
    }
    kind = ox.NamedNode("http://wikiba.se/ontology#propertyType")
    described = {
        str(q.subject).rpartition("/")[2].removesuffix(">")
        for q in store.quads_for_pattern(None, kind, None, graph)
    }
    assert used == described


@pytest.mark.parametrize(
    ("edtf", "told"),
    [
        ("1943-09-03", [("P585", "+1943-09-03T00:00:00Z", 11)]),
        ("1943-07", [("P585", "+1943-07-00T00:00:00Z", 10)]),
        ("1943", [("P585", "+1943-00-00T00:00:00Z", 9)]),
        ("194X", [("P585", "+1940-00-00T00:00:00Z", 8)]),
        (
            "1943-07-25/1944",
            [("P580", "+1943-07-25T00:00:00Z", 11), ("P582", "+1944-00-00T00:00:00Z", 9)],
        ),
        ("1943-07/..", [("P580", "+1943-07-00T00:00:00Z", 10)]),
        ("../1943-07", [("P582", "+1943-07-00T00:00:00Z", 10)]),
    ],
)
def test_a_date_keeps_its_precision(edtf: str, told: list[tuple[str, str, int]]) -> None:
    found = dates.of_event(edtf)

    assert [(s.property, s.value.time, s.value.precision) for s, _ in found] == told  # type: ignore[union-attr]
    assert not any(bounds for _, bounds in found)


@pytest.mark.parametrize("edtf", ["1943-26", "[1944-02..1944-05]", "1943-09-03~", "1944-37"])
def test_a_date_of_no_one_precision_is_told_by_its_bounds(edtf: str) -> None:
    ((main, bounds),) = dates.of_event(edtf)

    assert main == Snak("P585", SOME)
    assert [each.property for each in bounds] == ["P1319", "P1326"]


def test_the_tables_agree_with_the_alignments(graph: kg.Graph) -> None:
    query = "SELECT ?pid { GRAPH g:alignments { ?ours cas:wikidataProperty|cas:wikidataInverse ?pid } }"
    aligned = {pid.rpartition("/")[2] for (pid,) in rows(graph, query)}
    assert aligned <= tables.properties().keys()
    query = """SELECT ?q { GRAPH g:alignments { ?ours skos:exactMatch ?q }
      FILTER(STRSTARTS(STR(?q), "http://www.wikidata.org/")) }"""
    known = {item.rpartition("/")[2] for (item,) in rows(graph, query)}
    assert {qid for qid in known if qid.startswith("Q")} <= tables.items().keys()
    assert all(each.datatype in tables.DATATYPES for each in tables.properties().values())


def test_a_property_that_is_not_in_the_table_is_used_all_the_same() -> None:
    statement = Statement("Q1$1", Snak("P99999", Time("+1943-00-00T00:00:00Z", 9)))
    found = {"Q1": Entity("Q1", statements=(statement,))}
    told = {str(triple) for triple in view.triples(found)}

    kind = "<http://wikiba.se/ontology#propertyType> <http://wikiba.se/ontology#Time>"
    assert f"<http://www.wikidata.org/entity/P99999> {kind}" in told
    assert not any("P99999> <http://www.w3.org/2000/01/rdf-schema#label>" in each for each in told)
