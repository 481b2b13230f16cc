"""The build that the doctest of kg opens, and the tests in tests/ with it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import kg

# A busy machine is no fault of what is tested: nothing is measured here, see bench/.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build of all texts, made once a run."""
    folder = tmp_path_factory.mktemp("build")
    kg.build(folder)
    return folder


@pytest.fixture(autouse=True)
def _names_of_doctests(
    doctest_namespace: dict[str, object], request: pytest.FixtureRequest
) -> None:
    if request.node.name == "kg":
        doctest_namespace["BUILD"] = request.getfixturevalue("build")
