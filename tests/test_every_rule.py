"""Every rule gives exactly what its example says, and nothing of its near misses."""

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import formats, paths, rules, words
from kg.errors import BrokenSyntax
from kg.store import Term

FOLDER = paths.ONTOLOGY / "rules"
EXAMPLE = "https://w3id.org/cassibile/example#"
ALL = sorted(p.relative_to(FOLDER).with_suffix("").as_posix() for p in FOLDER.glob("*/*.rq"))
COMPARING = [name for name in ALL if name.startswith("disagreement/")]
NAMES = [name for name in ALL if name not in COMPARING]


def graphs(name: str) -> dict[str, set[ox.Triple]]:
    found: dict[str, set[ox.Triple]] = {"given": set(), "then": set(), "not": set()}
    for quad in formats.read(FOLDER / f"{name}.trig"):
        assert isinstance(quad.graph_name, ox.NamedNode), "an example has three named graphs"
        found[quad.graph_name.value.removeprefix(EXAMPLE)].add(quad.triple)
    return found


def test_there_are_rules_and_each_has_its_example() -> None:
    examples = sorted(
        p.relative_to(FOLDER).with_suffix("").as_posix() for p in FOLDER.glob("*/*.trig")
    )

    assert NAMES
    assert COMPARING
    assert examples == ALL
    assert sorted(rule.name for rule in rules.read_rules(FOLDER)) == NAMES
    assert sorted(rule.name for rule in rules.read_comparisons(FOLDER)) == COMPARING


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_gives_exactly_what_its_example_says(name: str) -> None:
    rule = rules.read_rule(FOLDER / f"{name}.rq", FOLDER)
    example = graphs(name)
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in example["given"])
    answer = store.query(rule.construct)
    assert isinstance(answer, ox.QueryTriples)
    concluded = set(answer) - example["given"]

    assert example["then"]
    assert example["not"]
    assert concluded == example["then"]
    assert not concluded & example["not"]


@pytest.mark.parametrize("name", COMPARING)
def test_a_rule_that_compares_gives_exactly_what_its_example_says(name: str) -> None:
    """The perspectives of the example are `:here` and `:there`; what clashes has no name yet."""
    rule = rules.read_comparison(FOLDER / f"{name}.rq", FOLDER)
    quads = formats.read(FOLDER / f"{name}.trig")
    inside, outside = (
        {q.triple for q in quads if q.graph_name == ox.NamedNode(EXAMPLE + graph)}
        for graph in ("then", "not")
    )
    sides = ("here", "there") if rule.of_two else ("here",)
    views: dict[ox.Variable, Term] = {
        ox.Variable(side): ox.NamedNode(EXAMPLE + side) for side in sides
    }
    store = ox.Store()
    store.extend(q for q in quads if q.triple not in inside | outside)
    answer = store.query(rule.construct, substitutions=views)
    assert isinstance(answer, ox.QueryTriples)
    concluded = canonical(answer)

    assert outside
    assert concluded == canonical(inside)
    assert concluded != set()
    assert not {t[1:] for t in map(tuple, concluded)} & {t[1:] for t in map(tuple, outside)}


def canonical(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return triples with the same names of blank nodes wherever the triples are the same."""
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}


@pytest.mark.parametrize("name", ALL)
def test_a_rule_says_its_title_as_a_clause_in_each_language_and_its_source(name: str) -> None:
    path = FOLDER / f"{name}.rq"
    compares = name in COMPARING
    rule = rules.read_comparison(path, FOLDER) if compares else rules.read_rule(path, FOLDER)

    assert rule.name == name
    assert rule.iri.value == f"https://w3id.org/cassibile/rule/{name}"
    assert sorted(rule.titles) == list(words.languages())
    assert len(set(rule.titles.values())) == len(rule.titles)
    for language, title in rule.titles.items():
        assert title[0].islower()
        assert not title.endswith(".")
        assert rules.title_of(name, FOLDER, language) == title
    assert rule.source.startswith("https://")


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("?a cas:before ?b OPTIONAL { ?b cas:before ?c }", "OPTIONAL in a rule"),
        ("?a cas:before ?b FILTER NOT EXISTS { ?b cas:before ?a }", "NOT EXISTS in a rule"),
        ("{ ?a cas:before ?b } UNION { ?b cas:before ?a }", "UNION in a rule"),
        ("?a cas:before ?b MINUS { ?b cas:before ?a }", "MINUS in a rule"),
        ("GRAPH ?g { ?a cas:before ?b }", "GRAPH in a rule"),
        ("?a cas:before+ ?b", "a property path in a rule"),
        ("?a cas:before ?b FILTER(rand() < 0.5)", "RAND in a rule"),
        ("?a cas:before ?b BIND(NOW() AS ?c)", "NOW in a rule"),
        ("?a cas:before ?b BIND(BNODE() AS ?c)", "BNODE in a rule"),
        ("?a cas:before ?b BIND(StrUUID() AS ?c)", "STRUUID in a rule"),
        ("?a cas:before ?b .. ", "this is not SPARQL"),
        ("?a unknown:before ?b", "this is not SPARQL"),
    ],
)
def test_what_a_rule_may_not_say_is_refused_with_its_file(
    tmp_path: Path, where: str, why: str
) -> None:
    path = tmp_path / "order" / "wrong.rq"
    path.parent.mkdir()
    path.write_text(
        "# title: a clause\n# source: https://example.org\n"
        "PREFIX cas: <https://w3id.org/cassibile/ontology#>\n"
        f"CONSTRUCT {{ ?a cas:before ?b }} WHERE {{ {where} }}"
    )
    with pytest.raises(BrokenSyntax, match=why) as caught:
        rules.read_rule(path, tmp_path)

    assert "wrong.rq" in str(caught.value)


def test_a_rule_that_compares_takes_nothing_unsaid_for_a_premise(tmp_path: Path) -> None:
    path = tmp_path / "disagreement" / "wrong.rq"
    path.parent.mkdir()
    path.write_text(
        "# title: a clause\n# source: https://example.org\n"
        "PREFIX cas: <https://w3id.org/cassibile/ontology#>\n"
        "CONSTRUCT { [] cas:disputes ?a } WHERE { GRAPH ?here { ?a cas:before ?b }\n"
        "  FILTER NOT EXISTS { GRAPH ?there { ?a cas:before ?b } } }"
    )
    with pytest.raises(BrokenSyntax, match="EXISTS in a rule") as caught:
        rules.read_comparisons(tmp_path)

    assert "wrong.rq:5" in str(caught.value)


def test_filter_and_bind_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "order" / "right.rq"
    path.parent.mkdir()
    path.write_text(
        "# title: a clause\n# source: https://example.org\n"
        "PREFIX cas: <https://w3id.org/cassibile/ontology#>\n"
        "CONSTRUCT { ?c cas:before ?b } WHERE { ?a cas:before ?b BIND(?a AS ?c) FILTER(?a != ?b) }"
    )

    assert rules.read_rule(path, tmp_path).title == "a clause"


def test_a_rule_without_title_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "order" / "untitled.rq"
    path.parent.mkdir()
    path.write_text("CONSTRUCT { ?a ?p ?b } WHERE { ?a ?p ?b }")
    with pytest.raises(BrokenSyntax, match="the rule has no title"):
        rules.read_rule(path, tmp_path)
