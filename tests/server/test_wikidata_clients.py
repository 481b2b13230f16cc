"""Clients that were written for Wikidata read us: each drives a server that runs.

They are the extra `clients`, which `.ci/run` installs; one that is not there is skipped.
"""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import serving

OFFICE = "http://www.wikidata.org/entity/Q25160174"
QUERY = """SELECT ?item ?itemLabel { ?item wdt:P39 wd:Q25160174 .
  SERVICE wikibase:label { bd:serviceParam wikibase:language "it,en" . } } ORDER BY ?itemLabel"""
NAMES = ["Benito Mussolini", "Pietro Badoglio"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(build: Path) -> Iterator[str]:
    with serving("--build", str(build), "--no-log") as (_, found):
        yield found


def labels(answer: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> list[str]:
    return [row["itemLabel"]["value"] for row in answer["results"]["bindings"]]


def entity(address: str, name: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{address}/wiki/Special:EntityData/{name}.json") as answer:
        found: dict[str, object] = json.load(answer)["entities"][name]
    return found


def test_a_query_in_the_address_of_an_empty_form_is_answered(address: str) -> None:
    target = f"{address}/wikidata/sparql?query=ASK%7B%3Fs%20wdt:P39%20%3Fo%7D&format=json"
    request = urllib.request.Request(
        target, b"", {"Content-Type": "multipart/form-data"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["boolean"] is True


def test_sparqlwrapper(address: str) -> None:
    module = pytest.importorskip("SPARQLWrapper")
    client = module.SPARQLWrapper(f"{address}/wikidata/sparql", returnFormat=module.JSON)
    for method in (module.GET, module.POST):
        client.setMethod(method)
        client.setQuery(QUERY)
        assert labels(client.queryAndConvert()) == NAMES


def test_wikibaseintegrator(address: str) -> None:
    pytest.importorskip("wikibaseintegrator")
    from wikibaseintegrator import wbi_config, wbi_helpers
    from wikibaseintegrator.entities import ItemEntity

    wbi_config.config["USER_AGENT"] = "a test of Cassibile"
    endpoint = f"{address}/wikidata/sparql"
    assert labels(wbi_helpers.execute_sparql_query(QUERY, endpoint=endpoint)) == NAMES
    item = ItemEntity().from_json(entity(address, "Q200085"))
    (office,) = item.claims.get("P39")
    assert item.labels.get("it").value == "Pietro Badoglio"
    assert office.mainsnak.datavalue["value"]["id"] == "Q25160174"
    assert office.qualifiers.get("P580")[0].datavalue["value"]["precision"] == 10


@pytest.mark.filterwarnings("ignore:mypy_extensions.TypedDict:DeprecationWarning")  # its own
def test_qwikidata(address: str) -> None:
    pytest.importorskip("qwikidata")
    from qwikidata.entity import WikidataItem
    from qwikidata.linked_data_interface import get_entity_dict_from_api
    from qwikidata.sparql import return_sparql_query_results

    found = get_entity_dict_from_api("Q200085", base_url=f"{address}/wiki/Special:EntityData")
    item = WikidataItem(found)
    group = item.get_truthy_claim_group("P39")
    (claim,) = list(group)
    assert item.get_label("it") == "Pietro Badoglio"
    assert claim.mainsnak.datavalue.value["id"] == "Q25160174"
    assert claim.qualifiers["P580"][0].snak.datavalue.value["time"] == "+1943-07-00T00:00:00Z"
    endpoint = f"{address}/wikidata/sparql"
    assert labels(return_sparql_query_results(QUERY, wikidata_sparql_url=endpoint)) == NAMES


def test_wikidata(address: str) -> None:
    client = pytest.importorskip("wikidata.client").Client(base_url=f"{address}/")
    person = client.get("Q200085", load=True)
    held = client.get("P39", load=True)

    assert str(person.label) in {"Pietro Badoglio"}
    assert [each.id for each in person.getlist(held)] == ["Q25160174"]


def test_pywikibot(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYWIKIBOT_NO_USER_CONFIG", "2")
    monkeypatch.setenv("PYWIKIBOT_DIR", str(tmp_path))
    pytest.importorskip("pywikibot")
    from pywikibot.data.sparql import SparqlQuery

    client = SparqlQuery(
        endpoint=f"{address}/wikidata/sparql", entity_url=OFFICE[:-9], max_retries=0
    )
    rows = client.select(QUERY)
    assert [row["itemLabel"] for row in rows] == NAMES
    assert client.ask("ASK { wd:Q200085 wdt:P39 wd:Q25160174 }")


SCRIPT = """
import { WBK } from "wikibase-sdk";
const [address, query] = process.argv.slice(2);
const wbk = WBK({ instance: address, sparqlEndpoint: `${address}/wikidata/sparql` });
const answer = await (await fetch(wbk.sparqlQuery(query))).json();
const { entities } = await (await fetch(`${address}/wiki/Special:EntityData/Q200085.json`)).json();
const person = wbk.simplify.entity(entities.Q200085, { keepQualifiers: true });
console.log(JSON.stringify([
  wbk.simplify.sparqlResults(answer).map(row => row.item.label ?? row.itemLabel),
  person.labels.it,
  person.claims.P39.map(claim => claim.value),
]));
"""


def test_wikibase_sdk(address: str, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("there is no npm here")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "wikibase-sdk@11"]
    if subprocess.run(install, cwd=tmp_path, check=False, timeout=120).returncode:
        pytest.skip("npm cannot reach its registry")
    (tmp_path / "client.mjs").write_text(SCRIPT, encoding="utf-8")
    ran = subprocess.run(
        ["node", "client.mjs", address, QUERY],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == [NAMES, "Pietro Badoglio", ["Q25160174"]]
