"""`kg serve` as a user runs it; a new build is picked up, a damaged one told."""

import json
import signal
import socket
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

import kg
from kg.store import CURRENT
from server.__main__ import serve
from server.app import create_app
from server.settings import Config
from tests.helpers import MAP, serving, write_seed

NAMED = "SELECT ?name { id:rome skos:altLabel ?name }"


def names(client: FlaskClient) -> list[str]:
    answer = client.get("/sparql?" + urlencode({"query": NAMED}))
    return [row["name"]["value"] for row in json.loads(answer.data)["results"]["bindings"]]


@pytest.mark.slow
def test_the_server_answers_its_first_query_and_ends_quietly(build: Path) -> None:
    query = quote("ASK { id:badoglio cas:succeeded id:mussolini }")
    with serving("--build", str(build), "--no-log") as (process, address):
        with urlopen(f"{address}/sparql?query={query}", timeout=10) as answer:
            assert json.load(answer)["boolean"] is True
        with urlopen(Request(address, headers={"Accept": "text/html"}), timeout=10) as page:
            assert "A rendição da Itália" in page.read().decode()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (0, "")


@pytest.mark.slow
def test_a_name_of_this_machine_may_be_given_for_its_address(build: Path) -> None:
    with (
        serving("--build", str(build), "--host", "localhost") as (_, address),
        urlopen(f"{address}/questions", timeout=10) as page,
    ):
        assert page.status == 200
        assert address.startswith("http://localhost:")


def test_an_occupied_port_is_told_with_what_to_do(build: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = CliRunner().invoke(serve, ["--port", str(port), "--build", str(build)])

    assert isinstance(done.exception, kg.KgError)
    assert str(done.exception) == (
        f"kg serve: port {port} of 127.0.0.1 is taken\n  hint: choose another: kg serve --port 0"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "host.invalid"])
def test_an_address_of_another_machine_is_told(build: Path, host: str) -> None:
    done = CliRunner().invoke(serve, ["--host", host, "--port", "0", "--build", str(build)])

    assert isinstance(done.exception, kg.KgError)
    assert f"cannot listen on {host}: " in str(done.exception)
    assert "--host is an address of this machine" in str(done.exception)


def test_a_port_that_is_none_is_told() -> None:
    done = CliRunner().invoke(serve, ["--port", "70000"])

    assert done.exit_code == 2
    assert "0<=x<=65535" in done.output


def test_no_graph_is_told_with_what_to_do(tmp_path: Path) -> None:
    done = CliRunner().invoke(serve, ["--build", str(tmp_path / "none")])

    assert isinstance(done.exception, kg.KgError)
    assert "there is no graph here yet" in str(done.exception)
    assert "build it: kg build" in str(done.exception)


def test_a_build_is_served_from_the_next_request_on(tmp_path: Path) -> None:
    seeds, out = write_seed(tmp_path), tmp_path / "out"
    kg.build(out, seeds)
    app = create_app(Config(out))
    client = app.test_client()
    before = names(client)
    write_seed(tmp_path, MAP + 'id:rome skos:altLabel "Urbe"@pt .\n')
    kg.build(out, seeds)
    after = names(client)
    app.extensions["cassibile"].close()

    assert (before, after) == ([], ["Urbe"])


def test_a_build_that_cannot_be_opened_is_503_until_there_is_a_good_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    good = kg.build(out, write_seed(tmp_path)).folder.name
    app = create_app(Config(out))
    client = app.test_client()
    (out / CURRENT).write_text("none\n")
    refused = client.get("/")
    (out / CURRENT).write_text(f"{good}\n")
    answered = client.get("/sparql?query=ASK{}")
    app.extensions["cassibile"].close()

    assert refused.status_code == 503
    assert "kg build" in refused.get_json(force=True)["detail"]
    assert answered.status_code == 200
