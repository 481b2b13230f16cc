"""A proof opens from any fact down to the words, and tells what it would lose with each of them."""

import re
from html import unescape

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

import kg
from kg import falling, paths, perspectives, rules
from kg.conclude import Conclusions
from kg.evidence import of_claim
from kg.proof.record import fact_of
from kg.proof.tree import Node, Proofs, recorded, walk
from kg.rules import Comparison, Rule
from kg.terms import BASE, CAS, expand, read_triple
from server import documents, proving

KEY = "text/italy-1943"
SUCCEEDED = "id:badoglio cas:succeeded id:mussolini"
FELL = "id:fall-of-sicily cas:latestEnd '1943-07-25'^^xsd:date"
NASTY = ['"', "<", "<urn:x", "''", '"x"@', "id:", "cas:x y", "http://[", "\x00", "a" * 5000, "_:b"]


def path_of(written: str, language: str = "en") -> str:
    """Return where the page of a triple of the text is."""
    return documents.page_of(fact_of(KEY, read_triple(written)).value, language)


def page_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(answer.text)


def proof_of(graph: kg.Graph, written: str) -> Node:
    return Proofs(graph.store).best(fact_of(KEY, read_triple(written)))


@pytest.fixture(scope="module")
def stated(graph: kg.Graph) -> list[Node]:
    """The facts of the text that its claims state."""
    proofs = Proofs(graph.store)
    triples = perspectives.read(graph.store, KEY).stated
    return [proofs.best(fact_of(KEY, triple)) for triple in triples]


# The page of a fact


@pytest.mark.parametrize("written", [SUCCEEDED, FELL])
@pytest.mark.parametrize("language", documents.LANGUAGES)
def test_a_proof_ends_in_the_words_of_the_text_each_with_its_place(
    client: FlaskClient, graph: kg.Graph, written: str, language: str
) -> None:
    page = page_of(client, path_of(written, language))
    node = proof_of(graph, written)

    assert len(node.leaves) > 1
    for claim in node.leaves:
        told = of_claim(graph.store, claim)
        for quote in told.quotes:
            assert quote.exact in page
        place = documents.address(f"text/{told.text}", language=language)
        assert f'href="{place}#{told.name}"' in page
    for each in walk(node):
        assert proving.in_words(graph, each.triple, language) in page


def test_the_verdict_comes_first_and_says_where_the_fact_comes_from(
    client: FlaskClient, graph: kg.Graph, stated: list[Node]
) -> None:
    sides = {bool(falling.otherwise(graph, KEY, n.triple, n.claims)): n for n in stated}

    for verdict, path in [
        ("Derived.", path_of(SUCCEEDED)),
        ("Stated, and derived.", documents.page_of(sides[True].fact.value)),
        ("Stated.", documents.page_of(sides[False].fact.value)),
    ]:
        page = page_of(client, path)
        found = page.index(f"<strong>{verdict}</strong>")
        assert page.index("<h1>") < found < page.index('<ol class="proof">')


def test_a_fact_that_is_stated_and_derived_holds_without_the_claims_that_state_it(
    graph: kg.Graph, stated: list[Node]
) -> None:
    for node in stated[::10]:
        gone = falling.fallen(graph, KEY, node.claims)
        step = falling.otherwise(graph, KEY, node.triple, node.claims)
        assert (node.triple in gone) == (step is None)


def test_a_step_is_told_once_and_referred_to_after_that(
    client: FlaskClient, graph: kg.Graph
) -> None:
    proofs = Proofs(graph.store)
    concluded = graph.store.quads_for_pattern(None, CAS.concludes, None, expand("g:why"))
    nodes = [proofs.best(q.object) for q in concluded if isinstance(q.object, ox.NamedNode)]
    sharing = [node for node in nodes if size(node) > len([*walk(node)])]
    assert sharing
    for node in [*sharing[:5], *nodes[:5]]:
        page = page_of(client, documents.page_of(node.fact.value))
        names = re.findall(r' id="(step-\d+)"', page)
        links = re.findall(r'href="#(step-\d+)"', page)

        assert names == [f"step-{number}" for number in range(1, len([*walk(node)]) + 1)]
        assert set(links) <= set(names)
        assert bool(links) == (node in sharing)


def size(node: Node) -> int:
    """Return how many steps a proof has, those that it has twice counted twice."""
    return 1 + sum(map(size, node.premises))


def test_days_are_reckoned_in_words(client: FlaskClient) -> None:
    page = page_of(
        client, path_of("id:last-german-resistance cas:latestStart '1944-06-28'^^xsd:date")
    )

    assert "28 April 1945 less 10 months is 28 June 1944." in page
    assert "last German resistance began on 28 June 1944 or earlier" in page


def test_what_rests_on_a_disputed_claim_is_marked_and_nothing_else(
    client: FlaskClient, graph: kg.Graph
) -> None:
    mark = "rests on a disputed claim"
    page = page_of(client, path_of("id:badoglio cas:rank id:marshal"))

    assert mark in page
    assert "Contradicted by the same source." in page
    assert mark in page_of(client, path_of(FELL))
    assert "Disputed." in page_of(client, path_of(FELL))
    assert mark not in page_of(client, path_of(SUCCEEDED))
    disputed = proving.disputed(graph)
    for step in re.findall(
        r'<div class="step .*?</div>', page_of(client, path_of(FELL)), re.DOTALL
    ):
        fact = re.search(r"/fact/([0-9a-f]+)\.html", step)
        assert fact
        node = Proofs(graph.store).best(ox.NamedNode(f"{BASE}fact/{fact[1]}"))
        leaves = {each.fact for each in walk(node) if each.claims}
        assert (mark in step) == bool(leaves & disputed)


def test_the_other_ways_are_listed_and_each_can_be_followed_to_the_words(
    client: FlaskClient, graph: kg.Graph
) -> None:
    path = path_of(SUCCEEDED)
    node = proof_of(graph, SUCCEEDED)
    page = page_of(client, path)
    assert node.ways == 2
    assert "Another way to derive this (2 of 2)" in page

    other = page_of(client, f"{path}?way=2")

    assert "(way 2 of 2)" in other
    assert other != page
    (way,) = Proofs(graph.store).others(node.fact)
    for each in walk(way):
        assert proving.in_words(graph, each.triple, "en") in other
    for wrong in ("0", "3", "x", "-1", "²", "1" * 50):
        answer = client.get(path, query_string={"way": wrong})
        assert answer.status_code == 404
        assert "choose a number from 1 to 2" in answer.get_json(force=True)["detail"]


def test_it_is_told_what_falls_without_each_claim(client: FlaskClient, graph: kg.Graph) -> None:
    page = page_of(client, path_of(SUCCEEDED))
    parts = re.findall(r'<details class="falls">.*?</details>', page, re.DOTALL)
    node = proof_of(graph, SUCCEEDED)

    assert len(parts) == len(node.leaves)
    for claim, part in zip(node.leaves, parts, strict=True):
        fallen = falling.falls_without(graph, claim)
        assert f"Conclusions that fall: {len(fallen)}." in part
        assert ("this would not hold" in part) == (node.triple in fallen)


# What falls


@pytest.mark.slow
def test_what_one_claim_alone_states_falls_with_it(
    client: FlaskClient, stated: list[Node]
) -> None:
    """As the verdict at the top of its page says."""
    without, within = "Without it this would not hold.", "This would hold without it."
    seen = set()
    for node in stated:
        page = page_of(client, documents.page_of(node.fact.value, "en"))
        verdict = re.search(r'class="verdict-of (\w+)"', page)
        assert verdict
        falls = verdict[1] == "stated" and len(node.claims) == 1
        seen.add(falls)

        assert (without if falls else within) in page
        assert (within if falls else without) not in page
    assert seen == {True, False}


def test_what_falls_is_what_a_perspective_without_the_claim_lacks(graph: kg.Graph) -> None:
    axioms = perspectives.axioms(graph.store)
    known = rules.read_rules(paths.ONTOLOGY / "rules")
    perspective = perspectives.read(graph.store, KEY)
    held = perspectives.holding(graph.store, KEY)
    fell = 0
    for claim, own in perspective.claims.items():
        rest = Conclusions(perspective.without([claim]), axioms, known)
        lacking = held.difference(rest.perspective.stated, rest.derived, rest.chronology.bounds)
        fallen = {triple for triple in lacking - own if triple.subject != triple.object}
        assert set(falling.falls_without(graph, claim)) == fallen
        fell += bool(fallen)
    assert fell > len(perspective.claims) / 2


def test_nothing_falls_with_a_reading_that_was_not_chosen(graph: kg.Graph) -> None:
    others = perspectives.unasserted(graph.store, KEY)

    assert others
    assert [falling.falls_without(graph, claim) for claim in others] == [()] * len(others)


# /why


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (("id:badoglio", "cas:succeeded", "id:mussolini"), "en"),
        (("Pietro Badoglio", "sucedeu a", "mussolini"), "en"),
        ((f"{BASE}id/badoglio", f"<{CAS.succeeded.value}>", "id:mussolini"), "pt"),
    ],
)
def test_what_holds_leads_to_its_proof(
    client: FlaskClient, asked: tuple[str, str, str], language: str
) -> None:
    answer = client.get(
        documents.address("why", language=language),
        query_string=dict(zip("spo", asked, strict=True)),
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == path_of(SUCCEEDED, language)


@pytest.mark.parametrize("day", ["1943-07-25", '"1943-07-25"^^xsd:date'])
def test_a_day_is_a_literal_however_it_is_written(client: FlaskClient, day: str) -> None:
    about = {"s": "fall of Sicily", "p": "cas:latestEnd", "o": day}

    assert client.get("/why", query_string=about).headers["Location"] == path_of(FELL)


def test_what_does_not_hold_is_told_with_the_premise_that_is_missing(client: FlaskClient) -> None:
    about = {"s": "Benito Mussolini", "p": "succeeded", "o": "Pietro Badoglio"}
    page = page_of(client, "/why.html?s=id:mussolini&p=cas:succeeded&o=id:badoglio")

    assert unescape(client.get("/why.html", query_string=about).text).count("<h2>") > 1
    assert "<strong>Not stated, and no rule gives it.</strong>" in page
    assert "later in the office than" in page[page.index(">missing<") :]
    assert "/rule/office/later-tenure.html" in page


def test_what_would_clash_is_told_to_be_contradicted(client: FlaskClient) -> None:
    page = page_of(client, "/why.html?s=id:badoglio&p=a&o=cas:Place")

    assert "<strong>Contradicted" in page
    assert "Pietro Badoglio is an actor" in page


def test_a_relation_in_time_is_proved_from_its_days(client: FlaskClient, graph: kg.Graph) -> None:
    about = "s=id:fall-of-sicily&p=cas:certainlyPrecedes&o=id:execution-of-mussolini"
    page = page_of(client, f"/why.html?{about}")

    assert "<strong>Derived.</strong>" in page
    assert "fall of Sicily ended on 25 July 1943 or earlier" in page
    links = re.findall(r'href="(/(?:fact|rule)/[^"]*)"', page)
    assert links
    assert {client.get(link).status_code for link in links} == {200}
    assert recorded(graph).find(KEY, read_triple(
        "id:fall-of-sicily cas:certainlyPrecedes id:execution-of-mussolini")) is None  # fmt: skip


def test_a_name_that_is_not_known_gets_the_nearest(client: FlaskClient) -> None:
    for written, meant in [
        ("Benito Musolini", "Benito Mussolini"),
        ("id:musolini", "id:mussolini"),
    ]:
        about = {"s": written, "p": "cas:succeeded", "o": "id:badoglio"}
        answer = client.get("/why.html", query_string=about)
        assert answer.status_code == 404
        assert f"“{written}” is not known here. Did you mean “{meant}”?" in answer.text
        assert f'value="{written}"' in answer.text


@pytest.mark.parametrize("nasty", NASTY)
def test_whatever_is_written_is_answered_with_a_page(client: FlaskClient, nasty: str) -> None:
    for part in "spo":
        about = {"s": "id:badoglio", "p": "cas:succeeded", "o": "id:mussolini", part: nasty}
        answer = client.get("/why.html", query_string=about)
        assert answer.status_code in {200, 404}
        assert '<form class="why"' in answer.text


def test_the_form_offers_names_that_it_understands(client: FlaskClient) -> None:
    page = page_of(client, "/why.pt.html")
    things, properties = re.findall(r"<datalist.*?</datalist>", page, re.DOTALL)
    offered = re.findall(r'<option value="([^"]*)"', things)

    assert len(offered) == len(set(offered)) > 100
    assert "sucedeu a" in re.findall(r'<option value="([^"]*)"', properties)
    for name in offered[::20]:
        about = {"s": name, "p": "a", "o": "cas:Event"}
        assert client.get("/why.pt.html", query_string=about).status_code in {200, 303}


# Rules


def test_every_rule_is_listed_in_each_language_and_its_page_says_the_same(
    client: FlaskClient,
) -> None:
    folder = paths.ONTOLOGY / "rules"
    known: list[Rule | Comparison] = [*rules.read_rules(folder), *rules.read_comparisons(folder)]
    assert known
    for language in documents.LANGUAGES:
        listed = page_of(client, documents.address("rules", language=language))
        for rule in known:
            path = documents.address(f"rule/{rule.name}", language=language)
            assert f'<a href="{path}">{rule.titles[language]}</a>' in listed
        title = known[0].titles[language]
        assert f"{title[0].upper()}{title[1:]}" in page_of(
            client, documents.address(f"rule/{known[0].name}", language=language)
        )
