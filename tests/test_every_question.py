"""Every question gives its stored answer; every guard gives none."""

from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

import kg
from kg import answers, paths, questions
from kg.errors import BrokenSyntax
from server import views

FOLDER = paths.ONTOLOGY / "questions"
NAMES = sorted(p.stem for p in FOLDER.glob("*.rq"))
ALL = {name: questions.find(name, FOLDER) for name in NAMES}


def answer(graph: kg.Graph, name: str) -> list[list[str]]:
    found = graph.query(ALL[name].query)
    assert isinstance(found, ox.QuerySolutions)
    columns = [variable.value for variable in found.variables]
    return [columns, *answers.short_rows(found)]


def test_there_are_28_questions_and_5_guards() -> None:
    assert len([name for name in NAMES if not ALL[name].guards]) == 28
    assert len([name for name in NAMES if ALL[name].guards]) == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_question_gives_its_answer(graph: kg.Graph, name: str) -> None:
    expected = ALL[name].answer()

    assert bool(ALL[name].guards) == (len(expected) == 1)
    assert answer(graph, name) == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_name_in_a_question_is_misspelt(graph: kg.Graph, name: str) -> None:
    assert graph.misspelt(ALL[name].query) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_view_of_a_question_can_be_drawn(client: FlaskClient, name: str) -> None:
    view = ALL[name].view
    page = client.get(f"/query?{urlencode({'q': ALL[name].query})}")

    assert not view or view in views.names()
    assert page.status_code == 200
    assert not view or f'data-view="{view}" aria-current="true"' in page.text


@pytest.mark.parametrize("name", NAMES)
def test_what_a_question_asks_of_is_of_the_class_that_it_can_be_asked_of(
    graph: kg.Graph, name: str
) -> None:
    asks = ALL[name].asks

    assert not asks or graph.query(f"ASK {{ {asks[0]} a {asks[1]} }}")
    assert not asks or graph.query(ALL[name].of(ALL[name].query, "id:nobody")) is not None


@pytest.mark.parametrize("name", NAMES)
def test_each_column_of_a_question_has_a_name_in_each_other_language(name: str) -> None:
    columns = ALL[name].columns

    assert columns.keys() == (set() if ALL[name].guards else {*questions.LANGUAGES} - {"en"})
    assert {len(names) for names in columns.values()} <= {len(ALL[name].answer()[0])}


@pytest.mark.parametrize("name", NAMES)
def test_a_guard_says_in_each_language_what_it_guards_against(name: str) -> None:
    assert not ALL[name].guards or ALL[name].guards.keys() == {*questions.LANGUAGES}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("# guards: a mistake", "guards-pt"),
        ("# ask: id:rome", "id:rome"),
        ("# ask: id:rome cas:City", "is not asked of"),
    ],
)
def test_a_header_that_is_not_whole_is_refused(tmp_path: Path, header: str, told: str) -> None:
    path = tmp_path / "small.rq"
    path.write_text(f"# en: a\n# pt: b\n# it: c\n{header}\nASK {{}}\n", encoding="utf-8")
    with pytest.raises(BrokenSyntax) as caught:
        questions.read_question(path)

    assert told in str(caught.value)


def test_a_reader_is_shown_the_question_the_notes_and_the_view() -> None:
    shown = ALL["mussolinis-life-in-order"].shown("pt")

    assert shown.startswith(
        "# O que aconteceu a Mussolini, por ordem?\n# view: timeline\n# Sorted"
    )
    assert "flags" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_a_question_runs_at_any_endpoint(name: str) -> None:
    """It declares its own prefixes, so that it can be pasted into any client."""
    ox.Store().query(ALL[name].query)
