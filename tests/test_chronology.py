"""The days that the first text implies, the relations between them, and what its readings change."""

import json
from datetime import date
from pathlib import Path

import pyoxigraph as ox
import pytest

import kg
from kg import allen, paths, perspectives
from kg.chronology import CERTAIN, POSSIBLE
from kg.dates import Bounds
from kg.proof.tree import Proofs
from kg.terms import CAS, PREFIXES, XSD, expand
from tests.helpers import ABOUT as ABOUT_TEXT
from tests.helpers import CLAIMS, ENTITIES, HEAD, findings, line_of, rows, write_seed
from tests.test_every_command import run

KEY = "text/italy-1943"
# First day from, to; last day from, to: what the text implies about itself.
IMPLIED = {
    "fall-of-sicily": ("1943-06-01", "1943-07-25", "1943-06-01", "1943-07-25"),
    "invasion-of-sicily": ("1943-06-01", "1943-07-25", "1943-06-01", "1943-08-31"),
    "occupation-of-taranto": ("1943-06-01", "1943-08-31", "1943-06-01", "1943-08-31"),
    "deposition-of-mussolini": ("1943-07-01", "1943-07-25", "1943-07-01", "1943-07-25"),
    "formation-of-badoglio-government": ("1943-07-25", "1943-07-31", "1943-07-25", "1943-07-31"),
    "detention-of-mussolini": ("1943-07-25", "1945-04-28", "1943-07-25", "1945-04-28"),
    "end-of-monte-cassino": ("1944-02-01", "1944-05-31", "1944-02-01", "1944-05-31"),
    "last-german-resistance": ("1944-02-28", "1944-06-28", "1945-04-28", "1945-04-28"),
    "capture-of-mussolini": ("1945-04-28", "1945-04-28", "1945-04-28", "1945-04-28"),
    "entrenchment-on-gothic-line": ("", "1944-06-28", "1944-02-01", ""),
    "surrender-announcement": ("1943-09-03", "", "1943-09-03", ""),
    "hitler": ("", "", "", ""),
    "rugged-terrain": ("", "", "", ""),
    "flight-to-the-allies": ("", "", "", ""),
}  # fmt: skip
NAMES = ("earliestStart", "latestStart", "earliestEnd", "latestEnd")


def days(graph: kg.Graph, slug: str, name: str = f"g:view/{KEY}") -> tuple[str, ...]:
    """Return the four bounds of an occurrence in a graph, empty where there is none."""
    found = []
    for bound in NAMES:
        quads = graph.store.quads_for_pattern(
            expand(f"id:{slug}"), getattr(CAS, bound), None, expand(name)
        )
        found.append([q.object.value for q in quads if isinstance(q.object, ox.Literal)])
    assert all(len(each) <= 1 for each in found), "the view holds the tightest bound alone"
    return tuple("".join(each) for each in found)


@pytest.mark.parametrize("slug", IMPLIED)
def test_the_text_implies_these_days(graph: kg.Graph, slug: str) -> None:
    assert days(graph, slug) == IMPLIED[slug]


def test_sicily_fell_by_25_july_because_of_the_words_of_cause_order_and_date(
    graph: kg.Graph,
) -> None:
    """The text's own causal sentence gives the day, and the proof leads to its words."""
    proofs = Proofs(graph.store)
    day = ox.Literal("1943-07-25", datatype=XSD.date)
    fact = proofs.find(KEY, ox.Triple(expand("id:fall-of-sicily"), CAS.latestEnd, day))
    assert fact is not None
    node = proofs.best(fact)

    assert {leaf.value.rpartition("/")[2] for leaf in node.leaves} == {
        "s04-1", "s04-4", "s05-2", "s05-3",
    }  # fmt: skip


def test_every_pair_has_its_relations_and_certain_is_possible(graph: kg.Graph) -> None:
    known = rows(
        graph,
        f"SELECT ?x {{ GRAPH <{PREFIXES['g']}bounds/{KEY}> {{ ?x cas:earliestStart|cas:latestStart ?d }} }}",
    )
    occurrences = sorted({x for (x,) in known})
    bounds = {
        x: Bounds(
            *(
                date.fromisoformat(d) if d else None
                for d in days(graph, x.removeprefix(PREFIXES["id"]), f"g:bounds/{KEY}")
            )
        )
        for x in occurrences
    }
    found = {
        (q.subject.value, q.predicate.value.removeprefix(PREFIXES["cas"]), q.object.value)  # type: ignore[union-attr]
        for q in graph.store.quads_for_pattern(None, None, None, expand(f"g:view/{KEY}"))
        if q.predicate in CERTAIN | POSSIBLE
    }
    expected = set()
    for x in occurrences:
        for y in occurrences:
            for name, strength in allen.relations(bounds[x], bounds[y]) if x != y else ():
                expected.add((x, f"possibly{name}", y))
                if strength == "certain":
                    expected.add((x, f"certainly{name}", y))

    assert len(expected) > 10_000
    assert found == expected


@pytest.mark.parametrize("name", allen.NAMES)
def test_a_function_says_of_each_pair_what_is_stored(graph: kg.Graph, name: str) -> None:
    for strength in ("certainly", "possibly"):
        pairs = """SELECT ?x ?y { ?x a cas:Occurrence ; cas:earliestStart|cas:latestStart ?a .
            ?y a cas:Occurrence ; cas:earliestStart|cas:latestStart ?b .
            FILTER(?x != ?y && %s) }"""
        stored = f"EXISTS {{ ?x cas:{strength}{name} ?y }}"

        assert set(rows(graph, pairs % f"f:{strength}{name}(?x, ?y)")) == set(
            rows(graph, pairs % stored)
        )


def test_certain_relations_are_told_in_owl_time_too(graph: kg.Graph) -> None:
    asked = f"""SELECT ?x ?y {{ GRAPH <{PREFIXES["g"]}bounds/{KEY}> {{
        ?x time:hasTime ?i . ?y time:hasTime ?j . ?i time:intervalBefore ?j }} }}"""
    ours = rows(graph, "SELECT ?x ?y { ?x cas:certainlyBefore ?y }")

    assert set(rows(graph, asked)) == set(ours)
    assert ours


def test_the_reference_knows_days_of_its_own_and_none_is_in_the_text(graph: kg.Graph) -> None:
    assert days(graph, "fall-of-sicily", "g:view/reference")[1] == "1943-08-17"
    assert days(graph, "fall-of-sicily", f"g:view/{KEY}")[1] == "1943-07-25"
    default = rows(graph, "SELECT ?c { ?c dct:source ?s ; a cas:Claim }")
    assert default == []
    assert not list(
        graph.store.quads_for_pattern(expand("id:castellano"), None, None, ox.DefaultGraph())
    )
    assert list(graph.store.quads_for_pattern(expand("id:castellano"), None, None))


def test_a_reading_changes_days_in_its_own_view_alone(graph: kg.Graph) -> None:
    other = f"g:view/{KEY}/reading/s05-2b"

    assert days(graph, "formation-of-badoglio-government", other)[0::3] == ("1943-07-25",) * 2
    assert days(graph, "arrest-of-mussolini", other)[0] == "1943-07-01"
    assert days(graph, "arrest-of-mussolini")[0] == "1943-07-25"


def test_a_reading_that_contradicts_itself_keeps_the_stated_days(graph: kg.Graph) -> None:
    """A campaign that begins in 1944 and holds the summer of 1943."""
    other = f"g:view/{KEY}/reading/s11-1b"

    assert days(graph, "fall-of-sicily", other) == ("", "", "", "")
    assert days(graph, "arrest-of-mussolini", other)[0] == "1943-07-25"


@pytest.mark.parametrize(
    ("reading", "changed"),
    [
        ("s05-2b", {"when-the-office-changed-hands", "mussolinis-life-in-order"}),
        ("s05-5b", {"what-badoglios-government-did", "possibly-in-summer-1943"}),
        ("s07-1b", {"meant-but-not-told-as-done"}),
        ("s13-2b", {"events-in-italy"}),
    ],
)
def test_kg_readings_tells_which_answers_change(
    build: Path, reading: str, changed: set[str]
) -> None:
    shown = run("readings", "--build", str(build))
    blocks = {block.split()[0]: block for block in shown.stdout.split("\ns")}
    block = blocks[reading.removeprefix("s")]

    assert shown.returncode == 0
    assert changed <= {
        line.split()[1].rstrip(":") for line in block.splitlines() if "changes" in line
    }


def test_kg_ask_answers_under_another_reading(build: Path) -> None:
    def answer(*words: str) -> list[str]:
        asked = ("ask", "what-badoglios-government-did", "--format", "csv", "--build", str(build))
        return run(*asked, *words).stdout.splitlines()

    assert any("dissolution-of-fascist-party" in line for line in answer())
    assert not any(
        "dissolution-of-fascist-party" in line for line in answer("--reading", "s05-5b")
    )
    assert (
        "did you mean s05-5b?"
        in run(
            "ask", "what-badoglios-government-did", "--reading", "s05-5c", "--build", str(build)
        ).stderr
    )


def test_kg_why_of_a_day_and_of_a_relation(build: Path) -> None:
    day = run(
        "why", 'id:fall-of-sicily cas:latestEnd "1943-07-25"^^xsd:date', "--build", str(build)
    )
    relation = run(
        "why", "id:fall-of-sicily cas:certainlyBefore id:surrender-signing", "--build", str(build)
    )

    assert "A queda da Sicília provoca o desprestígio" in day.stdout
    assert relation.returncode == 0
    assert "A queda da Sicília provoca o desprestígio" in relation.stdout


def test_days_that_cannot_all_hold_are_a_finding_with_the_fewest_claims(tmp_path: Path) -> None:
    claims = CLAIMS.replace(
        "id:badoglio a cas:Person .",
        "id:badoglio a cas:Person . id:fall-of-rome cas:before id:flight .\n"
        "  id:flight cas:hasInterval t:s01-1 . t:s01-1 a cas:TimeInterval ;\n"
        '    cas:verbatim "foge"@pt ; cas:edtf "1943" .',
    ).replace("cas:Literal .", 'cas:ContextResolved ; rdfs:comment "year"@en .', 1)
    report = kg.build(
        tmp_path / "out", write_seed(tmp_path, HEAD + ABOUT_TEXT + claims + ENTITIES)
    )
    (found,) = report.findings

    assert (found.severity, found.code) == ("warning", "inconsistent")
    assert "small s01-1, small s02-1" in found.message
    graph = kg.open_graph(tmp_path / "out")
    assert days(graph, "flight", "g:view/text/small")[0] == "1943-01-01"


def test_a_date_of_the_reference_that_is_none_is_found_in_its_file(tmp_path: Path) -> None:
    seeds = write_seed(tmp_path)
    trig = HEAD + (
        "c:r01 dct:source <https://example.org/work> .\n"
        "c:r01 { id:flight a cas:Flight ; cas:hasInterval t:r01 .\n"
        '  t:r01 a cas:TimeInterval ; cas:edtf "1943-02-30" . }\n'
    )
    (seeds / "small" / "reference.trig").write_text(trig, encoding="utf-8")
    found = [f for f in kg.check(seeds)[1] if f.code == "date"]

    assert [(f.place.path.name, f.place.line) for f in found] == [
        ("reference.trig", line_of(trig, '"1943-02-30"'))
    ]


def test_a_reference_is_a_perspective_of_its_own(tmp_path: Path) -> None:
    seeds = write_seed(tmp_path)
    trig = HEAD + (
        "c:r01 dct:source <https://example.org/work> .\n"
        "c:r01 { id:flight a cas:Flight ; cas:hasInterval t:r01 .\n"
        '  t:r01 a cas:TimeInterval ; cas:edtf "1943-09-09" . }\n'
    )
    (seeds / "small" / "reference.trig").write_text(trig, encoding="utf-8")
    kg.build(tmp_path / "out", seeds)
    graph = kg.open_graph(tmp_path / "out")

    assert perspectives.keys(graph.store) == ["text/small", "reference"]
    assert days(graph, "flight", "g:view/reference")[0] == "1943-09-09"
    assert days(graph, "flight", "g:view/text/small")[0] == ""


def test_every_fact_of_the_reference_names_its_source() -> None:
    for folder in sorted(paths.SEEDS.iterdir()):
        if not (folder / "reference.trig").is_file():
            continue
        source, _ = kg.load.read_source(folder)
        assert source.reference
        for claim in source.reference:
            sources = [t.object for t in claim.about if t.predicate == expand("dct:source")]
            assert len(sources) == 1, claim.name


def test_no_fault_is_found_in_the_small_map_used_here(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


def test_the_report_counts_what_is_dated(build: Path) -> None:
    (path,) = build.glob("*/report.json")
    (text,) = json.loads(path.read_text())["texts"]

    assert text["dated"] == 38
