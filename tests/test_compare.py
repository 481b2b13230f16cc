"""What a text says beside what Wikidata has: every verdict, every form, and bad input in parts."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import kg
from kg import compare, disagree, items, paths, snaks
from kg.cli import kg as commands
from kg.compare import MISMATCH, Compared, Verdict
from kg.errors import UnknownName, UnreadableInput
from kg.items import Entities
from kg.snaks import JULIAN, Item, Point, Stand, Time, Vague, Words
from kg.statements import direct, rows, statements
from kg.wikibase.statements import Perspective
from tests import helpers
from tests.conftest import ROOT
from tests.entity_json import (
    NONE,
    SOME,
    answer,
    entity,
    guid,
    item,
    point,
    statement,
    time,
    write,
)

TEXT = "text/italy-1943"
SHARED = ROOT.parent / "shared" / "data" / "wikidata"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real Wikidata answers lie in ../shared, which is not here"
)


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["compare", *map(str, words)])


def read(*found: dict[str, Any]) -> Entities:
    parsed = [each for one in found for each in items.parse(answer(one), Path("x.json"))[0]]
    return Entities(parsed)


def compared(graph: kg.Graph, *found: dict[str, Any], key: str = TEXT) -> list[Compared]:
    return compare.compare(graph, key, read(*found))


def one(found: list[Compared], pid: str, value: str = "") -> Compared:
    """Return the one comparison of a property, of the value of ours that is asked for."""
    (only,) = (
        each
        for each in found
        if each.pid == pid and (not value or (each.ours and str(each.ours.value) == value))
    )
    return only


@pytest.mark.parametrize(
    ("value", "days"),
    [
        (Time("+1943-07-25T00:00:00Z", 11), ("1943-07-25", "1943-07-25")),
        (Time("+1943-07-00T00:00:00Z", 10), ("1943-07-01", "1943-07-31")),
        (Time("+1943-01-01T00:00:00Z", 9), ("1943-01-01", "1943-12-31")),
        (Time("+1943-00-00T00:00:00Z", 8), ("1940-01-01", "1949-12-31")),
        (Time("+2014-02-29T00:00:00Z", 11), ("2014-02-28", "2014-02-28")),
        (Time("+1582-10-04T00:00:00Z", 11, JULIAN), ("1582-10-14", "1582-10-14")),
        (Time("+1917-10-25T00:00:00Z", 11, JULIAN), ("1917-11-07", "1917-11-07")),
        (Time("+1582-10-00T00:00:00Z", 10, JULIAN), ("1582-10-01", "1582-10-31")),
    ],
)
def test_a_time_is_the_days_that_its_precision_and_calendar_say(
    value: Time, days: tuple[str, str]
) -> None:
    first, last = map(date.fromisoformat, days)

    assert snaks.days_of(value) == (first, last)


@pytest.mark.parametrize(
    "value",
    [
        Time("+1900-00-00T00:00:00Z", 7),
        Time("-0044-03-15T00:00:00Z", 11),
        Time("+1943-07-25T00:00:00Z", 11, "Q12138"),
        Time("+200000-00-00T00:00:00Z", 9),
        Time("yesterday", 11),
        Words("1943"),
    ],
)
def test_what_is_too_coarse_or_too_far_has_no_days(value: snaks.Value) -> None:
    assert snaks.days_of(value) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "stand"),
    [
        (Point(0, 179.996), Point(0, -179.999), Stand.SAME),
        (Point(40.47, 17.24, 0.01), Point(40.475, 17.245, 0.0001), Stand.SAME),
        (Point(40.47, 17.24, 0.01), Point(40.9, 17.24, 0.0001), Stand.APART),
        (Point(40.47, 17.24, 0.01), Point(40.9, 17.24, 1.0), Stand.SAME),
        (Point(40.47, 17.24), Point(40.47, 17.24, 0.0001, "Q405"), Stand.APART),
        (Words("S. Gotardo\n Pass", "en"), Words("S. Gotardo Pass", "en"), Stand.SAME),
        (Words("Roma", "it"), Words("Roma", "pt"), Stand.UNLIKE),
        (Vague(date(1943, 6, 1), None, "…"), Time("+1943-07-00T00:00:00Z", 10), Stand.COARSER),
        (Item("Q220"), Words("Q220"), Stand.UNLIKE),
    ],
)
def test_values_stand_to_one_another(ours: snaks.Value, theirs: snaks.Value, stand: Stand) -> None:
    assert snaks.compare(ours, theirs) is stand


@pytest.mark.parametrize(
    ("snak", "rank", "verdict", "remark"),
    [
        (time("1945-04-28"), "normal", Verdict.AGREE, ""),
        (time("1945-04-28"), "preferred", Verdict.AGREE, ""),
        (time("1945-04-15", calendar=JULIAN), "normal", Verdict.AGREE, ""),
        (time("1945-04-00", 10), "normal", Verdict.FINER, ""),
        (time("1945-01-01", 9), "normal", Verdict.FINER, ""),
        (time("1945-04-27"), "normal", Verdict.DISAGREE, ""),
        (time("1945-04-28"), "deprecated", Verdict.DISAGREE, "deprecated there"),
        (SOME, "normal", Verdict.FINER, "unknown there"),
        (NONE, "normal", Verdict.DISAGREE, "none there"),
        (time("1900-00-00", 7), "normal", Verdict.UNLIKE, ""),
    ],
)
def test_a_date_stands_to_theirs_by_days_precision_calendar_and_rank(
    graph: kg.Graph, snak: dict[str, Any], rank: str, verdict: Verdict, remark: str
) -> None:
    found = one(compared(graph, entity("Q23559", statement("P570", snak, rank))), "P570")

    assert (found.verdict, found.remark) == (verdict, remark)
    assert found.ours
    assert str(found.ours.value) == "1945-04-28"
    assert found.statement
    assert (found.statement.id, found.statement.rank) == (guid("Q23559", 1), rank)


def test_of_several_the_one_that_agrees_counts_and_a_deprecated_one_last(graph: kg.Graph) -> None:
    there = entity(
        "Q23559",
        statement("P570", time("1945-04-28"), "deprecated"),
        statement("P570", time("1945-04-29")),
        statement("P570", time("1945-04-28")),
    )
    found = [each for each in compared(graph, there) if each.pid == "P570"]

    assert [(each.verdict, each.statement and each.statement.id) for each in found] == [
        (Verdict.AGREE, guid("Q23559", 3)),
        (Verdict.THERE, guid("Q23559", 2)),
    ]


def test_the_qualifiers_of_an_office_are_compared_with_its_term(graph: kg.Graph) -> None:
    office = statement(
        "P39",
        item("Q25160174"),
        P580=time("1943-07-25"),
        P582=time("1944-06-17"),
        P1365=item("Q352"),
    )
    found = {each.pid: each for each in compared(graph, entity("Q200085", office))}

    assert found["P39"].verdict is Verdict.AGREE
    assert found["P580"].verdict is Verdict.COARSER
    assert found["P580"].qualifies == "P39"
    assert found["P1365"].verdict is Verdict.DISAGREE
    assert found["P582"].verdict is Verdict.THERE


def test_another_term_of_the_same_office_is_not_ours(graph: kg.Graph) -> None:
    other = statement("P39", item("Q25160174"), P580=time("1922-10-31"), P582=time("1925-01-01"))
    found = [each for each in compared(graph, entity("Q200085", other)) if each.pid == "P39"]

    assert [each.verdict for each in found] == [Verdict.HERE, Verdict.THERE]


def test_days_that_only_overlap_are_in_tension(graph: kg.Graph) -> None:
    """The text has the summer, here the item has made-up days from August on."""
    there = entity(
        "Q217981",
        statement("P580", time("1943-08-15")),
        statement("P582", time("1943-09-30")),
    )
    found = one(compared(graph, there), "P585")

    assert (found.verdict, found.remark) == (Verdict.TENSION, "first and last day there")


def test_a_person_beside_a_group_is_in_tension(graph: kg.Graph) -> None:
    there = entity("Q23559", statement("P157", item("Q1060464")))
    found = one(compared(graph, there), "P157")

    assert (found.verdict, found.remark) == (Verdict.TENSION, "other kind")
    assert found.reference == (Item("Q1060464"),)


def test_a_group_that_is_a_part_of_theirs_is_more_precise(graph: kg.Graph) -> None:
    there = entity("Q217981", statement("P710", item("Q329888")))
    armies = one(compared(graph, there), "P710", "https://w3id.org/cassibile/id/allied-armies")

    assert armies.verdict is Verdict.FINER


def test_coordinates_are_the_same_within_their_precision(graph: kg.Graph) -> None:
    near = entity("Q220", statement("P625", point(41.8931, 12.5028)))
    far = entity("Q220", statement("P625", point(42.2, 12.5)))

    assert one(compared(graph, near), "P625").verdict is Verdict.AGREE
    assert one(compared(graph, far), "P625").verdict is Verdict.DISAGREE


def test_what_only_one_side_says_is_told(graph: kg.Graph) -> None:
    there = entity(
        "Q23559", statement("P20", item("Q2485134")), statement("P509", item("Q2140674"))
    )
    found = compared(graph, there)

    assert one(found, "P570").verdict is Verdict.HERE
    assert one(found, "P20").verdict is Verdict.THERE
    assert "P509" not in {each.pid for each in found}  # of which we have no term


def test_an_item_that_was_merged_into_another_is_still_ours(graph: kg.Graph) -> None:
    moved = entity("Q999999", statement("P570", time("1945-04-28")))
    written = json.dumps({"entities": {"Q23559": moved}})
    found, faults = items.parse(written, Path("x.json"))

    assert not faults
    assert one(compare.compare(graph, TEXT, Entities(found)), "P570").verdict is Verdict.AGREE


def test_of_an_item_given_without_claims_nothing_is_said(graph: kg.Graph) -> None:
    named = {"id": "Q23559", "labels": {"en": {"language": "en", "value": "Mussolini"}}}
    found, faults = items.parse(json.dumps(named), Path("x.json"))

    assert compare.compare(graph, TEXT, Entities(found)) == []
    assert "without claims" in faults[0].message


@needs_shared
def test_real_answers_of_wbgetclaims_are_read() -> None:
    files = [SHARED / f"degasperi_{pid}_wbgetclaims.json" for pid in ("P39", "P166")]
    entities, faults = items.read(files)
    (only,) = entities
    offices = only.of("P39")

    assert not faults
    assert only.id == "Q153832"
    assert len(offices) == 14
    assert only.of("P166")
    assert all(each.id.startswith("Q153832$") for each in only.statements)
    assert snaks.Special.NONE in {v for each in offices for v in each.qualifier("P1365")}
    assert [str(each.value) for each in offices].count("Q26248695") == 2


@needs_shared
def test_the_entities_of_wikibases_own_tests_are_read() -> None:
    entities, faults = items.read([SHARED / "wikibase-rdf" / "entities"])
    read = {each.id: each for each in entities}

    assert [fault.severity for fault in faults] == ["warning"]  # Q2 has names alone
    assert {len(read[qid].statements) for qid in ("Q4", "Q8")} == {14, 13}
    assert {each.rank for each in read["Q4"].statements} >= {"normal", "preferred"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('{"entities": {"Q352": {"id": "Q352", "claims": {"P31": [', "ends in the middle"),
        ('{"error": {"code": "no-such-entity", "info": "no such entity"}}', "an error of the API"),
        ('{"entities": {"Q352": {"id": "Q352", "missing": ""}}}', "has no item Q352"),
        ('{"Q352": 1}', "no entity"),
        ("[[[" * 5000, "not JSON"),
        ('{"id": "Q352", "claims": {"P31": [{"mainsnak": {}}]}}', "cannot be read"),
        ('{"id": "Q352", "claims": {"P31": [{"mainsnak": {"snaktype": "new"}}]}}', "unknown type"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_compared(
    build: Path, tmp_path: Path, written: str, told: str
) -> None:
    folder = write(tmp_path / "items", entity("Q23559", statement("P570", time("1945-04-28"))))
    (folder / "broken.json").write_text(written, encoding="utf-8")
    done = run(folder, "--build", build)

    assert done.exit_code == 1
    assert told in done.stderr
    assert "broken.json" in done.stderr
    assert "agree: P570 date of death" in done.stdout


def test_a_dump_is_read_line_by_line(tmp_path: Path) -> None:
    lines = [json.dumps(entity(qid, statement("P31", item("Q5")))) for qid in ("Q352", "Q9916")]
    path = tmp_path / "dump.json"
    path.write_text("[\n" + ",\n".join([lines[0], lines[1][:50], lines[1]]) + "\n]\n")
    entities, faults = items.read([path])

    assert [each.id for each in entities] == ["Q352", "Q9916"]
    assert [fault.place.line for fault in faults] == [3]


def test_the_table_tells_both_sides_with_words_and_rank(build: Path, tmp_path: Path) -> None:
    there = entity("Q23559", statement("P570", time("1945-04-27"), "preferred"))
    done = run(write(tmp_path / "items", there), "--only", "disagree", "--build", build)

    assert done.exit_code == 0
    assert "Benito Mussolini (Q23559)" in done.stdout
    assert "here   1945-04-28  [inferred, disputed]" in done.stdout
    assert "“Nesta mesma data Benito Mussolini é capturado e fuzilado”" in done.stdout
    assert f"there  1945-04-27  [preferred, {guid('Q23559', 1)}]" in done.stdout
    assert "reference works: 1945-04-28" in done.stdout
    assert "1 comparison: 1 disagree" in done.stdout


def test_json_has_the_proofs(build: Path, tmp_path: Path) -> None:
    there = entity("Q23559", statement("P570", time("1945-04-00", 10)))
    done = run(write(tmp_path / "items", there), "--format", "json", "--build", build)
    (death,) = (each for each in json.loads(done.stdout) if each["property"] == "P570")

    assert death["verdict"] == "more precise here"
    assert death["there"]["precision"] == 10
    assert (death["there"]["first"], death["there"]["last"]) == ("1945-04-01", "1945-04-30")
    assert death["here"]["proofs"]
    assert {q for c in death["here"]["claims"] for q in c["quotes"]} >= {
        "Nesta mesma data Benito Mussolini é capturado e fuzilado"
    }


def test_csv_is_what_mismatch_finder_imports(build: Path, tmp_path: Path) -> None:
    """The first is a qualifier and is not in dispute; the second is; the third is deprecated."""
    wrong = statement("P39", item("Q25160174"), P1365=item("Q352"), P580=time("1943-09-01"))
    folder = write(
        tmp_path / "items",
        entity("Q200085", wrong),
        entity("Q23559", statement("P570", time("1945-04-27"))),
        entity("Q3831648", statement("P276", item("Q220"), "deprecated")),
    )
    done = run(folder, "--format", "csv", "--build", build)
    read = list(csv.DictReader(io.StringIO(done.stdout)))

    assert tuple(read[0]) == MISMATCH
    claim = "https://w3id.org/cassibile/text/italy-1943/claim/s01-4"
    assert [tuple(row.values()) for row in read] == [
        (
            "Q200085",
            guid("Q200085", 1),
            "P580",
            "1943-09-01",
            "Q1985727",
            "1943-07",
            claim,
            "qualifier",
        ),
        ("Q200085", guid("Q200085", 1), "P1365", "Q352", "", "Q23559", claim, "qualifier"),
    ]


def test_a_verdict_can_fail_a_script(build: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "items", entity("Q23559", statement("P570", time("1945-04-27"))))

    assert run(folder, "--fail-on", "disagree", "--build", build).exit_code == 1
    assert run(folder, "--fail-on", "tension", "--build", build).exit_code == 0


def test_nothing_is_asked_of_the_network_unless_it_is_allowed(build: Path, tmp_path: Path) -> None:
    done = run("Q23559", "--cache", tmp_path / "kept", "--build", build)

    assert isinstance(done.exception, UnreadableInput)
    assert "--fetch" in done.exception.hint
    assert run("--build", build).exit_code == 2


@pytest.mark.parametrize("name", ["Q0", "q352", "P31"])
def test_what_is_no_item_is_told(build: Path, name: str) -> None:
    assert isinstance(run(name, "--build", build).exception, UnknownName)


class _Wikidata(BaseHTTPRequestHandler):
    """A host that is busy at first, and knows one item."""

    seen: list[tuple[str, str]] = []  # noqa: RUF012 emptied by the fixture

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["User-Agent"]))
        if len(self.seen) == 1:
            self._say(503, b"", {"Retry-After": "0"})
        elif self.path == "/Q23559.json":
            self._say(
                200, answer(entity("Q23559", statement("P570", time("1945-04-28")))).encode()
            )
        else:
            self._say(404, b"no such item")

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    _Wikidata.seen.clear()
    with helpers.hosting(_Wikidata) as address:
        yield f"{address}/{{id}}.json"


def test_items_are_asked_for_politely_and_kept(build: Path, tmp_path: Path, host: str) -> None:
    words = ["Q23559", "Q352", "--fetch", "--from", host, "--cache", tmp_path / "kept"]
    done = run(*words, "--build", build)
    asked = list(_Wikidata.seen)

    assert done.exit_code == 1
    assert "Q352: the host answers 404" in done.stderr
    assert "agree: P570 date of death" in done.stdout
    assert [path for path, _ in asked] == ["/Q23559.json", "/Q23559.json", "/Q352.json"]
    assert all(agent.startswith("Cassibile/") and "https://" in agent for _, agent in asked)

    _Wikidata.seen.clear()
    again = run("Q23559", "--cache", tmp_path / "kept", "--build", build)

    assert again.exit_code == 0
    assert "agree: P570 date of death" in again.stdout
    assert not _Wikidata.seen


@pytest.mark.slow
def test_what_wikidata_says_takes_part_in_disagreements(build: Path, tmp_path: Path) -> None:
    """Its days are made up: the text says 28 April."""
    folder = write(
        tmp_path / "items",
        entity(
            "Q23559",
            statement("P570", time("1945-04-30"), "preferred"),
            statement("P570", time("1945-04-28")),
            statement("P157", item("Q1060464"), "deprecated"),
            statement("P39", item("Q25160174"), P582=time("1943-07-25")),
        ),
        entity("Q13498", statement("P131", item("Q1447"))),
    )
    trig = run(folder, "--trig", "--build", build).stdout
    seeds = tmp_path / "seeds"
    shutil.copytree(paths.SEEDS / "italy-1943", seeds / "italy-1943")
    (seeds / "italy-1943" / "wikidata.trig").write_text(trig, encoding="utf-8")
    report = kg.build(tmp_path / "built", seeds)
    graph = kg.open_graph(tmp_path / "built")
    found = [d for d in disagree.read(graph.store) if d.there == "wikidata"]

    assert not [each for each in report.findings if each.severity == "error"]
    assert "Q1060464" not in trig
    assert [graph.label(each.name) for each in found if "execution" in each.subject.value] == [
        (
            "execution of Mussolini: 28 April 1945 according to the text “The surrender of Italy”, "
            "30 April 1945 according to Wikidata"
        )
    ]
    (claims,) = (
        disagree.sides(each, kg.proof.tree.Proofs(graph.store))[1].claims
        for each in found
        if "execution" in each.subject.value
    )
    assert [claim.value.rpartition("/")[2] for claim in claims] == ["w03"]
    view = kg.terms.expand("g:view/wikidata").value
    told = f"?c cas:perspective <{view}>"
    assert len(helpers.rows(graph, f"SELECT ?c {{ GRAPH g:claims {{ {told} }} }}")) == 3
    assert not helpers.rows(graph, f"SELECT ?c {{ {told} }}")  # and not as what the text says


def test_the_table_of_properties_agrees_with_the_alignments(graph: kg.Graph) -> None:
    """The one is what statements are made from, the other what the ontology says of itself."""
    query = """SELECT ?term ?pid { GRAPH g:alignments { ?term ?how ?item
      FILTER(?how IN (cas:wikidataProperty, cas:wikidataInverse))
      BIND(STRAFTER(STR(?item), "entity/") AS ?pid) } }"""
    aligned = {
        (kg.terms.shorten(row[0]), row[1].value)
        for row in graph.query(query)  # type: ignore[union-attr]
    }

    assert {(row.term.removeprefix("^"), row.pid) for row in direct()} == aligned
    assert {row.kind for row in rows()} <= {"item", "time", "coordinate", "text", "string", "url"}


@pytest.mark.parametrize("key", [TEXT, "reference"])
def test_what_is_compared_is_what_the_wikidata_shaped_view_says(graph: kg.Graph, key: str) -> None:
    """Two ways from the same view: the rules of ontology/wikibase, and these with their proofs.

    The rules give a date to what was on one day with something dated, and tell who signed or gave
    an order as a participant too.
    """
    by_rules = {
        (name, each.main.property, _plain(each.main.value))
        for name, found in Perspective(graph.store, key).entities.items()
        for each in found.statements
    }
    ours = {
        (each.qid or each.subject.value.rpartition("/")[2], each.pid, _plain(each.value))
        for each in statements(graph, key)
        if each.value is not snaks.Special.SOME or each.pid == "P585"
    }

    assert len(ours) > 100
    assert ours - by_rules == set()
    assert {pid for _, pid, _ in by_rules - ours} <= {"P585", "P1344", "P1891"}


def _plain(value: object) -> str:
    """Return a value of either model by what the two have in common."""
    if isinstance(value, Vague):
        return "somevalue"
    if latitude := getattr(value, "latitude", None):
        return f"{latitude}"
    found = getattr(value, "id", None) or getattr(value, "time", None) or value
    return str(found).removeprefix(kg.terms.PREFIXES["id"])
