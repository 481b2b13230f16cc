"""Where the text and reference works disagree, and the text with itself: no more, no less."""

import json
from collections.abc import Iterable, Iterator
from datetime import date

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

import kg
from kg import disagree, formats, paths, perspectives, reason, words
from kg.bounds import Constraint, Duration, Kind, smallest_conflict
from kg.cli import kg as commands
from kg.conclude import Conclusions
from kg.dates import Bounds, bounds_of
from kg.disagree import Disagreement, Side
from kg.evidence import of_claim
from kg.load import BOUNDS, Source, read_source
from kg.perspectives import Perspective
from kg.proof.tree import Proofs
from kg.rules import read_comparisons, read_rules
from kg.terms import CAS, DCT, PREFIXES, RDF, RDFS, XSD, expand, shorten
from tests.helpers import HEAD

TEXT, REFERENCE = "text/italy-1943", "reference"
RULES = read_comparisons(paths.ONTOLOGY / "rules")
CORE = [quad.triple for quad in formats.read(paths.ONTOLOGY / "core.ttl")]
WIKI = "https://en.wikipedia.org/wiki/"
GITHUB = "https://github.com/dr5hn/countries-states-cities-database"
SLAPSTICK = "https://codenames.info/operation/slapstick/"
HUSKY = "https://infogalactic.com/info/Operation_Husky"
CAMPAIGN = "https://wiki-gateway.eudic.net/wikipedia_en/Italian_Campaign_(World_War_II).html"
CAPTURE = "https://liquisearch.com/italian_resistance_movement/capture_and_execution_of_mussolini"
RESCUE = "https://ww2days.com/hitler-ecstatic-after-mussolinis-rescue-4.html"

# Kind and subject: what the text says, and by which claims; what is said otherwise, and where.
THIRTEEN = {
    ("PlaceConflict", "taranto"): (
        ("within Sicily", "s03-4"),
        ("within Apulia", GITHUB),
    ),
    ("PlaceConflict", "occupation-of-taranto"): (
        ("took place at Sicily", "s03-4 s03-5"),
        ("took place at Apulia", f"{GITHUB} {SLAPSTICK}"),
    ),
    ("DateConflict", "occupation-of-taranto"): (
        ("between 1 June 1943 and 31 August 1943", "s02-1 s03-5 s03-6"),
        ("9 September 1943", SLAPSTICK),
    ),
    ("DateConflict", "fall-of-sicily"): (
        ("between 1 June 1943 and 25 July 1943", "s04-1 s04-4 s05-2 s05-3"),
        ("17 August 1943", HUSKY),
    ),
    ("OrderConflict", "fall-of-sicily"): (
        ("contributed to deposition of Mussolini", "s04-1 s04-4"),
        (
            "first day 17 August 1943, that of deposition of Mussolini 25 July 1943",
            f"{HUSKY} {WIKI}Gran_Sasso_raid",
        ),
    ),
    ("ValueConflict", "deposition-of-mussolini"): (
        ("decided by Grand Council of Fascism", "s04-3"),
        ("decided by Victor Emmanuel III", f"{WIKI}Fall_of_the_fascist_regime_in_Italy"),
    ),
    ("ValueConflict", "badoglio"): (
        ("rank general", "s05-4"),
        ("rank marshal", f"{WIKI}Armistice_of_Cassibile"),
    ),
    ("PlaceConflict", "detention-of-mussolini"): (
        ("took place at Alps", "s09-1"),
        ("took place at Apennines", f"{WIKI}Gran_Sasso_raid {RESCUE}"),
    ),
    ("DateConflict", "italian-campaign"): (
        ("first day between 1 January 1944 and 30 April 1944", "s11-1"),
        ("first day 10 July 1943", CAMPAIGN),
    ),
    ("KindConflict", "end-of-monte-cassino"): (
        ("surrender", "s13-1"),
        ("withdrawal", "https://vistosulweb.com/fine-battaglia-di-montecassino"),
    ),
    ("DateConflict", "last-german-resistance"): (
        ("first day between 28 February 1944 and 28 June 1944", "s14-1 s14-2"),
        ("first day 25 August 1944", "https://www.akademika.no/beyond-rome-alps/9781526727107"),
    ),
    ("DateConflict", "german-surrender-in-italy"): (
        ("28 April 1945", "s14-2"),
        ("29 April 1945", f"{WIKI}Surrender_at_Caserta"),
    ),
    ("DateConflict", "capture-of-mussolini"): (
        ("28 April 1945", "s14-2 s15-2"),
        ("27 April 1945", CAPTURE),
    ),
}
ROWS = pytest.mark.parametrize(("kind", "subject"), THIRTEEN, ids="-".join)


def copied(graph: kg.Graph) -> ox.Store:
    """Return what disagreements are made of: views, ontology, names and claims."""
    keys = perspectives.keys(graph.store)
    names = [*(f"g:view/{key}" for key in keys), "g:ontology", "g:entities", "g:claims"]
    return stored(
        quad
        for name in names
        for quad in graph.store.quads_for_pattern(None, None, None, expand(name))
    )


def into(view: ox.NamedNode, triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return (ox.Quad(t.subject, t.predicate, t.object, view) for t in triples)


def stored(quads: Iterable[ox.Quad]) -> ox.Store:
    store = ox.Store()
    store.extend(quads)
    return store


def small(**views: str) -> ox.Store:
    """Return a store with the ontology and views, each written in Turtle; `__` is a slash."""
    quads = [*into(expand("g:ontology"), CORE)]
    for key, turtle in views.items():
        view = expand(f"g:view/{key.replace('__', '/')}")
        found = ox.parse(HEAD + turtle, format=ox.RdfFormat.TURTLE)
        quads += into(view, (quad.triple for quad in found))
    return stored(quads)


def among(store: ox.Store) -> list[Disagreement]:
    return disagree.disagreements(store, perspectives.keys(store), RULES)


def summary(found: Iterable[Disagreement]) -> list[tuple[str, str]]:
    return [(each.kind.value.rpartition("#")[2], shorten(each.subject)[3:]) for each in found]


def sided(graph: kg.Graph, found: Disagreement, side: Side) -> tuple[str, set[str]]:
    """Return what a side says, and the claims or the works that say it."""
    told = [of_claim(graph.store, claim) for claim in side.claims]
    said = disagree.side_in_words(found, side, graph.store, "en")
    return said, {each.source or each.name for each in told}


@pytest.fixture(scope="module")
def views(graph: kg.Graph) -> ox.Store:
    return copied(graph)


@pytest.fixture(scope="module")
def found(views: ox.Store) -> list[Disagreement]:
    return among(views)


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(paths.SEEDS / "italy-1943")[0]


def test_text_and_reference_disagree_on_thirteen_things_and_no_more(
    found: list[Disagreement],
) -> None:
    between = [each for each in found if each.here != each.there]

    assert len(between) == 13
    assert set(summary(between)) == set(THIRTEEN)
    assert {(each.here, each.there, each.certainty) for each in between} == {
        (TEXT, REFERENCE, CAS.Certain)
    }


@ROWS
def test_each_side_has_its_value_and_rests_on_its_words(
    graph: kg.Graph, found: list[Disagreement], kind: str, subject: str
) -> None:
    (one,) = [
        each for each in found if summary([each]) == [(kind, subject)] and each.there == REFERENCE
    ]
    here, there = disagree.sides(one, Proofs(graph.store))
    (said, claims), (otherwise, works) = THIRTEEN[kind, subject]

    assert sided(graph, one, here) == (said, set(claims.split()))
    assert sided(graph, one, there) == (otherwise, set(works.split()))


def test_the_text_contradicts_itself_on_a_rank_alone(
    graph: kg.Graph, views: ox.Store, found: list[Disagreement]
) -> None:
    (inside,) = [each for each in found if each.here == each.there]
    told = [sided(graph, inside, side) for side in disagree.sides(inside, Proofs(graph.store))]

    assert summary([inside]) == [("Contradiction", "badoglio")]
    assert inside.properties == (CAS.rank,)
    assert told == [("rank general", {"s05-4"}), ("rank marshal", {"s01-4"})]
    assert disagree.in_words(inside, views, "en") == (
        "Pietro Badoglio: rank general, and yet rank marshal, "
        "both according to the text “The surrender of Italy”"
    )


def test_a_disagreement_is_told_in_every_language(
    views: ox.Store, found: list[Disagreement]
) -> None:
    taranto = next(each for each in found if summary([each]) == [("PlaceConflict", "taranto")])
    told = {language: disagree.in_words(taranto, views, language) for language in ("en", "pt")}

    assert told == {
        "en": "Taranto: within Sicily according to the text “The surrender of Italy”, "
        "within Apulia according to reference works",
        "pt": "Taranto: dentro de Sicília segundo o texto «A rendição da Itália», "
        "dentro de Apúlia segundo obras de referência",
    }


def test_every_catalogue_has_the_same_messages() -> None:
    keys = {language: set(words.catalogue(language)) for language in words.languages()}

    assert len(keys) == 3
    assert all(each == keys["en"] for each in keys.values())


def test_the_build_holds_what_is_found_and_leads_to_its_proofs(
    graph: kg.Graph, views: ox.Store, found: list[Disagreement]
) -> None:
    kept = [each for each in disagree.read(graph.store) if each.under is None]
    written = {
        quad.triple for quad in graph.store.quads_for_pattern(None, None, None, disagree.GRAPH)
    }

    assert kept == found
    for each in found:
        assert set(disagree.describe(each, views)) <= written
        assert graph.label(each.name, "it") == disagree.in_words(each, views, "it")
        for fact in (*each.here_facts, *each.there_facts):
            proved = graph.store.quads_for_pattern(fact, RDF.type, None, expand("g:why"))
            assert any(True for _ in proved)


def dated(key: str, claims: Perspective, slug: str, edtf: str) -> ox.Store:
    """Return the view of a perspective with one more claim: the interval of an occurrence."""
    interval, claim = ox.NamedNode("urn:x:time"), ox.NamedNode("urn:x:claim")
    read = bounds_of(edtf)
    days = (read.earliest_start, read.latest_start, read.earliest_end, read.latest_end)
    more = [ox.Triple(expand(f"id:{slug}"), CAS.hasInterval, interval)]
    for name, day in zip(BOUNDS, days, strict=True):
        if day:
            literal = ox.Literal(day.isoformat(), datatype=XSD.date)
            more.append(ox.Triple(interval, getattr(CAS, name), literal))
    whole = Perspective(key, {**claims.claims, claim: frozenset(more)})
    axioms = sorted(filter(reason.is_axiom, CORE), key=str)
    closed = Conclusions(whole, axioms, read_rules(paths.ONTOLOGY / "rules"))
    return stored(into(whole.view, closed.view()))


@pytest.mark.parametrize(
    ("slug", "edtf", "new"),
    [
        ("secret-talks", "1943-10-05", {("DateConflict", "secret-talks"): CAS.Certain}),
        ("secret-talks", "1943-08", {}),
        ("secret-talks", "1943-09-15/..", {}),
        (
            "secret-talks",
            "[1943-09-15..1943-10-15]",
            {("DateConflict", "secret-talks"): CAS.Possible},
        ),
        ("secret-talks", "1943-07-25", {}),
        ("secret-talks", "1943-07-24", {("DateConflict", "secret-talks"): CAS.Certain}),
    ],
)
def test_an_added_date_of_the_reference_is_found_unless_it_refines(
    views: ox.Store, source: Source, slug: str, edtf: str, new: dict[tuple[str, str], ox.NamedNode]
) -> None:
    """By the text the talks began between 25 July and 30 September 1943."""
    (reference,) = perspectives.of_reference([source])
    store = stored(q for q in views if q.graph_name != reference.view)
    store.extend(dated(REFERENCE, reference, slug, edtf))
    fresh = [each for each in among(store) if each.there == REFERENCE]
    added = [each for each in fresh if summary([each])[0] not in THIRTEEN]

    assert len(fresh) == 13 + len(new)
    assert dict(zip(summary(added), [each.certainty for each in added], strict=True)) == new


def test_nothing_of_the_reference_is_in_the_view_of_the_text(
    graph: kg.Graph, source: Source
) -> None:
    """Its entities and intervals stand nowhere there, nor where no graph is named."""
    own = {t.subject for claim in source.reference for t in claim.triples}
    told = {term for claim in source.claims for t in claim.triples for term in (t[0], t[2])}
    graphs: list[ox.NamedNode | ox.DefaultGraph] = [ox.DefaultGraph()]
    graphs += [expand(f"g:{name}/{TEXT}") for name in ("view", "derived", "bounds")]
    only = own - told

    assert {"id:apulia", "id:castellano"} <= set(map(shorten, only))
    for term in only:
        for name in graphs:
            assert not list(graph.store.quads_for_pattern(term, None, None, name)), term
            assert not list(graph.store.quads_for_pattern(None, None, term, name)), term


def test_names_are_made_of_what_the_clash_is_about(
    views: ox.Store, found: list[Disagreement]
) -> None:
    shuffled = stored(sorted(views, key=lambda quad: str(quad)[::-1]))

    assert among(shuffled) == found
    assert len({each.name for each in found}) == len(found)
    assert all(
        each.name.value.startswith("https://w3id.org/cassibile/disagreement/") for each in found
    )


def test_texts_are_compared_with_each_other_once_and_the_reference_is_never_here() -> None:
    store = small(
        text__a="id:rome cas:within id:latium .",
        text__b="id:rome cas:within id:apulia . id:apulia cas:separateFrom id:latium .",
        reference="id:rome cas:within id:sicily . id:sicily cas:separateFrom id:latium .",
    )
    found = among(store)

    assert [(each.here, each.there) for each in found] == [
        ("text/a", REFERENCE),
        ("text/a", "text/b"),
    ]


@pytest.mark.parametrize(("text", "other"), [("text__a", "text__b"), ("text__b", "text__a")])
def test_it_does_not_matter_which_side_tells_the_order_and_which_the_days(
    text: str, other: str
) -> None:
    store = small(
        **{
            text: "id:x cas:before id:y .",
            other: 'id:y cas:latestStart "1943-07-01"^^xsd:date . '
            'id:x cas:earliestStart "1943-07-02"^^xsd:date .',
        }
    )
    (one,) = among(store)
    facts = {"text/a": one.here_triples, "text/b": one.there_triples}

    assert summary([one]) == [("OrderConflict", "x")]
    assert [t.predicate for t in facts[text.replace("__", "/")]] == [CAS.before]
    assert disagree.in_words(one, store, "en").startswith("id:x: ")
    assert "first day 2 July 1943 or later, that of id:y 1 July 1943 or earlier" in (
        disagree.in_words(one, store, "en")
    )


def test_first_and_last_day_in_dispute_are_one_disagreement_and_a_certain_clash_outweighs() -> (
    None
):
    store = small(
        text__a='id:x cas:latestStart "1943-07-01"^^xsd:date ; cas:earliestEnd '
        '"1943-08-01"^^xsd:date ; cas:latestEnd "1943-08-10"^^xsd:date .',
        reference='id:x cas:earliestStart "1943-07-02"^^xsd:date ; cas:earliestEnd '
        '"1943-08-05"^^xsd:date ; cas:latestEnd "1943-08-20"^^xsd:date .',
    )
    (one,) = among(store)

    assert one.certainty == CAS.Certain
    assert [shorten(each) for each in one.properties] == ["cas:earliestStart", "cas:latestStart"]
    assert [t.predicate for t in one.here_triples] == [CAS.latestStart]


def test_what_one_tells_and_the_other_denies_is_a_disagreement_on_its_kind() -> None:
    store = small(
        text__a="id:x a cas:Fall , cas:MilitaryEvent , cas:Event .",
        reference="id:x a cas:NonEvent .",
    )
    (one,) = among(store)

    assert one.kind == CAS.KindConflict
    assert disagree.in_words(one, store, "en") == (
        "id:x: event according to the text “a”, "
        "event that did not happen according to reference works"
    )


def test_two_contradictions_about_one_thing_are_two() -> None:
    store = small(
        text__a="id:x cas:rank id:general , id:marshal ; cas:decidedBy id:king , id:council ."
    )

    assert [shorten(each.properties[0]) for each in among(store)] == ["cas:decidedBy", "cas:rank"]


def test_a_perspective_of_the_reference_can_contradict_itself_too() -> None:
    store = small(reference="id:x cas:rank id:general , id:marshal .")

    assert [(each.here, each.there) for each in among(store)] == [(REFERENCE, REFERENCE)]


def test_what_is_false_by_an_axiom_is_told_with_its_facts() -> None:
    kinds = [ox.Triple(expand("id:x"), RDF.type, kind) for kind in (CAS.Person, CAS.ArmedForce)]
    one = disagree.contradiction("text/a", kinds)

    assert disagree.in_words(one, small(), "en") == (
        "id:x: person, and yet armed force, both according to the text “a”"
    )
    assert (*one.here_triples, *one.there_triples) == tuple(kinds)


def crossed(*constraints: Constraint) -> Disagreement:
    conflict = smallest_conflict(constraints)
    assert conflict is not None
    return disagree.crossing("text/a", conflict, ox.NamedNode("urn:x:claim/s11-1b"))


def test_days_that_cross_under_a_reading_are_told_with_their_claims() -> None:
    campaign, landing = (PREFIXES["id"] + name for name in ("campaign", "landing"))
    one = crossed(
        Constraint(campaign, Kind.HAS_INTERVAL, bounds_of("1944/.."), ("urn:x:claim/s11-1",)),
        Constraint(landing, Kind.HAS_INTERVAL, bounds_of("1943"), ("urn:x:claim/s02-1",)),
        Constraint(campaign, Kind.BEGAN_BEFORE, landing, ("urn:x:claim/s11-1b",)),
    )
    store = small()
    described = set(disagree.describe(one, store))
    claims = {t.object.value for t in described if t.predicate == DCT.source}  # type: ignore[union-attr]
    label = next(t.object for t in described if t.predicate == RDFS.label and "or later" in str(t))

    assert one.kind == CAS.Contradiction
    assert claims == {"urn:x:claim/s02-1", "urn:x:claim/s11-1", "urn:x:claim/s11-1b"}
    assert ox.Triple(one.name, CAS.underReading, ox.NamedNode("urn:x:claim/s11-1b")) in described
    assert not {t.predicate for t in described} & {CAS.hereFact, CAS.thereFact}
    assert isinstance(label, ox.Literal)
    assert label.value.startswith("under the reading s11-1b, id:")
    assert "1 January 1944 or later, and yet " in label.value
    assert label.value.endswith("31 December 1943 or earlier, both according to the text “a”")


def test_days_that_run_away_are_told_too() -> None:
    x, y = (PREFIXES["id"] + name for name in "xy")
    one = crossed(
        Constraint(x, Kind.HAS_INTERVAL, Bounds(date(1943, 1, 1)), ("urn:x:claim/a",)),
        Constraint(x, Kind.SHORTEST_DURATION, Duration(days=1), ("urn:x:claim/b",)),
        Constraint(x, Kind.BEFORE, y, ("urn:x:claim/c",)),
        Constraint(y, Kind.BEGAN_BEFORE, x, ("urn:x:claim/d",)),
    )

    assert disagree.in_words(one, small(), "en").endswith("a day is carried ever further")
    assert one.claims


def invoke(build: str, *more: str) -> str:
    done = CliRunner().invoke(commands, ["disagreements", "--build", build, *more])
    assert done.exit_code == 0
    return done.stdout


def test_the_command_tells_each_with_words_and_sources(build: object, graph: kg.Graph) -> None:
    told = invoke(str(build))

    assert disagree.read(graph.store)
    for each in disagree.read(graph.store):
        assert graph.label(each.name) in told
    for (_, claims), (_, works) in THIRTEEN.values():
        assert all(f"[italy-1943 {claim}, sentence " in told for claim in claims.split())
        assert all(f"<{work}>" in told for work in works.split())


def test_the_command_tells_one_kind_in_another_language(build: object) -> None:
    told = invoke(str(build), "--kind", "kind", "--lang", "it")

    assert told.startswith(
        "fine dei combattimenti a Montecassino: resa secondo il testo «La resa dell'Italia», "
        "ritirata secondo opere di consultazione  [discordanza di specie, certo]\n"
    )
    assert told.endswith("\n1 disagreement\n")


def test_the_command_gives_the_proofs_of_both_sides_as_json(build: object) -> None:
    (told,) = json.loads(invoke(str(build), "--kind", "order", "--format", "json"))

    assert (told["kind"], told["subject"]) == ("cas:OrderConflict", "id:fall-of-sicily")
    assert told["here"]["perspective"] == TEXT
    assert [fact["words"] for fact in told["here"]["facts"]] == [
        "fall of Sicily contributed to deposition of Mussolini"
    ]
    assert told["here"]["facts"][0]["premises"]
    assert told["here"]["claims"][0]["quotes"] == [
        "A queda da Sicília provoca o desprestígio de Benito Mussolini"
    ]
    assert [claim["source"] for claim in told["there"]["claims"]] == [
        "https://infogalactic.com/info/Operation_Husky",
        f"{WIKI}Gran_Sasso_raid",
    ]
