"""Every command teaches, and what goes wrong is one clear message and the right status."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

from kg.cli import kg
from kg.terms import SKOS
from tests.helpers import MAP, write_seed

COMMANDS = kg.list_commands(None)  # type: ignore[arg-type]


def run(*words: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run `kg` as a user does."""
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-m", "kg", *words],
        input=stdin,
        capture_output=True,
        env=environment,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def invoke(*words: str) -> Result:
    return CliRunner().invoke(kg, list(words))


def test_the_commands_are_there() -> None:
    assert {"ask", "build", "check", "query", "serve"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_that_says_what_each_option_is(name: str) -> None:
    found = kg.get_command(None, name)  # type: ignore[arg-type]
    assert found is not None

    options = [option for option in found.params if isinstance(option, click.Option)]
    listed = " ".join(invoke("--help").output.split())

    assert found.help
    assert [option.name for option in options if not option.help] == []
    assert f" {name} {found.get_short_help_str(200)}" in listed


def test_examples_in_help_keep_their_lines() -> None:
    assert "\n  kg query 'SELECT …'             any question, in SPARQL\n" in "\n".join(
        line.removeprefix("  ") for line in invoke("--help").output.splitlines()
    )


def test_a_misspelt_command_is_told_the_nearest() -> None:
    done = invoke("quary")

    assert done.exit_code == 2
    assert "did you mean kg query?" in done.output


def test_a_build_tells_what_it_did_and_then_that_nothing_changed(tmp_path: Path) -> None:
    seeds = str(write_seed(tmp_path))
    first = run("build", "--seeds", seeds)
    second = run("build", "--seeds", seeds)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "small: 2 sentences, 2 claims and 0 other readings" in first.stdout
    assert "reasoning over small" in first.stderr
    assert "nothing has changed" in second.stdout
    assert second.stderr == ""


def test_a_build_of_a_faulty_map_tells_every_fault_and_ends_with_1(tmp_path: Path) -> None:
    trig = MAP.replace("cas:City", "cas:Cty").replace("Badoglio foge", "Badoglio fugiu")
    done = run("build", "--seeds", str(write_seed(tmp_path, trig)))

    assert done.returncode == 1
    assert "did you mean cas:City?" in done.stderr
    assert "the nearest passage is “O Gen. Badoglio foge.”" in done.stderr
    assert "in the mapping" in done.stderr


def test_a_check_ends_with_1_if_there_are_faults_and_0_if_not(tmp_path: Path) -> None:
    right = invoke("check", "--seeds", str(write_seed(tmp_path / "right")))
    wrong = invoke("check", "--seeds", str(write_seed(tmp_path / "wrong", MAP.replace(" ;", " "))))

    assert (right.exit_code, right.output) == (0, "1 text, 2 claims: 0 faults, 0 warnings\n")
    assert wrong.exit_code == 1
    assert "this is not TriG" in wrong.output


@pytest.mark.parametrize("form", ["table", "csv", "json", "xml", "tsv"])
def test_a_query_is_read_from_an_argument_a_file_or_standard_input(build: Path, form: str) -> None:
    query = "SELECT ?who { ?who cas:succeeded id:mussolini }"
    Path("q.rq").write_text(query)
    end = ("--build", str(build), "--format", form)
    said = invoke("query", query, *end)
    read = invoke("query", "--file", "q.rq", *end)
    piped = CliRunner().invoke(kg, ["query", *end], input=query)

    assert "adoglio" in said.output
    assert said.output == read.output == piped.output


def test_what_the_engine_gets_wrong_is_mended_in_a_query(build: Path) -> None:
    query = (
        "SELECT (COALESCE(xsd:byte(1), 2) AS ?x) (TRUE AS ?y) (LANG(GROUP_CONCAT(?name)) AS ?z) "
        "{ VALUES ?name { 'Roma'@it } }"
    )
    done = invoke("query", query, "--build", str(build), "--format", "csv")

    assert done.output.splitlines() == ["x,y,z", "2,true,"]


def test_a_graph_is_written_as_turtle(build: Path) -> None:
    done = invoke("query", "DESCRIBE id:badoglio", "--build", str(build))
    written = set(ox.parse(done.output, format=ox.RdfFormat.TURTLE))

    assert "\nid:badoglio " in done.output
    assert {str(q.object) for q in written if q.predicate == SKOS.prefLabel} >= {
        '"Pietro Badoglio"@pt'
    }


@pytest.mark.parametrize(
    ("words", "stdin", "told"),
    [
        (["query", "SELECT ?x {\n ?x ?y }"], None, "line 2, column 8"),
        (["query", "--file", "none.rq"], None, "none.rq: there is no such file"),
        (["query", "--file", "."], None, "cannot be read: is a directory"),
        (["query"], b"ASK { \xff }", "standard input:1: byte 0xff is not UTF-8"),
        (["query", "CONSTRUCT WHERE { ?s a cas:Person }", "--format", "csv"], None, "choose one of turtle"),
        (["ask", "who-suceeded-mussolini"], None, "did you mean who-succeeded-mussolini?"),
        (["ask", "who-succeeded-mussolini", "--build", "nowhere"], None, "build it: kg build"),
        (["build", "--seeds", "nowhere"], None, "nowhere: there is no such folder"),
        (["build", "--build", "/proc/none"], None, "cannot write the build"),
        (["serve", "--build", "nowhere"], None, "there is no graph here yet"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_message_and_status_2(
    build: Path, words: list[str], stdin: bytes | None, told: str
) -> None:
    end = [] if "--build" in words or "--seeds" in words else ["--build", str(build)]
    done = run(*words, *end, stdin=stdin)

    assert done.returncode == 2
    assert told in done.stderr


def test_a_misspelt_name_in_a_query_is_noted(build: Path) -> None:
    done = run("query", "SELECT * { ?who cas:suceeded ?whom }", "--build", str(build))

    assert done.returncode == 0
    assert "note: cas:suceeded is not in the graph; did you mean cas:succeeded?" in done.stderr


def test_a_graph_that_is_not_there_is_noted(build: Path) -> None:
    words = ("query", "ASK { ?s ?p ?o }", "--graph", "g:view/text/italy-1934")
    done = invoke(*words, "--build", str(build))

    assert done.stdout == "no\n"
    assert done.stderr == (
        "note: there is no graph g:view/text/italy-1934; did you mean g:view/text/italy-1943?\n"
    )


def test_each_row_of_a_table_is_one_line(build: Path) -> None:
    """The words of the text have line feeds in them."""
    done = invoke("query", "SELECT ?words { ?text rdf:value ?words }", "--build", str(build))

    assert len(done.stdout.splitlines()) == 4


def test_a_question_is_answered_in_the_language_asked_for(build: Path) -> None:
    done = invoke("ask", "who-succeeded-mussolini", "--lang", "pt", "--build", str(build))

    assert done.output.startswith("Quem sucedeu")
    assert "Pietro Badoglio (id:badoglio)" in done.output


def test_the_questions_are_listed() -> None:
    listed = invoke("ask").output

    assert "who-succeeded-mussolini" in listed
    assert "mussolini-in-switzerland" not in listed
