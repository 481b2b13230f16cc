"""QuickStatements: what is given, what is withheld, and that the real tool reads it as meant."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import kg
from kg import exports, quickstatements
from kg.cli import kg as commands
from kg.errors import UnknownName
from kg.items import Entities, parse
from kg.quickstatements import Offer, Terms, faults
from kg.terms import expand
from tests.conftest import ROOT
from tests.entity_json import answer, entity, item, statement, time, write
from tests.helpers import MAP, write_seed

TEXT = "text/italy-1943"
# A checkout of QuickStatements 3 (github.com/WikiMovimentoBrasil/quickstatements3): its parser
# needs Django 5.0 and no database.
TOOL = Path(os.environ.get("QUICKSTATEMENTS3") or ROOT.parent / "quickstatements3") / "src"
PYTHON = os.environ.get("QUICKSTATEMENTS3_PYTHON") or sys.executable
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "web", "core"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True,
    TOOLFORGE_TOOL_NAME=None, BASE_REST_URL="https://example.org/w/rest.php")
django.setup()
from core.parsers.csv import CSVCommandParser
from core.parsers.v1 import V1CommandParser
parser = {"v1": V1CommandParser, "csv": CSVCommandParser}[sys.argv[2]]()
batch = parser.parse("batch", "user", sys.stdin.read())
print(json.dumps([{"status": c.get_status_display(), "message": c.message, "summary": c.user_summary,
                   **c.json} for c in batch.get_preview_commands()]))
"""


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["quickstatements", *map(str, words)])


@pytest.fixture(scope="module")
def strict(graph: kg.Graph) -> Offer:
    return quickstatements.offer(graph, TEXT)


def lines(offer: Offer) -> list[str]:
    return quickstatements.as_v1(offer.lines).splitlines()


def why(offer: Offer, item_id: str, pid: str) -> list[str]:
    """Return why statements of an item and a property are withheld."""
    return [
        each.why for each in offer.withheld if each.item == item_id and each.what.split()[0] == pid
    ]


def test_a_statement_has_the_words_and_the_place_of_its_claim(strict: Offer) -> None:
    claim = '"https://w3id.org/cassibile/text/italy-1943/claim/s01-4"'
    words = 'pt:"Marshal Pietro Badoglio, primeiro ministro desde a queda de Benito Mussolini em Julho"'
    office = [
        "Q200085", "P39", "Q25160174", "P580", "+1943-07-00T00:00:00Z/10",
        "S854", claim, "S1683", f"{words} /* Cassibile italy-1943/s01-4 */",
    ]  # fmt: skip

    assert "\t".join(office) in lines(strict)


def test_the_day_of_looking_up_is_given_on_request(graph: kg.Graph) -> None:
    offer = quickstatements.offer(graph, TEXT, terms=Terms(retrieved=date(2026, 12, 1)))

    assert offer.lines
    assert all("S813\t+2026-12-01T00:00:00Z/11" in line for line in lines(offer) if "\tP" in line)


def test_lines_are_sorted_and_each_is_what_the_tool_takes_it_for(strict: Offer) -> None:
    written = lines(strict)
    numbers = [int(line.split("\t")[0][1:]) for line in written]

    assert len(written) > 20
    assert numbers == sorted(numbers)
    assert faults("\n".join(written)) == []
    assert not strict.only_csv


def test_what_is_disputed_is_never_given(graph: kg.Graph) -> None:
    """The Alps as the place of detention, Taranto in Sicily, and the ranks of Badoglio."""
    offer = quickstatements.offer(graph, TEXT, terms=Terms(inferred=True, interpretive=True))
    given = {(line.subject, line.key) for line in offer.lines}

    for pair in (("Q23559", "P2632"), ("Q13498", "P706"), ("Q200085", "P410"), ("Q23559", "P570")):
        assert pair not in given
        assert all(reason.startswith("disputed") for reason in why(offer, *pair))
        assert why(offer, *pair)


def test_what_follows_is_given_only_on_request(graph: kg.Graph, strict: Offer) -> None:
    more = quickstatements.offer(graph, TEXT, terms=Terms(inferred=True, interpretive=True))

    def predecessor(offer: Offer) -> list[str]:
        return [line for line in lines(offer) if "P1365\tQ23559" in line]

    assert predecessor(strict) == []
    (line,) = predecessor(more)

    assert "!S854" in line  # the words of each claim that it follows from
    assert line.count("S1683") == 2
    assert any("its P1365" in each.what for each in strict.withheld)


def test_what_is_read_into_the_words_is_given_only_on_request(
    graph: kg.Graph, strict: Offer
) -> None:
    more = quickstatements.offer(graph, TEXT, terms=Terms(interpretive=True))

    assert not any(line.startswith("Q23559\tP39") for line in lines(strict))
    assert any(line.startswith("Q23559\tP39\tQ25160174") for line in lines(more))
    assert "read into the words: --interpretive gives it" in why(strict, "Q23559", "P39")


def test_vague_dates_editors_coordinates_and_unlinked_things_are_withheld(strict: Offer) -> None:
    assert why(strict, "Q217981", "P585") == ["no one precision tells the date 1943-26"]
    assert why(strict, "Q220", "P625") == ["an editor says it, and no words of the text"]
    assert "id:occupation-of-sicilian-cities waits for an item" in why(strict, "Q217981", "P527")


def entities(*found: dict[str, Any]) -> Entities:
    return Entities([each for one in found for each in parse(answer(one), Path("x"))[0]])


def test_what_wikidata_has_is_not_given_again(graph: kg.Graph) -> None:
    there = entities(
        entity("Q200085", statement("P39", item("Q25160174"), P580=time("1943-07-25"))),
        entity("Q9916", labels={"en": "Dwight D. Eisenhower"}),
    )
    offer = quickstatements.offer(graph, TEXT, there)

    assert why(offer, "Q200085", "P39") == [
        "in Wikidata already; what is missing beside it is entered by hand"
    ]
    assert {line.subject for line in offer.lines if line.key[0] == "P"} == {"Q200085", "Q9916"}
    assert all("not among" in reason for reason in why(offer, "Q150642", "P31"))


def test_names_that_the_item_lacks_are_given_and_none_is_replaced(graph: kg.Graph) -> None:
    there = entities(
        entity("Q13498", labels={"en": "Taranto", "it": "Taranto"}),
        entity("Q9916", labels={"en": "Ike", "pt": "Dwight D. Eisenhower", "it": "Ike"}),
    )
    offer = quickstatements.offer(graph, TEXT, there)
    named = {(each.subject, each.key, each.value) for each in offer.lines if each.key[0] in "LA"}

    assert ("Q13498", "Lpt", '"Taranto"') in named
    assert ("Q13498", "Apt", '"Tarento"') in named
    assert ("Q9916", "Aen", '"Dwight D. Eisenhower"') in named  # beside the name that is there
    assert not {key for subject, key, _ in named if subject == "Q9916" and key[0] == "L"}
    assert not {value for subject, key, value in named if (subject, key) == ("Q13498", "Len")}


def test_a_new_item_is_made_only_when_it_is_named(graph: kg.Graph, strict: Offer) -> None:
    wanted = Terms(create=frozenset({expand("id:surrender-signing")}))
    written = lines(quickstatements.offer(graph, TEXT, terms=wanted))

    assert "CREATE" not in lines(strict)
    assert written[-5:-1] == [
        "CREATE",
        'LAST\tLen\t"signing of the surrender of Italy"',
        'LAST\tLit\t"firma della resa dell\'Italia"',
        'LAST\tLpt\t"assinatura da rendição da Itália"',
    ]
    assert written[-1].startswith("LAST\tP585\t+1943-09-03T00:00:00Z/11\tS854")
    assert faults("\n".join(written)) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Roma cai | em 4 de junho de 1944", "a | in the words"),
        ("Roma “cai” em 4 de junho de 1944", "curly quotes"),
        ("Roma /* cai em 4 de junho de 1944", "a /* in its words"),
    ],
)
def test_words_that_the_tool_would_change_are_withheld(
    tmp_path: Path, words: str, reason: str
) -> None:
    was = "Roma cai em 4 de junho de 1944"
    link = "id:fall-of-rome skos:exactMatch wd:Q3831648 .\nid:rome skos:exactMatch wd:Q220 .\n"
    trig = MAP.replace(was, words) + link
    kg.build(tmp_path / "built", write_seed(tmp_path, trig, f"O Gen. Badoglio foge. {words}."))
    graph = kg.open_graph(tmp_path / "built")
    offer = quickstatements.offer(graph, "text/small")

    assert not [line for line in offer.lines if line.key[0] == "P"]
    assert next(each.why for each in offer.withheld if each.what.startswith("P585")).startswith(
        reason
    )
    assert bool(offer.only_csv) == ("|" in words)


def test_the_checker_finds_what_the_tool_would_misread() -> None:
    good = 'Q1\tP585\t+1943-09-03T00:00:00Z/11\tS854\t"https://example.org/"'

    assert faults(good) == []
    for bad in (
        'Q1\tP585\t+1943-09-03\tS854\t"https://example.org/"',
        "Q1\tP585\t+1943-09-03T00:00:00Z",
        good + "\tS1683",
        good.replace("S854", "R+"),
        "q1\tP31\tQ5",
        "Q1\tP31\tnull",
    ):
        assert faults(bad)


def test_the_export_is_what_the_command_gives(graph: kg.Graph, build: Path) -> None:
    out = io.BytesIO()
    exports.named("quickstatements").write(graph, out)
    done = run("--build", build)

    assert done.stdout == out.getvalue().decode()
    assert "nothing was compared with Wikidata" in done.stderr


def test_a_dry_run_lists_what_is_withheld_and_writes_no_command(
    build: Path, tmp_path: Path
) -> None:
    folder = write(tmp_path / "items", entity("Q23559", statement("P157", item("Q706633"))))
    done = run("--dry", "--entities", folder, "--build", build)

    assert done.exit_code == 0
    assert "disputed: kg disagreements tells by whom" in done.stdout
    assert "Q23559 P157 Italian resistance (Q706633)  [italy-1943 s15-1]" in done.stdout
    assert "\t" not in done.stdout


def test_tables_have_one_set_of_columns_and_no_empty_cell(build: Path, tmp_path: Path) -> None:
    done = run("--csv", tmp_path / "out", "--build", build)
    files = sorted((tmp_path / "out").glob("*.csv"))

    assert done.exit_code == 0
    assert {file.name for file in files} >= {"P39-qal580.csv", "P31.csv", "Apt.csv"}
    for file in files:
        cells = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
        assert len({len(row) for row in cells}) == 1
        assert all(cell for row in cells for cell in row)


def test_what_is_no_text_or_no_thing_is_refused(build: Path) -> None:
    for words in (["--perspective", "reference"], ["--create", "id:nobody"]):
        assert isinstance(run(*words, "--build", build).exception, UnknownName)


def _parsed(form: str, written: str) -> list[dict[str, Any]]:
    """Return the commands that QuickStatements 3 reads."""
    done = subprocess.run(
        [PYTHON, "-c", SCRIPT, str(TOOL), form],
        input=written,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "No module named" in done.stderr:
        missing = done.stderr.strip().splitlines()[-1]
        pytest.skip(f"QuickStatements 3 cannot run: {missing}; name a Python with Django 5.0 that "
                    "has what it needs in QUICKSTATEMENTS3_PYTHON")  # fmt: skip
    assert done.returncode == 0, done.stderr
    commands: list[dict[str, Any]] = json.loads(done.stdout)
    return commands


needs_tool = pytest.mark.skipif(
    not (TOOL / "core" / "parsers" / "v1.py").is_file(),
    reason="no checkout of QuickStatements 3: name its folder in QUICKSTATEMENTS3",
)


@needs_tool
@pytest.mark.slow
def test_quickstatements_3_reads_every_line_without_a_warning(graph: kg.Graph) -> None:
    wanted = Terms(
        inferred=True,
        interpretive=True,
        retrieved=date(2026, 12, 1),
        create=frozenset({expand("id:surrender-signing")}),
    )
    offer = quickstatements.offer(graph, TEXT, terms=wanted)
    read = _parsed("v1", quickstatements.as_v1(offer.lines))

    assert len(read) == len(offer.lines)
    assert {(each["status"], each["message"]) for each in read} == {("Initial", None)}
    assert "null" not in json.dumps([{**each, "message": 0, "summary": 0} for each in read])
    office = next(e for e in read if e.get("property") == "P39" and "qualifiers" in e)
    assert len(office["references"]) == 2
    for line, each in zip(offer.lines, read, strict=True):
        assert len(each.get("qualifiers", ())) == len(line.qualifiers)
        assert [len(r) for r in each.get("references", ())] == [len(r) for r in line.references]
        assert (each["summary"] or "") == line.summary


@needs_tool
@pytest.mark.slow
def test_quickstatements_3_reads_the_same_from_a_table(strict: Offer) -> None:
    table = quickstatements.as_csv(strict.lines)["P39-qal580"]
    (from_table,) = _parsed("csv", table)
    line = next(line for line in strict.lines if line.qualifiers)
    (from_line,) = _parsed("v1", line.as_v1())

    assert from_table == from_line
