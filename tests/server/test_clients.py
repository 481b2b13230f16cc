"""The clients of the README work with a server that runs."""

import contextlib
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import serving

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CLIENTS = README.partition("\n## Clients\n")[2].partition("\n## ")[0]
PYTHON = re.findall(r"^```python\n(.*?)^```$", CLIENTS, re.MULTILINE | re.DOTALL)
(JAVASCRIPT,) = re.findall(r"^```js\n(.*?)^```$", CLIENTS, re.MULTILINE | re.DOTALL)
BADOGLIO = "https://w3id.org/cassibile/id/badoglio"


@pytest.fixture(scope="module")
def address(build: Path) -> Iterator[str]:
    with serving("--build", str(build), "--no-log") as (_, found):
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("code", PYTHON, ids=lambda code: code.split()[1])
@pytest.mark.filterwarnings("ignore")  # theirs
def test_the_lines_of_python_print_who_succeeded(address: str, code: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code.replace("http://127.0.0.1:8000", address), {})

    assert BADOGLIO in printed.getvalue()


@pytest.mark.slow
def test_the_lines_of_javascript_print_who_succeeded(address: str, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("there is no npm here")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "fetch-sparql-endpoint@7"]
    if subprocess.run(install, cwd=tmp_path, check=False, timeout=120).returncode:
        pytest.skip("npm cannot reach its registry")
    script = tmp_path / "client.mjs"
    script.write_text(JAVASCRIPT.replace("http://127.0.0.1:8000", address), encoding="utf-8")
    ran = subprocess.run(
        ["node", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ran.stdout.split(), ran.stderr) == ([BADOGLIO], "")
