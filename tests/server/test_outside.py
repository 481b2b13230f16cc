"""The server seen by programs that know nothing of it: an HTML validator, and checkers beside us."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import kg
from kg import resources
from server import documents, overviews
from tests.helpers import serving

CHECKS = Path(__file__).parents[3] / "shared" / "checks"
ASKED = (
    "/",
    "/map?perspective=both",
    "/network?focus=sicily&steps=2&perspective=both",
    "/no/such/page",
    "/query?q=ASK%20{?a%20cas:caused%20?b}&embed",
    "/query?q=SELEC",
    "/query?q=SELECT%20?a%20{?a%20a%20id:rome}",
    *(
        f"/query?q=SELECT%20?event%20{{?event%20a%20cas:Event}}&view={view}"
        for view in ("table", "timeline", "map", "network", "raw")
    ),
    "/search?q=badolio",
    "/search?q=xyzzyx",
    "/text/italy-1943.html?reading=s05-2b",
    "/timeline?a=fall-of-sicily&b=surrender-signing",
    "/timeline?perspective=reference&sort=text&from=1943&to=1943",
    "/why?s=id:mussolini&p=cas:succeeded&o=id:badoglio",
    "/why?s=mussolni&p=cas:succeeded&o=id:badoglio",
)


@pytest.fixture(scope="module")
def address(build: Path) -> Iterator[str]:
    with serving("--build", str(build), "--no-log") as (_, found):
        yield found


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (shutil.which("npm") and shutil.which("java")):
        pytest.skip("there is no npm and no java here")
    folder = tmp_path_factory.mktemp("validator")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "vnu-jar@26"]
    if subprocess.run(install, cwd=folder, check=False, timeout=120).returncode:
        pytest.skip("npm cannot reach its registry")
    return next(folder.rglob("vnu.jar"))


@pytest.mark.slow
def test_every_kind_of_page_is_valid_html(
    client: FlaskClient, graph: kg.Graph, validator: Path, tmp_path: Path
) -> None:
    by_kind: dict[str, list[str]] = {}
    for name in resources.names(graph):
        by_kind.setdefault(resources.kind_of(name), []).append(name)
    some = [name for names in by_kind.values() for name in names[:: max(1, len(names) // 12)]]
    some += overviews.NAMES
    pages = [*ASKED]
    pages += [documents.address(n, language=each) for n in some for each in documents.LANGUAGES]
    for number, page in enumerate(pages):
        answer = client.get(page, headers={"Accept": "text/html"})
        (tmp_path / f"{number}.html").write_text(answer.text, encoding="utf-8")
    command = ["java", "-Xss8m", "-jar", str(validator), "--format", "gnu", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    assert len(pages) > 300
    assert ran.stdout + ran.stderr == ""


@pytest.mark.slow
@pytest.mark.skipif(not CHECKS.is_dir(), reason="the checkers lie outside the project")
@pytest.mark.parametrize(
    "name",
    ["id/badoglio", "text/italy-1943/claim/s05-2", "rule/office/shared-handover", "graph/why"],
)
def test_linked_data_is_as_a_checker_wants_it(address: str, name: str) -> None:
    checker = [sys.executable, str(CHECKS / "ld_check.py"), f"{address}/{name}"]
    about = ["--uri", f"https://w3id.org/cassibile/{name}", "--missing", f"{address}/id/no-such"]
    ran = subprocess.run([*checker, *about], capture_output=True, text=True, check=False)

    if "pip install httpx" in ran.stderr:
        pytest.skip("the checker needs httpx")
    assert ran.stdout.splitlines()[-1].split(", ")[1] == "0 failed", ran.stdout
