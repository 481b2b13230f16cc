"""The reconciliation service: its protocol in both versions, bad input, and real clients."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server import reconciling
from server.app import create_app
from server.settings import Config
from tests.helpers import serving

CHECKS = Path(__file__).parents[3] / "shared" / "checks"
HERE = "http://127.0.0.1:8000"
BADOGLIO = {"q0": {"query": "Gen. Badoglio"}}
needs_checks = pytest.mark.skipif(
    not CHECKS.is_dir(), reason="the checkers lie outside the project"
)


def asked(client: FlaskClient, batch: object, **more: str) -> dict[str, Any]:
    """Return the answer to a batch of version 0.2."""
    answer = client.post("/reconcile", data={"queries": json.dumps(batch), **more})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def ids(client: FlaskClient, query: dict[str, Any]) -> list[str]:
    """Return the ids of the candidates of a query."""
    return [each["id"] for each in asked(client, {"q": query})["q"]["result"]]


def extended(client: FlaskClient, extend: object) -> TestResponse:
    """Return the answer to a data extension of version 0.2."""
    return client.post("/reconcile", data={"extend": json.dumps(extend)})


def problem(answer: TestResponse, status: int) -> str:
    """Return what a refusal says, which is in the one shape of an error."""
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    detail: str = answer.get_json(force=True)["detail"]
    return detail


# The manifest


def test_the_manifest_leads_to_what_answers(client: FlaskClient) -> None:
    answer = client.get("/reconcile")
    manifest = answer.get_json()

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.mimetype == "application/json"
    assert manifest["versions"] == ["0.1", "0.2"]
    assert manifest["identifierSpace"] == "https://w3id.org/cassibile/id/"
    templates = [manifest["preview"]["url"], manifest["view"]["url"]]
    for what in ("entity", "type", "property"):
        service = manifest["suggest"][what]
        assert client.get(f"{service['service_path']}?prefix=a").get_json()["result"]
        assert service["service_url"] == HERE
    for template in templates:
        path = template.removeprefix(HERE).replace("{{id}}", "badoglio")
        assert client.get(path).status_code in {200, 303}
    proposed = client.get(manifest["extend"]["propose_properties"]["service_path"]).get_json()
    assert {each["id"] for each in manifest["defaultTypes"]} >= {"Person", "Place", "Event"}
    assert len(proposed["properties"]) > 5


def test_the_draft_has_a_manifest_of_its_own(client: FlaskClient) -> None:
    manifest = client.get("/reconcile/v1").get_json()

    assert manifest["versions"] == ["1.0-draft"]
    assert manifest["standardizedScore"] is True
    assert client.get("/reconcile/v2").status_code == 404


# Queries


def test_a_candidate_explains_itself(client: FlaskClient) -> None:
    best = asked(client, BADOGLIO)["q0"]["result"][0]

    assert best == {
        "id": "badoglio",
        "name": "Pietro Badoglio",
        "description": "person, general, marshal, prime minister of Italy; here “Gen. Badoglio”",
        "type": [{"id": "Person", "name": "person"}],
        "score": 100.0,
        "match": True,
        "features": [{"id": "name", "value": 100.0}],
    }


def test_a_batch_by_get_is_that_by_post(client: FlaskClient) -> None:
    batch = {"": {"query": "Tarento"}, "é/1?#": {"query": "Saló", "limit": 1}, "\ud800": {}}
    got = client.get("/reconcile", query_string={"queries": json.dumps(batch)}).get_json()

    assert got == asked(client, batch)
    assert set(got) == set(batch)


def test_names_come_in_the_language_of_the_client(client: FlaskClient) -> None:
    answer = client.post(
        "/reconcile",
        data={"queries": json.dumps({"q": {"query": "Florence"}})},
        headers={"Accept-Language": "pt-BR,en;q=0.5"},
    )
    best = answer.get_json()["q"]["result"][0]

    assert (best["name"], best["type"][0]["name"]) == ("Florença", "cidade")
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_script_calls_a_function_that_has_a_name(client: FlaskClient) -> None:
    answer = client.get("/reconcile", query_string={"callback": "jQuery1.a_b"})

    assert answer.mimetype == "application/javascript"
    assert json.loads(re.fullmatch(r"jQuery1\.a_b\((.*)\);", answer.text)[1])["name"]  # type: ignore[index]
    for wrong in ("<script>", "a(b)", "1a", "a b", "a" * 200):
        problem(client.get("/reconcile", query_string={"callback": wrong}), 400)


def test_a_query_is_narrowed_by_type_property_and_limit(client: FlaskClient) -> None:
    event = {"query": "Mussolini", "type": ["Event"], "limit": 2}
    office = [{"pid": "heldOffice", "v": {"id": "prime-minister-of-italy", "name": "x"}}]

    assert len(ids(client, event)) == 2
    assert "mussolini" not in ids(client, event)
    assert set(ids(client, {"properties": office})) == {"mussolini", "badoglio"}


@pytest.mark.parametrize(
    "wrong",
    [
        5,
        None,
        "Badoglio",
        [],
        {"query": 5},
        {"query": "x", "limit": "many"},
        {"query": "x", "limit": True},
        {"query": "x", "type": 5},
        {"query": "x", "properties": "y"},
        {"query": "x", "properties": ["y"]},
        {"query": "x", "properties": [{"pid": "rank"}]},
        {"query": "x", "properties": [{"pid": "rank", "v": [["x"]]}]},
        {"query": "x", "properties": [{"pid": "rank", "v": "x"}] * 500},
        {"query": "x", "properties": [{"pid": "rank", "v": ["x"] * 500}]},
    ],
    ids=str,
)
def test_a_query_that_cannot_be_read_says_why_and_the_others_are_answered(
    client: FlaskClient, wrong: object
) -> None:
    found = asked(client, {"wrong": wrong, **BADOGLIO})

    assert found["wrong"]["result"] == []
    assert found["wrong"]["error"]
    assert found["q0"]["result"][0]["id"] == "badoglio"


@pytest.mark.parametrize(
    "value",
    ["x", 12.5, 1943, True, None, "", [], ["x", 5, {"id": "e"}], {"id": "x"}, {"name": "x"}],
)
def test_a_value_of_any_kind_is_compared(client: FlaskClient, value: object) -> None:
    given = {"query": "Gen. Badoglio", "properties": [{"pid": "rank", "v": value}]}

    assert "badoglio" in ids(client, given)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        '"x"',
        '[{"query": "x"}]',
        '{"q": NaN}',
        "[" * 100_000,
        "1" * 5000,
    ],
    ids=lambda sent: str(sent)[:9],
)
@pytest.mark.parametrize("name", ["queries", "extend"])
def test_what_is_no_batch_is_refused_with_what_is_wrong(
    client: FlaskClient, name: str, sent: str
) -> None:
    assert name in problem(client.post("/reconcile", data={name: sent}), 400)


def test_a_request_without_a_question_is_told_what_to_send(client: FlaskClient) -> None:
    assert "queries or extend" in problem(client.post("/reconcile"), 400)
    octets = {"data": b"\xff\xfe", "content_type": "application/octet-stream"}
    assert "queries or extend" in problem(client.post("/reconcile", **octets), 400)


@pytest.mark.parametrize("count", [reconciling.BATCH, reconciling.BATCH + 1, 10_000])
def test_a_batch_has_as_many_queries_as_the_manifest_says(client: FlaskClient, count: int) -> None:
    batch = {f"q{each}": {"query": "Badoglio", "limit": 1} for each in range(count)}
    answer = client.post("/reconcile", data={"queries": json.dumps(batch)})

    assert client.get("/reconcile").get_json()["batchSize"] == reconciling.BATCH
    if count <= reconciling.BATCH:
        assert all(found["result"] for found in answer.get_json().values())
    else:
        problem(answer, 413)


@pytest.mark.parametrize("path", ["/reconcile", "/reconcile/v1/match"])
def test_a_browser_may_send_json_from_anywhere(client: FlaskClient, path: str) -> None:
    answer = client.options(path)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"]
    for method in ("PUT", "DELETE"):
        problem(client.open(path, method=method), 405)


# Suggestions, previews, flyouts


def test_suggestions_go_on_where_the_last_ones_ended(client: FlaskClient) -> None:
    def names(**asked: str) -> list[str]:
        found = client.get("/reconcile/suggest/entity", query_string=asked).get_json()
        return [each["id"] for each in found["result"]]

    whole = names(prefix="o", limit="9")

    assert len(whole) == 9
    assert names(prefix="o", cursor="4", limit="5") == whole[4:]
    assert names(prefix="o", cursor="1" + "0" * 20) == []
    assert names(prefix="muss", type="Person")[0] == "mussolini"
    assert all(names(prefix=wild) == [] for wild in ("%", "_", "\0"))
    problem(client.get("/reconcile/suggest/entity?prefix=a&cursor=x"), 400)
    problem(client.get("/reconcile/suggest/verb?prefix=a"), 404)


def test_types_and_properties_are_suggested_in_every_language(client: FlaskClient) -> None:
    for what, prefix, name in (
        ("type", "pess", "Person"),
        ("type", "person", "Person"),
        ("property", "held", "heldOffice"),
        ("property", "heldOffice", "heldOffice"),
    ):
        found = client.get(f"/reconcile/suggest/{what}?prefix={prefix}").get_json()["result"]
        assert name in [each["id"] for each in found]


@pytest.mark.parametrize("path", ["/reconcile/preview", "/reconcile/v1/preview"])
def test_a_preview_can_be_framed_and_needs_no_script(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?id=badoglio")

    assert answer.mimetype == "text/html"
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert "<script" not in answer.text
    assert "Pietro Badoglio" in answer.text
    assert "representante do Marshal Pietro Badoglio" in answer.text  # the words of the text
    wrong = client.get(f"{path}?id=<script>x</script>", headers={"Accept": "text/html"})
    assert wrong.status_code == 404
    assert "<script>x" not in wrong.text
    assert "did you mean badoglio?" in problem(client.get(f"{path}?id=badolio"), 404)


def test_no_other_page_can_be_framed(client: FlaskClient) -> None:
    for path in ("/reconcile", "/reconcile/flyout/entity?id=badoglio", "/id/badoglio.html"):
        assert "frame-ancestors 'self'" in client.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("what", "name"), [("entity", "badoglio"), ("type", "Person"), ("property", "heldOffice")]
)
def test_a_flyout_tells_a_little(client: FlaskClient, what: str, name: str) -> None:
    found = client.get(f"/reconcile/flyout/{what}?id={name}").get_json()

    assert found["id"] == name
    assert name in found["html"]
    problem(client.get(f"/reconcile/flyout/{what}?id=none<b>"), 404)


# Data extension


def test_an_extension_has_every_property_of_every_entity(client: FlaskClient) -> None:
    names = ["heldOffice", "edtf", "earliestStart", "skos:exactMatch", "no-such-property"]
    wanted = ["surrender-signing", "badoglio", "invasion-of-sicily", "no-such-id"]
    extend = {"ids": wanted, "properties": [{"id": name} for name in names]}
    found = extended(client, extend).get_json()
    rows = found["rows"]
    office = {"id": "prime-minister-of-italy", "name": "prime minister of Italy"}

    assert [each["id"] for each in found["meta"]] == names
    assert found["meta"][0]["type"] == {"id": "Office", "name": "office"}
    assert all(list(rows[each]) == names for each in wanted)
    assert rows["badoglio"]["heldOffice"] == [office]
    assert rows["badoglio"]["skos:exactMatch"] == [{"str": "Q200085"}]
    assert rows["surrender-signing"]["edtf"] == [{"date": "1943-09-03T00:00:00Z"}]
    assert rows["invasion-of-sicily"]["edtf"] == [{"str": "1943-26"}]  # a summer is no day
    assert all(rows["no-such-id"][name] == [] for name in names)


def test_settings_choose_how_many_values_and_in_which_language(client: FlaskClient) -> None:
    def values(**settings: object) -> list[dict[str, str]]:
        properties = [{"id": "rank", "settings": settings}]
        answer = extended(client, {"ids": ["badoglio"], "properties": properties})
        found: list[dict[str, str]] = answer.get_json()["rows"]["badoglio"]["rank"]
        return found

    assert len(values()) == 2
    assert len(values(limit=1)) == len(values(limit="1")) == 1
    assert len(values(limit=0)) == 2
    assert {each["name"] for each in values(language="pt")} == {"general", "marechal"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"ids": [5], "properties": []},
        {"properties": []},
        {"ids": ["badoglio"]},
        {"ids": ["badoglio"], "properties": ["rank"]},
        {"ids": ["badoglio"], "properties": [{"id": "rank", "settings": [1]}]},
        {"ids": ["badoglio"], "properties": [{"id": "rank", "settings": {"limit": "x"}}]},
        {"ids": ["badoglio"], "properties": [{"id": "rank", "settings": {"language": 5}}]},
    ],
    ids=str,
)
def test_an_extension_that_cannot_be_read_is_refused(client: FlaskClient, wrong: object) -> None:
    problem(extended(client, wrong), 400)
    problem(client.post("/reconcile/v1/extend", json=wrong), 400)


def test_an_extension_of_too_many_values_is_refused(client: FlaskClient) -> None:
    many = {"ids": [f"n{each}" for each in range(9000)], "properties": [{"id": "rank"}] * 20}

    assert "100,000" in problem(extended(client, many), 413)


# The draft


def matched(client: FlaskClient, *queries: object) -> TestResponse:
    """Return the answer to queries of the draft."""
    return client.post("/reconcile/v1/match", json={"queries": queries})


def by(kind: str, value: object, **more: object) -> dict[str, object]:
    """Return a condition of a query of the draft."""
    return {"matchType": kind, "propertyValue": value, **more}


def test_the_draft_answers_in_order_with_named_features(client: FlaskClient) -> None:
    queries: list[dict[str, object]] = [
        {"conditions": [by("name", "zzzz")]},
        {"conditions": [by("name", "Tarento")], "lang": "it", "type": "City"},
        {"conditions": [by("id", "Q38")]},
        {"conditions": [by("property", "Q38", propertyId="skos:exactMatch", required=True)]},
    ]
    none, taranto, italy, same = (
        each["candidates"] for each in matched(client, *queries).get_json()["results"]
    )

    assert none == []
    assert taranto[0]["description"].startswith("città")
    assert taranto[0]["features"] == [
        {"id": "name", "name": "nome", "value": 100.0},
        {"id": "type", "name": "tipo", "value": True},
    ]
    assert [each["id"] for each in italy] == [each["id"] for each in same] == ["italy"]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({}, "queries[1]"),
        ({"conditions": []}, "queries[1]"),
        ({"conditions": [{}]}, "queries[1].conditions[0].matchType"),
        ({"conditions": [by("sound", "x")]}, "queries[1].conditions[0].matchType"),
        ({"conditions": [by("property", "x")]}, "queries[1].conditions[0].propertyId"),
        ({"conditions": [by("name", "x")], "type": 5}, "queries[1].type"),
        ({"conditions": [by("name", "x")], "limit": "x"}, "limit"),
    ],
    ids=str,
)
def test_the_draft_tells_the_place_of_what_is_wrong(
    client: FlaskClient, wrong: object, where: str
) -> None:
    answer = matched(client, {"conditions": [by("name", "x")]}, wrong)

    assert where in problem(answer, 400)


def test_the_draft_is_asked_by_post(client: FlaskClient) -> None:
    assert "POST" in problem(client.get("/reconcile/v1/match"), 405)
    assert client.get("/reconcile/v1/match").headers["Allow"] == "POST, OPTIONS"
    many = [{"conditions": [by("name", "x")]}] * (reconciling.BATCH + 1)
    problem(matched(client, *many), 413)
    for sent in (b"{", b"[]", b"\xff", b"[" * 100_000):
        problem(client.post("/reconcile/v1/match", data=sent), 400)


# Elsewhere


def test_the_index_is_made_once_a_build(client: FlaskClient) -> None:
    asked(client, BADOGLIO)
    kept = client.application.extensions["reconcilers"]
    ((build, first),) = kept.items()
    asked(client, BADOGLIO)

    assert kept == {build: first}


def test_a_copy_of_other_data_tells_that_it_has_no_entities(tmp_path: Path) -> None:
    (tmp_path / "x.nt").write_text("<urn:a> <urn:b> <urn:c> .\n", encoding="utf-8")
    other = create_app(Config(data=(tmp_path / "x.nt",))).test_client()

    for path in ("/reconcile", "/reconcile/v1", "/reconcile/preview?id=badoglio"):
        assert "other data than texts" in problem(other.get(path), 404)


def test_addresses_are_those_that_the_operator_tells(build: Path) -> None:
    here = "https://example.org/italy"
    client = create_app(Config(build, here=here)).test_client()
    manifest = client.get("/reconcile", headers={"Host": "evil.example"}).get_json()
    page = f"{here}/id/badoglio"

    assert manifest["view"]["url"] == f"{here}/id/{{{{id}}}}"
    assert manifest["suggest"]["entity"]["service_url"] == here
    assert "evil" not in json.dumps(manifest)
    assert ids(client, {"query": page}) == ["badoglio"]


def test_the_service_is_no_page_of_the_site(client: FlaskClient) -> None:
    assert "/reconcile" not in client.get("/sitemap.xml").text


# From outside


@pytest.fixture(scope="module")
def address(build: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = f"http://127.0.0.1:{port}"
    options = ["--build", str(build), "--no-log", "--port", str(port), "--here", here]
    with serving(*options) as (_, found):
        assert found == here
        yield found


@pytest.mark.slow
@needs_checks
@pytest.mark.parametrize(
    ("path", "entity", "about"),
    [
        ("", "badoglio", ["Pietro Badoglio", "Person", "heldOffice", "Q25160174", "Q271148"]),
        (
            "",
            "surrender-signing",
            ["signing of the surrender of Italy", "Event", "edtf", "1943", "1950"],
        ),
        ("", "taranto", ["Tarento", "Place", "within", "Sicília", "Roma"]),
        ("/v1", "badoglio", ["Pietro Badoglio", "Person", "heldOffice", "Q25160174", "Q271148"]),
    ],
)
def test_the_service_is_as_a_checker_wants_it(
    address: str, path: str, entity: str, about: list[str]
) -> None:
    name, kind, prop, right, wrong = about
    command = [sys.executable, str(CHECKS / "reconcile_check.py"), f"{address}/reconcile{path}"]
    command += ["--query", name, "--expect-id", entity, "--type", kind]
    command += ["--property", f"{prop}={right}", "--wrong-property", f"{prop}={wrong}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    if "pip install httpx" in ran.stderr:
        pytest.skip("the checker needs httpx")
    assert ran.stdout.splitlines()[-1].split(", ")[1] == "0 failed", ran.stdout


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")  # its way with pandas
def test_the_client_of_python_reconciles_a_column(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    reconciler = pytest.importorskip("reconciler", reason="reconciler is not installed")
    # It is written for an older numpy, and needs this for a name that nothing is like.
    monkeypatch.setattr(numpy, "NaN", numpy.nan, raising=False)
    names = ["Gen. Badoglio", "Vitorio Emanuel III", "zzzz", "Benito Musolini"] * 6
    found = reconciler.reconcile(
        pandas.Series(names),
        type_id="Person",
        top_res=1,
        reconciliation_endpoint=f"{address}/reconcile",
    )
    best = dict(zip(found["input_value"], found["id"], strict=True))

    assert best["Gen. Badoglio"] == "badoglio"
    assert best["Vitorio Emanuel III"] == "victor-emmanuel-iii"
    assert best["Benito Musolini"] == "mussolini"
    assert best["zzzz"] != best["zzzz"]  # not a number


# It holds its pydantic and httpx to old versions, so it cannot be among the others of `clients`.
CHECKING = """
import json, sys
import py_reconciliation_service_api as theirs
query = theirs.models.reconciliation.ReconciliationQuery
service = theirs.build_reconciliation_service(sys.argv[1])
found = service.reconcile_batch([query(query=name) for name in sys.argv[2:]])
print(json.dumps([[each.result[0].id, each.result[0].match] for each in found]))
"""


@pytest.mark.slow
def test_the_client_that_checks_the_manifest_accepts_it(
    address: str, fetched: Callable[..., Path]
) -> None:
    folder = fetched("py-reconciliation-service-api>=0.2.1")
    ran = subprocess.run(
        [sys.executable, "-c", CHECKING, f"{address}/reconcile", "Gen. Badoglio", "Tarento"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [["badoglio", True], ["taranto", True]]


# A concept of a thesaurus, for which a client of npm asks what it may be called here.
COCODA = """
import { addAllProviders, cdk } from "cocoda-sdk";
addAllProviders(cdk);
const [address, namespace] = process.argv.slice(2);
const registry = cdk.initializeRegistry({
  uri: "urn:service", provider: "ReconciliationApi", api: address,
  schemes: [{ uri: "urn:here", namespace }],
});
const from = { uri: "urn:concept", prefLabel: { pt: "Vitorio Emanuel III" } };
const [best] = await registry.getMappings({ from, mode: "or" });
console.log(best.to.memberSet[0].uri, best.type[0]);
"""


@pytest.mark.slow
def test_the_client_of_npm_maps_a_concept(address: str, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("there is no npm here")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "cocoda-sdk@3"]
    if subprocess.run(install, cwd=tmp_path, check=False, timeout=120).returncode:
        pytest.skip("npm cannot reach its registry")
    (tmp_path / "client.mjs").write_text(COCODA, encoding="utf-8")
    space = "https://w3id.org/cassibile/id/"
    ran = subprocess.run(
        ["node", "client.mjs", f"{address}/reconcile", space],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    exact = "http://www.w3.org/2004/02/skos/core#exactMatch"

    assert (ran.stdout.split(), ran.stderr) == ([f"{space}victor-emmanuel-iii", exact], "")


@pytest.fixture
def refine(tmp_path: Path) -> Iterator[str]:
    """The address of an OpenRefine that runs."""
    program = shutil.which("openrefine")
    if not program:
        pytest.skip("OpenRefine is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "-i", "127.0.0.1", "-p", str(port), "-m", "700M"]
    command += ["-d", str(tmp_path / "projects"), "-x", "refine.headless=true"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    with (
        (tmp_path / "refine.log").open("wb") as log,
        subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            yield _when_it_answers(f"http://127.0.0.1:{port}")
        finally:
            os.killpg(process.pid, 9)  # it is a script that starts Java


def _when_it_answers(address: str) -> str:
    for _ in range(120):
        try:
            with urlopen(f"{address}/command/core/get-version", timeout=5):
                return address
        except OSError:
            time.sleep(0.5)
    pytest.skip("OpenRefine does not start here")


@pytest.mark.slow
@needs_checks
def test_openrefine_reconciles_judges_and_extends(
    address: str, refine: str, tmp_path: Path
) -> None:
    rows = [
        ("name", "office", "matched"),
        ("Gen. Badoglio", "primeiro ministro da Itália", "badoglio"),
        ("Vitorio Emanuel III", "", "victor-emmanuel-iii"),
        ("Nobody at All", "", "-"),
        ("Benito Musolini", "prime minister of Italy", "-"),
        ("Hitler", "", "hitler"),
        ("Montgomery", "", "montgomery"),
    ]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(f"{name},{office}" for name, office, _ in rows), encoding="utf-8")
    command = [sys.executable, str(CHECKS / "openrefine_drive.py"), f"{address}/reconcile"]
    command += ["--refine", refine, "--csv", str(table), "--type", "Person"]
    command += ["--property", "office=heldOffice", "--extend", "heldOffice"]
    command += ["--extend", "skos:exactMatch", "--expect", ",".join(row[2] for row in rows[1:])]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    if "pip install httpx" in ran.stderr:
        pytest.skip("the driver needs httpx")
    assert ran.stdout.splitlines()[-1] == "9 passed, 0 failed", ran.stdout
    assert "Q200085" in ran.stdout
