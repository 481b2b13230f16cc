"""What the README says is so: its commands run, its addresses answer, its tables are whole."""

import doctest
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

import kg
from kg import formats, paths, questions, rules
from kg.cli import kg as commands
from kg.formats import Form
from kg.terms import expand
from server import overviews, routes
from server.entrances import by_path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.sub(r"<!--.*?-->", "", README, flags=re.DOTALL)  # without what generates the tables
# A command, and the lines after it up to the next one.
CONSOLE = [
    example
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    for example in re.findall(r"^\$ kg (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.fixture
def _built(build: Path, tmp_path: Path) -> None:
    (tmp_path / "build").symlink_to(build)


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", SHOWN, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    """Return the cells of the tables of a section."""
    lines = re.findall(r"^\| (.*) \|$", section(title), re.MULTILINE)
    return [line.split(" | ") for line in lines]


def named(title: str, column: int = 0) -> list[str]:
    """Return what stands between back quotes in a column of the tables of a section."""
    cells = (cells[column] for cells in rows(title))
    return [found[1] for cell in cells if (found := re.search("`([^`]*)`", cell))]


@pytest.mark.usefixtures("_built")
@pytest.mark.parametrize(("words", "shown"), CONSOLE, ids=[words for words, _ in CONSOLE])
def test_a_command_prints_what_is_shown(words: str, shown: str) -> None:
    printed = CliRunner().invoke(commands, shlex.split(words)).output
    checker = doctest.OutputChecker()

    assert checker.check_output(shown, printed, doctest.ELLIPSIS), printed


def test_there_are_commands_to_run() -> None:
    assert len(CONSOLE) >= 3


@pytest.mark.usefixtures("_built")
def test_the_lines_of_python_give_what_is_shown() -> None:
    example = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    failures = doctest.DocTestRunner().run(example)

    assert example.examples
    assert failures.failed == 0


def test_every_curl_is_answered(client: FlaskClient) -> None:
    targets = re.findall(r"`curl 'http://127\.0\.0\.1:8000(\S*)'`", SHOWN)

    assert targets
    for target in targets:
        assert client.get(target).status_code == 200, target


def test_every_link_to_a_file_leads_to_one() -> None:
    targets = re.findall(r"\]\(([^):#]+)\)", SHOWN)

    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_file_named_in_find_your_way_is_there() -> None:
    fixed = [
        name
        for name in re.findall("`([^`]+)`", section("Find your way"))
        if "/" in name and "<" not in name and not name.startswith(("/", "g:"))
    ]

    assert fixed
    assert [name for name in fixed if not (ROOT / name).exists()] == []


def test_every_graph_that_is_named_is_in_the_store(graph: kg.Graph) -> None:
    names = re.findall(r"`(g:[^`<]+)`", section("Graphs"))
    stored = {node for node in graph.store.named_graphs() if "/graph/" in str(node)}
    readings = {node for node in stored if "/reading/" in str(node)}

    told = {expand(name) for name in names}
    assert told - readings == stored - readings
    assert told & readings


def test_every_text_is_listed() -> None:
    assert named("Texts") == sorted(p.name for p in paths.SEEDS.iterdir() if p.is_dir())


def test_every_command_is_listed_with_what_it_does() -> None:
    assert named("Commands") == [f"kg {name}" for name in commands.list_commands(None)]  # type: ignore[arg-type]
    assert all(does for _, does in rows("Commands"))


def test_every_question_and_every_guard_is_listed() -> None:
    known = questions.read_questions(paths.ONTOLOGY / "questions")

    assert known
    assert named("Questions") == [q.name for q in sorted(known, key=lambda q: bool(q.guards))]


def test_every_rule_is_listed_with_its_title() -> None:
    known = rules.read_rules(paths.ONTOLOGY / "rules")

    assert known
    assert named("What follows") == [rule.name for rule in known]
    assert [cells[1] for cells in rows("What follows")[1:]] == [rule.title for rule in known]


def test_every_page_over_the_graph_is_listed() -> None:
    assert named("Pages") == [f"/{name}" for name in overviews.NAMES]


def test_every_endpoint_is_listed() -> None:
    app = Flask("server")
    for module in iter_modules(routes.__path__):
        app.register_blueprint(import_module(f"server.routes.{module.name}").bp)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    known = {str(rule) for rule in rules if not rule.endpoint.startswith("overviews.")}
    known |= {path if path[-1] != "/" else f"{path}<path>" for path in by_path()}
    listed = {name for name in named("Endpoints") if name.startswith("/")}

    assert {re.sub("<.*?>", "<>", rule) for rule in known} == {
        re.sub("<.*?>", "<>", name) for name in listed
    }


def test_every_form_of_an_answer_is_listed() -> None:
    listed = set(named("Endpoints")) | set(named("Endpoints", 1))
    forms: list[Form[Any]] = [*formats.RESULT_FORMATS, *formats.RDF_SYNTAXES]

    assert {form.name for form in forms} | {form.media_type for form in forms} <= listed


def modules() -> Iterator[str]:
    for package in ("kg", "server"):
        for path in (ROOT / package).iterdir():
            if (path.is_dir() and (path / "__init__.py").exists()) or (
                path.suffix == ".py" and path.stem != "__init__"
            ):
                yield f"{package}.{path.stem}"


def test_every_module_is_listed_with_what_it_does() -> None:
    assert sorted(named("Layers")) == sorted(modules())
    assert all(does for _, does in rows("Layers"))


def test_every_measurement_is_told_with_its_command() -> None:
    assert sorted(named("Speed", 2)) == sorted(
        f"python bench/{path.name}" for path in (ROOT / "bench").glob("*.py")
    )
