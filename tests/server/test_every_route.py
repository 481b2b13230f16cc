"""Every route has an example that runs, and every refusal has the one shape of an error."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from kg.errors import NoGraph
from server import endpoints, routes
from server.app import create_app
from server.entrances import by_path
from server.settings import Config

NAMES = sorted(module.name for module in iter_modules(routes.__path__))
ENDPOINTS = sorted(module.name for module in iter_modules(endpoints.__path__))
MACHINES = sorted(by_path())
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def application() -> Flask:
    """Return the routes without a graph: enough to list them."""
    app = Flask("server")
    for name in NAMES:
        app.register_blueprint(import_module(f"server.routes.{name}").bp)
    return app


RULES = [rule for rule in application().url_map.iter_rules() if rule.endpoint != "static"]
PATHS = sorted({re.sub("<[^>]*>", "x", str(rule)) for rule in RULES})


def test_the_routes_are_there() -> None:
    assert {"front", "overviews", "things"} <= set(NAMES)
    assert {"/", "/query", "/questions", "/x"} <= set(PATHS)
    assert {"graph_store", "health", "metrics", "ready", "sparql", "update"} <= set(ENDPOINTS)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_route_runs(client: FlaskClient, name: str) -> None:
    doc = import_module(f"server.routes.{name}").__doc__ or ""
    examples = re.findall(r"^Example: (GET|POST) (\S+)$", doc, re.MULTILINE)

    assert examples
    for method, target in examples:
        assert client.open(target, method=method).status_code == 200


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_example_of_an_endpoint_runs(client: FlaskClient, name: str) -> None:
    doc = import_module(f"server.endpoints.{name}").__doc__ or ""
    examples = re.findall(r"^Example: (GET|POST) (\S+)$", doc, re.MULTILINE)

    assert examples or name == "update"  # which none may call without the token
    for method, target in examples:
        assert client.open(target, method=method).status_code == 200


@pytest.mark.parametrize("path", MACHINES)
def test_an_endpoint_refuses_in_the_one_shape_and_says_what_it_takes(
    client: FlaskClient, path: str
) -> None:
    answer = client.open(path, method="FROBNICATE")

    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"
    assert answer.get_json(force=True)["type"].startswith("https://w3id.org/cassibile/problem/")
    assert answer.headers["Allow"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_what_answers_a_route_says_what_it_does(rule: Rule) -> None:
    view = application().view_functions[rule.endpoint]

    assert view.__doc__


@pytest.mark.parametrize("path", [*PATHS, "/no/such/page", "/static/none.css"])
@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/turtle"])
def test_a_refusal_is_a_problem_for_programs(client: FlaskClient, path: str, accept: str) -> None:
    answer = client.delete(path, headers={"Accept": accept})

    assert answer.content_type == "application/problem+json"
    assert answer.get_json(force=True).keys() >= {"type", "title", "status", "detail"}
    assert answer.get_json(force=True)["status"] == answer.status_code
    assert answer.get_json(force=True)["type"].startswith("https://w3id.org/cassibile/problem/")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", [*PATHS, "/no/such/page"])
def test_a_refusal_is_a_page_for_people(client: FlaskClient, path: str) -> None:
    answer = client.delete(path, headers={"Accept": BROWSER})

    assert answer.content_type == "text/html; charset=utf-8"
    assert '<a href="/">' in answer.text
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_refused_with_those_that_are_allowed(
    client: FlaskClient, path: str
) -> None:
    answer = client.delete(path)

    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", PATHS)
def test_the_methods_can_be_asked_for(client: FlaskClient, path: str) -> None:
    answer = client.options(path)

    assert answer.status_code in {200, 204}
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/no/such/page", "there is nothing named 'no/such/page' here"),
        ("/text/italy-1934", "did you mean text/italy-1943?"),
        ("/text/italy-1943/claim/s01-99", "did you mean text/italy-1943/claim/s01-"),
        ("/text/italy-1943/claim/frontispiece.html", "there is nothing named"),
        ("/text/italy-1943/claim/a%20%3Cb%3E%00", "there is nothing named"),
        ("/text/%ff/claim/s01-1", "there is nothing named"),
        ("/questions/who-suceeded-mussolini", "did you mean questions/who-succeeded-mussolini?"),
        ("/id/badoglio.exe", "did you mean id/badoglio?"),
        ("/id/badoglio.xx.html", "did you mean id/badoglio?"),
        ("/id%2Fbadolio", "did you mean id/badoglio?"),
        ("/id/../../../etc/passwd", "there is nothing named"),
        ("/id/..%2f..%2fseeds", "there is nothing named"),
    ],
)
def test_what_is_not_there_is_404_with_what_to_do(
    client: FlaskClient, path: str, told: str
) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert told in answer.get_json(force=True)["detail"]


@pytest.mark.parametrize("path", ["/", "/questions", "/query", "/static/css/style.css", "/none"])
def test_every_answer_keeps_the_browser_inside(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:  # closed, because a static file is open until then
        pass

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_fault_of_ours_is_logged_and_its_inside_is_not_told(
    build: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Config(build))
    app.extensions["cassibile"] = "the inside"
    answer = app.test_client().get("/questions/who-succeeded-mussolini.html")

    assert answer.status_code == 500
    assert answer.get_json(force=True)["detail"] == "the server has a fault; it is in its log"
    assert "Traceback" in caplog.text


def test_a_folder_without_graph_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoGraph) as caught:
        create_app(Config(tmp_path))

    assert "kg build" in caught.value.hint
