"""A copy is published under names of its own: the same graph, every name changed alike."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import serving

BASE = "https://example.org/italy/"


def run(*words: str, base: str = BASE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kg", *words],
        env={**os.environ, "KG_BASE": base},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("other") / "build"
    done = run("build", "--build", str(out))
    assert done.returncode == 0, done.stderr
    return out


def test_the_graph_is_the_same_but_for_the_base(other: Path, build: Path) -> None:
    (ours,) = build.glob("*/graph.trig")
    (theirs,) = other.glob("*/graph.trig")
    text = theirs.read_text()

    assert "w3id.org/cassibile" not in text
    # Names made of digests differ, and with them the order; what there is of each does not.
    assert text.count("\n") == ours.read_text().count("\n")
    asked = run("ask", "who-succeeded-mussolini", "--build", str(other))
    assert "Pietro Badoglio" in asked.stdout
    why = run("why", "id:badoglio", "cas:succeeded", "id:mussolini", "--build", str(other))
    assert "primeiro ministro desde a queda de Benito Mussolini" in why.stdout


def test_its_names_open_where_it_is_served(other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_BASE", BASE)
    with serving("--build", str(other), "--no-log") as (_, address):
        turtle = subprocess.run(
            ["curl", "-sL", "-H", "Accept: text/turtle", f"{address}/id/badoglio"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert f"@prefix id: <{BASE}id/>" in turtle
    assert "primeiro ministro" in turtle


def test_a_graph_under_other_names_is_not_opened(other: Path) -> None:
    opened = run("ask", "who-succeeded-mussolini", "--build", str(other), base="")

    assert opened.returncode == 2
    assert f"the names of this graph begin with {BASE}" in opened.stderr
    assert "set KG_BASE" in opened.stderr


@pytest.mark.parametrize("base", ["example.org/", "https://example.org", "https://a b/", "x"])
def test_what_is_no_base_is_refused(base: str) -> None:
    refused = run("ask", base=base)

    assert refused.returncode == 2
    assert "KG_BASE is" in refused.stderr
    assert "Traceback" not in refused.stderr
