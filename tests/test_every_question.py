"""Every question gives its stored answer; every guard gives none."""

import pyoxigraph as ox
import pytest

import kg
from kg import answers, paths, questions

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
def test_a_question_runs_at_any_endpoint(name: str) -> None:
    """It declares its own prefixes, so that it can be pasted into any client."""
    ox.Store().query(ALL[name].query)
