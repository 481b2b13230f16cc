"""Fixtures: the graph of the build, read-only, and a client of its server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import settings

import kg
from server.app import create_app
from server.settings import Config

ROOT = Path(__file__).parents[1]
settings.register_profile("the same in every run", derandomize=True, database=None)
settings.load_profile("the same in every run")


@pytest.fixture(scope="session")
def graph(build: Path) -> kg.Graph:
    return kg.open_graph(build)


@pytest.fixture(scope="session")
def client(build: Path) -> Iterator[FlaskClient]:
    app = create_app(Config(build))
    app.testing = False  # errors are answered as they are to users
    yield app.test_client()
    app.extensions["cassibile"].close()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in an empty folder: none may write into the tree."""
    monkeypatch.chdir(tmp_path)
