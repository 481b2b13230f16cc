"""Fixtures: the graph of the build, a client of its server, and packages for one test alone."""

import subprocess
import sys
from collections.abc import Callable, Iterator
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


@pytest.fixture
def fetched(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that installs a package into a folder of its own.

    For packages that no environment can be asked to hold. It skips the test where the package
    cannot be had.
    """

    def fetch(requirement: str, *options: str) -> Path:
        folder = tmp_path / "fetched"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        done = subprocess.run(
            [*command, "--target", str(folder), *options, requirement],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            pytest.skip(f"{requirement} cannot be fetched: {done.stderr.strip()[-200:]}")
        return folder

    return fetch
