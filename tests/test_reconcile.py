"""Names in a client's data lead to the entity that is meant, and the score says how surely."""

import random

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kg
from kg.reconcile import Condition, Query, Reconciler
from kg.reconcile.names import LONGEST, Names, fold
from kg.reconcile.values import agreement, days
from kg.terms import CAS, PREFIXES, RDF, SKOS

ITALY = "https://w3id.org/cassibile/id/italy"


@pytest.fixture(scope="module")
def reconciler(graph: kg.Graph) -> Reconciler:
    return Reconciler(graph, ("http://127.0.0.1:8000/id/",))


def small(*said: tuple[str, str, str]) -> Reconciler:
    """Return what answers from a graph of persons, each with an id, a name and an item."""
    store = ox.Store()
    for slug, name, item in said:
        person = ox.NamedNode(PREFIXES["id"] + slug)
        store.add(ox.Quad(person, RDF.type, CAS.Person))
        store.add(ox.Quad(person, SKOS.prefLabel, ox.Literal(name, language="en")))
        if item:
            store.add(ox.Quad(person, SKOS.exactMatch, ox.NamedNode(PREFIXES["wd"] + item)))
    return Reconciler(kg.Graph(store, {}))


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("Vitorio Emanuel III", "victor-emmanuel-iii"),  # as the text spells it
        ("Vittorio Emanuele III", "victor-emmanuel-iii"),  # in another language
        ("VÍTOR EMANUEL III", "victor-emmanuel-iii"),
        ("rei Vitorio Emanuel III", "victor-emmanuel-iii"),
        ("Re Vittorio Emanuele III", "victor-emmanuel-iii"),  # a title that no name has
        ("King Victor Emmanuel III", "victor-emmanuel-iii"),
        ("Gen. Badoglio", "badoglio"),
        ("General Badoglio", "badoglio"),
        ("Marechal Pietro Badoglio", "badoglio"),
        ("Badoglio, Pietro", "badoglio"),  # the words in another order
        ("Tarento", "taranto"),
        ("Florenca", "florence"),  # without its mark
        ("República de Salò", "italian-social-republic"),  # with another one
        ("Dwight Eisenhower", "eisenhower"),  # without what only joins
        ("king of Italy", "king-of-italy"),  # no title before a name
        ("Italy", "italy"),
    ],
)
def test_a_name_matches_in_every_language_and_spelling(
    reconciler: Reconciler, name: str, entity: str
) -> None:
    best, *others = reconciler.match(Query(name))

    assert (best.entity.id, best.match) == (entity, True)
    assert best.score >= 98
    assert not any(other.match for other in others)


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("Saló", "italian-social-republic"),
        ("Pietro Badolio", "badoglio"),
        ("badogilo", "badoglio"),
        ("Tarnato", "taranto"),
        ("Montgomry", "montgomery"),
        ("Victor Emanuel III", "victor-emmanuel-iii"),
        ("Vitorio Emanuel II", "victor-emmanuel-iii"),
        ("Eisenhower", "eisenhower"),
    ],
)
def test_a_part_of_a_name_or_a_wrong_letter_offers_it_first_but_does_not_match(
    reconciler: Reconciler, name: str, entity: str
) -> None:
    best = reconciler.match(Query(name))[0]

    assert (best.entity.id, best.match) == (entity, False)
    assert 50 <= best.score < 98


def test_another_number_is_less_like_than_another_letter(reconciler: Reconciler) -> None:
    second, wrong = (
        reconciler.match(Query(name))[0].score
        for name in ("Vitorio Emanuel II", "Vitorio Emanuel IIII")
    )

    assert second < wrong


@pytest.mark.parametrize("name", ["", "   ", "?!", "xqzwv kjhgf plmnb", "Q999999999", "Q0", "👑"])
def test_what_is_like_nothing_has_no_candidates(reconciler: Reconciler, name: str) -> None:
    assert reconciler.match(Query(name)) == []


@pytest.mark.parametrize(
    "name",
    [
        "italy",
        "id:italy",
        ITALY,
        "http://127.0.0.1:8000/id/italy",
        "http://127.0.0.1:8000/id/italy.html",
        "Q38",
        "wd:Q38",
        "http://www.wikidata.org/entity/Q38",
        "https://www.wikidata.org/wiki/Q38",
        " Q38 ",
    ],
)
def test_an_id_an_address_or_an_item_comes_first(reconciler: Reconciler, name: str) -> None:
    best = reconciler.match(Query(name))[0]

    assert (best.entity.id, best.score, best.match) == ("italy", 100, True)


def test_an_item_that_is_nearly_the_same_does_not_match(reconciler: Reconciler) -> None:
    best = reconciler.match(Query("Q1460"))[0]

    assert (best.entity.id, best.match) == ("sicily", False)


def test_of_namesakes_none_matches_until_a_property_tells_them_apart() -> None:
    two = small(("one", "Ugo Bassi", "Q1"), ("two", "Ugo Bassi", "Q2"), ("three", "Ugo Bossi", ""))
    asked = Query("Ugo Bassi")
    told = Query("Ugo Bassi", conditions=(Condition("skos:exactMatch", ("Q2",)),))

    assert [(c.entity.id, c.match) for c in two.match(asked)][:2] == [
        ("one", False),
        ("two", False),
    ]
    assert [(c.entity.id, c.match) for c in two.match(told)][:1] == [("two", True)]


def test_a_kind_that_does_not_fit_comes_last_and_never_matches(reconciler: Reconciler) -> None:
    found = reconciler.match(Query("Mussolini", kinds=("Event",)))
    fits = ["Event" in each.entity.kinds for each in found]

    assert fits == sorted(fits, reverse=True)
    assert fits[0]
    assert not fits[-1]
    assert [each.score for each in found] == sorted((c.score for c in found), reverse=True)
    assert not any(each.match for each in found if "Event" not in each.entity.kinds)
    assert reconciler.match(Query("Italy", kinds=("no-such-kind",)))[0].match is False


def test_a_general_kind_is_fit_by_a_special_one_and_is_told(reconciler: Reconciler) -> None:
    best = reconciler.match(Query("Taranto", kinds=("cas:Place",)))[0]

    assert best.match
    assert best.kinds == ("City", "Place")
    assert best.features == {"name": 100, "type": True}


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("prime-minister-of-italy", True),
        ("primeiro ministro da Itália", True),
        ("Q25160174", True),
        ("king of Italy", False),  # which is another office
        ("king-of-italy", False),
    ],
)
def test_a_property_supports_or_contradicts(
    reconciler: Reconciler, value: str, *, match: bool
) -> None:
    query = Query("Badoglio", conditions=(Condition("heldOffice", (value,)),))
    found = {each.entity.id: each for each in reconciler.match(query)}
    office = 100 if match else 0

    assert found["badoglio"].match is match
    assert found["badoglio"].features == {"name": 100, "property:heldOffice": office}
    assert not any(each.match for name, each in found.items() if name != "badoglio")


def test_what_an_entity_lacks_is_no_evidence(reconciler: Reconciler) -> None:
    plain = reconciler.match(Query("Taranto"))
    for name in ("heldOffice", "no-such-property"):
        assert reconciler.match(Query("Taranto", conditions=(Condition(name, ("x",)),))) == plain


def test_a_property_that_is_required_excludes(reconciler: Reconciler) -> None:
    def found(value: str, quantifier: str = "any") -> list[str]:
        condition = Condition("heldOffice", (value,), required=True, quantifier=quantifier)  # type: ignore[arg-type]
        return [c.entity.id for c in reconciler.match(Query("Badoglio", conditions=(condition,)))]

    assert found("prime minister of Italy") == ["badoglio"]
    assert found("king of Italy") == []
    assert found("king of Italy", "none") == ["badoglio"]
    assert found("prime minister of Italy", "none") == []


def test_properties_alone_find_who_has_them(reconciler: Reconciler) -> None:
    office = Condition("heldOffice", ("prime minister of Italy",))
    rank = Condition("rank", ("marshal",))

    both = [c.entity.id for c in reconciler.match(Query(conditions=(office,)))]
    one = [(c.entity.id, c.match) for c in reconciler.match(Query(conditions=(office, rank)))]
    assert sorted(both) == ["badoglio", "mussolini"]
    assert one[0] == ("badoglio", True)
    lacking = Query(conditions=(rank, Condition("alliedWith", ("allies",))))
    assert not any(each.match for each in reconciler.match(lacking))


def test_of_very_many_values_only_an_equal_one_is_looked_for() -> None:
    many = small(*((f"n{each}", f"Ugo {each}", "") for each in range(6000)))

    def found(name: str) -> list[str]:
        condition = Condition("skos:prefLabel", (name,))
        return [each.entity.id for each in many.match(Query(conditions=(condition,)))]

    assert found("UGO 77") == ["n77"]
    assert found("Hugo 77") == []


@pytest.mark.parametrize(
    ("day", "score"),
    [
        ("1943-09-03", 100),
        ("1943-09-03T00:00Z", 100),  # as OpenRefine writes one
        ("1943-09", 100),
        ("1943", 100),
        ("circa 1944", 100),
        ("1944~", 100),
        ("1943-09-04", 0),
        ("1944", 0),
        ("-0043", 0),
    ],
)
def test_a_date_is_compared_as_the_days_that_it_can_mean(
    reconciler: Reconciler, day: str, score: float
) -> None:
    condition = Condition("earliestStart", (day,))
    query = Query("signing of the surrender of Italy", conditions=(condition,))
    best = next(c for c in reconciler.match(query) if c.entity.id == "surrender-signing")

    assert best.features["property:earliestStart"] == score
    assert best.match is (score > 50)


def test_days_have_any_precision_and_any_year() -> None:
    caesar, year = days("-0043-03-15"), days("-0043")

    assert caesar
    assert year
    assert agreement(year, caesar) == 100
    assert year.last - year.first + 1 == 365
    assert days("12000")
    assert days("1943-02") == days("1943-02-01/1943-02-28")
    assert [days(wrong) for wrong in ("", "x", "1943-13", "1943-00-01", "25/07/1943")] == [
        None
    ] * 5


@given(st.integers(-9999, 9999), st.integers(1, 12))
def test_a_month_lies_in_its_year(year: int, month: int) -> None:
    sign = "-" if year < 0 else ""
    whole, part = days(f"{sign}{abs(year):04}"), days(f"{sign}{abs(year):04}-{month:02}")

    assert whole
    assert part
    assert agreement(whole, part) == 100
    assert 28 <= part.last - part.first + 1 <= 31


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)

    assert fold(once)[: LONGEST // 4] == once[: LONGEST // 4]
    assert fold(f"  {text[:50].upper()} ") == fold(text[:50].upper())


@given(st.lists(st.text(max_size=12), max_size=12), st.text(max_size=12))
def test_no_text_breaks_the_index_and_a_name_finds_itself(names: list[str], asked: str) -> None:
    index = Names(tuple(names), frozenset({"king"}), frozenset({"of"}))

    assert all(50 <= hit.likeness <= 100 for hit in index.find(asked))
    for place, name in enumerate(names):
        found = {hit.name: hit.likeness for hit in index.find(name)}
        assert found.get(place) == (100 if fold(name) else None)


def test_of_many_names_one_with_a_wrong_letter_is_found_first() -> None:
    chance = random.Random(1943)
    syllables = "ba do gli mon te ca si no pa ler ro mes ta ran vit to ri em ma"
    words = ["".join(chance.choices(syllables.split(), k=k)) for k in (3, 4) * 3000]
    names = sorted({" ".join(pair) for pair in zip(words[::2], words[1::2], strict=True)})
    index = Names(tuple(names))
    first = 0
    asked = range(0, len(names), 15)
    for place in asked:
        name = names[place]
        at = chance.randrange(1, len(name) - 1)
        found = index.find(name[:at] + name[at + 1 :])
        first += found[0].name == place

    assert first >= 0.95 * len(asked)


def test_a_prefix_is_completed_by_what_begins_so_at_any_word(reconciler: Reconciler) -> None:
    begun = [entity.id for entity in reconciler.begin("muss")]

    assert begun[0] == "mussolini"
    assert "arrest-of-mussolini" in begun
    assert next(reconciler.begin("BADO")).id == "badoglio"
    assert next(reconciler.begin("emanuele")).id in {
        "victor-emmanuel-iii",
        "victor-emmanuel-reign",
    }
    assert [e.id for e in reconciler.begin("mussolini", "cas:Person")][:1] == ["mussolini"]
    assert next(reconciler.begin("badolgio")).id == "badoglio"  # nothing begins so
    assert [list(reconciler.begin(wild)) for wild in ("%", "_", "*")] == [[], [], []]
    assert len(list(reconciler.begin(""))) == len(reconciler.entities.by_id)


def test_what_is_said_of_an_entity_tells_it_from_others(reconciler: Reconciler) -> None:
    entities = reconciler.entities
    badoglio, signing = (entities.by_id[each] for each in ("badoglio", "surrender-signing"))

    assert (
        entities.description(badoglio, "en") == "person, general, marshal, prime minister of Italy"
    )
    assert entities.description(signing, "pt") == "assinatura, 1943-09-03"
    assert badoglio.name("de") == "Pietro Badoglio"
    assert entities.proposed("Person")
    assert not any(name.startswith("possibly") for name in entities.proposed(""))


def test_titles_are_read_from_the_ranks_and_offices_of_the_graph(reconciler: Reconciler) -> None:
    assert {"gen", "general", "marechal", "rei", "re", "king"} <= reconciler.entities.titles
    assert "italy" not in reconciler.entities.titles


def test_the_same_question_has_the_same_answer(graph: kg.Graph) -> None:
    one, other = Reconciler(graph), Reconciler(graph)

    for name in ("Mussolini", "Italia", "ocupação", "surrender"):
        assert one.match(Query(name)) == other.match(Query(name))
