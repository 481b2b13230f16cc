"""Fixtures: packages that only one test needs, and that no environment can be asked to hold."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def fetched(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that installs a package into a folder of its own.

    It skips the test where the package cannot be had.
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
