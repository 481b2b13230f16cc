"""Every slip of a mapping author is found, with its line and its repair."""

from pathlib import Path

import pytest

import kg
from kg.errors import UnreadableInput
from tests.helpers import ABOUT, CLAIMS, ENTITIES, HEAD, MAP, TEXT, findings, line_of, write_seed

OTHER = """
c:s02-1b cas:quote "Roma cai"@pt ; cas:reading cas:Literal ; cas:alternativeTo c:s02-2 .
c:s02-1b { id:rome a cas:City . }
"""


def test_a_right_map_has_no_findings(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "right", "wrong", "at", "hint"),
    [
        ("quote", "Badoglio foge", "Badoglio fugiu", "Badoglio fugiu", "“O Gen. Badoglio foge.”"),
        ("quote", '"O Gen. Badoglio foge"', '"o"', '"o"', "quote more of the sentence"),
        ("undeclared", "cas:carriedOutBy", "cas:carredOutBy", "cas:carredOutBy", "cas:carriedOutBy?"),
        ("undeclared", "a cas:City", "a cas:Cty", "cas:Cty", "did you mean cas:City?"),
        ("unnamed", "carriedOutBy id:badoglio", "carriedOutBy id:badolio", "id:badolio", "id:badoglio?"),
        ("date", '"1944-06-04"', '"1944-06-31"', '"1944-06-31"', "dates are written like"),
        ("date", '"1944-06-04"', '"1944-06/1944-05"', '"1944-06/1944-05"', "dates are written like"),
        ("verbatim", '"em 4 de junho de 1944"@pt', '"junho 1944"@pt', '"junho 1944"', "as the claim quotes"),
        ("claim-name", "c:s02-1", "c:s03-1", "c:s03-1", "sentences are 1 to 2"),
        ("claim-name", "c:s02-1", "c:second", "c:second", "sNN-k"),
        ("computed", "a cas:City", "a cas:City ; cas:start 4", "cas:start", "leave it out"),
        ("blank-node", "a cas:City", "a cas:City ; cas:within [ a cas:Tenure ]", "cas:within [", "give it a name"),
        ("alternative", "c:s02-1 cas:quote", OTHER + "c:s02-1 cas:quote", "c:s02-1b", "did you mean c:s02-1?"),
        ("text", ABOUT, "", None, "a cas:Text"),
    ],
)  # fmt: skip
def test_a_slip_is_found_where_it_is_with_its_repair(
    tmp_path: Path, code: str, right: str, wrong: str, at: str | None, hint: str
) -> None:
    trig = MAP.replace(right, wrong)
    assert trig != MAP

    found = [f for f in findings(tmp_path, trig) if f.code == code]

    assert found, findings(tmp_path, trig)
    assert found[0].severity == "error"
    assert found[0].place.line == (line_of(trig, at) if at else 0)
    assert hint in found[0].hint


def test_a_graph_without_claim_is_found(tmp_path: Path) -> None:
    trig = MAP + "c:s02-2 { id:fall-of-rome cas:affected id:badoglio . }\n"

    (found,) = (f for f in findings(tmp_path, trig) if f.code == "graph-without-claim")

    assert found.place.line == line_of(trig, "c:s02-2")


def test_a_claim_without_triples_is_found(tmp_path: Path) -> None:
    trig = MAP + 'c:s02-2 cas:quote "Roma"@pt ; cas:reading cas:Literal .\n'

    (found,) = (f for f in findings(tmp_path, trig) if f.code == "claim-without-graph")

    assert found.place.line == line_of(trig, "c:s02-2")


def test_a_claim_without_quote_is_found(tmp_path: Path) -> None:
    trig = MAP.replace('cas:quote "O Gen. Badoglio foge"@pt ; ', "")

    found = [f for f in findings(tmp_path, trig) if f.place.line == line_of(trig, "c:s01-1")]

    assert any("cas:quote" in f.hint for f in found)


def test_an_event_typed_as_plan_is_found(tmp_path: Path) -> None:
    trig = MAP.replace("a cas:Flight ;", "a cas:Flight , cas:PlannedAction ;")

    found = findings(tmp_path, trig)[0]

    assert (found.severity, found.place.line) == ("error", line_of(trig, "id:flight"))
    assert found.message == "id:flight: what was meant is not yet what happened"
    assert found.hint.startswith("keep the plan and the event as two entities")


def test_a_foreign_term_is_a_warning_with_the_nearest_one(tmp_path: Path) -> None:
    trig = MAP + 'id:rome skos:altLable "Urbe"@pt .\n'

    (found,) = findings(tmp_path, trig)

    assert (found.severity, found.hint) == ("warning", "did you mean skos:altLabel?")


def test_broken_syntax_is_a_finding_with_its_line_and_the_other_texts_are_still_checked(
    tmp_path: Path,
) -> None:
    trig = MAP.replace("a cas:Person .", "a .")
    seeds = write_seed(tmp_path, trig)
    other = seeds / "other"
    other.mkdir()
    (other / "text.txt").write_bytes(b"Roma\ncai \xe9.")

    found = kg.check(seeds)[1]

    assert {(f.place.path.name, f.place.line) for f in found if f.code == "unreadable"} == {
        ("map.trig", line_of(trig, "a .")),
        ("text.txt", 2),
    }


def test_all_faults_are_told_in_one_run(tmp_path: Path) -> None:
    trig = MAP.replace("Badoglio foge", "Badoglio fugiu").replace('"1944-06-04"', '"junho"')
    trig = trig.replace("cas:tookPlaceAt", "cas:tokPlaceAt")

    assert {"quote", "date", "undeclared"} <= {f.code for f in findings(tmp_path, trig)}


def test_a_text_that_claims_hardly_cover_is_a_warning(tmp_path: Path) -> None:
    long = TEXT + " Nada disto foi dito em parte alguma por ninguém."

    (found,) = findings(tmp_path, MAP, long)

    assert (found.severity, found.code) == ("warning", "coverage")


def test_no_folder_of_texts_raises(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="there is no such folder"):
        kg.check(tmp_path / "nowhere")


def test_the_order_of_the_paragraphs_changes_nothing(tmp_path: Path) -> None:
    (one,), _ = kg.check(write_seed(tmp_path / "one"))
    (two,), _ = kg.check(write_seed(tmp_path / "two", HEAD + ENTITIES + CLAIMS + ABOUT))

    assert [c.name for c in one.claims] == [c.name for c in two.claims]
    assert [set(c.triples) for c in one.claims] == [set(c.triples) for c in two.claims]
    assert one.coverage == two.coverage


def test_a_year_that_the_words_do_not_give_is_that_of_the_phrase_before(tmp_path: Path) -> None:
    text = "Roma cai em 4 de junho de 1944. Em julho, o Gen. Badoglio foge."
    trig = (
        HEAD
        + ABOUT
        + """
c:s01-1 cas:quote "Roma cai em 4 de junho de 1944"@pt ; cas:reading cas:Literal .
c:s01-1 {
  id:fall-of-rome a cas:Fall ; cas:hasInterval t:s01-1 .
  t:s01-1 a cas:TimeInterval ; cas:verbatim "4 de junho de 1944"@pt ; cas:edtf "1944-06-04" .
}
c:s02-1 cas:quote "Em julho, o Gen. Badoglio foge"@pt ; cas:reading cas:READING ;
  rdfs:comment "year from S1"@en .
c:s02-1 {
  id:flight a cas:Flight ; cas:carriedOutBy id:badoglio ; cas:hasInterval t:s02-1 .
  id:badoglio a cas:Person .
  t:s02-1 a cas:TimeInterval ; cas:verbatim "Em julho"@pt ; cas:edtf "YEAR-07" .
}
"""
        + ENTITIES
    )

    def found(reading: str, year: str) -> list[tuple[str, str]]:
        written = trig.replace("READING", reading).replace("YEAR", year)
        found = findings(tmp_path, written, text)
        return [(f.severity, f.code) for f in found if f.code == "year"]

    assert found("ContextResolved", "1944") == []
    assert found("ContextResolved", "1943") == [("warning", "year")]
    assert ("error", "year") in found("Literal", "1944")
