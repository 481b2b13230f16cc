"""Reconciliation, version 0.2 of the protocol, which older clients take for 0.1.

Source: https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/

`/reconcile`: what the service offers; with `queries=`, which entities are meant by names; with
`extend=`, the values of their properties.
Example: GET /reconcile?queries=%7B%22q0%22%3A%7B%22query%22%3A%22Gen.%20Badoglio%22%7D%7D

`/reconcile/<action>`: `preview` shows an entity in a frame, `propose` tells which properties
entities of a type have, and `v1` what the draft of version 1.0 offers.
Example: GET /reconcile/propose?type=Person

`/reconcile/suggest/<what>`: entities, types or properties that begin with `prefix`.
Example: GET /reconcile/suggest/entity?prefix=bado

`/reconcile/flyout/<what>`: a few words on one of them.
Example: GET /reconcile/flyout/type?id=Person
"""

from typing import Any

from flask import Blueprint, Response, request

from kg.reconcile import Condition, Query
from kg.terms import PREFIXES
from server import reconciling
from server.reconciling import Speaker, Unreadable
from server.state import served

bp = Blueprint("reconcile", __name__)


@bp.route("/reconcile", methods=["GET", "POST"])
def service() -> Response:
    """Answer a batch of queries or a data extension, or tell what the service offers."""
    asked = request.values
    callback = asked.get("callback", "")
    if "queries" in asked:
        found: Any = _answers(reconciling.read(asked["queries"], "queries"))
    elif "extend" in asked:
        found = _extended(reconciling.read(asked["extend"], "extend"))
    elif request.method == "POST":
        reconciling.refuse("send a form with queries or extend, each as JSON")
    else:
        found = _manifest()
    return reconciling.answer(found, callback)


@bp.get("/reconcile/<any(preview, propose):action>")
def action(action: str) -> Response:
    """Show an entity in a frame, or propose properties."""
    if action == "propose":
        return reconciling.proposals()
    return reconciling.speaker().preview(request.args.get("id", ""))


@bp.get("/reconcile/suggest/<what>")
def suggest(what: str) -> Response:
    """Suggest entities, types or properties."""
    return reconciling.suggestions(what, "cursor")


@bp.get("/reconcile/flyout/<what>")
def flyout(what: str) -> Response:
    """Tell a little of an entity, a type or a property."""
    found = reconciling.speaker().flyout(what, request.args.get("id", ""))
    return reconciling.answer(found, request.args.get("callback", ""))


@bp.after_request
def _framed(answer: Response) -> Response:
    return reconciling.framed(answer) if request.path.endswith("/preview") else answer


def _manifest() -> dict[str, Any]:
    here = served().config.here.rstrip("/")
    return {
        "versions": ["0.1", "0.2"],
        **reconciling.manifest(),
        "identifierSpace": PREFIXES["id"],
        "schemaSpace": PREFIXES["cas"],
        "defaultTypes": reconciling.speaker().types(),
        "view": {"url": f"{here}/id/{{{{id}}}}"},
        "preview": {
            "url": f"{here}/reconcile/preview?id={{{{id}}}}",
            "width": reconciling.WIDTH,
            "height": reconciling.HEIGHT,
        },
        "suggest": {
            what: {
                "service_url": here,
                "service_path": f"/reconcile/suggest/{what}",
                "flyout_service_url": here,
                "flyout_service_path": f"/reconcile/flyout/{what}?id=${{id}}",
            }
            for what in ("entity", "type", "property")
        },
        "extend": {
            "propose_properties": {"service_url": here, "service_path": "/reconcile/propose"},
            "property_settings": reconciling.settings("name", "label", "help_text"),
        },
    }


def _answers(batch: object) -> dict[str, Any]:
    """Return the answer to each query of a batch; what cannot be read is told in its place."""
    if not isinstance(batch, dict):
        reconciling.refuse("queries is an object, with a query under each key")
    reconciling.too_many(len(batch), reconciling.BATCH, "queries")
    speaker = reconciling.speaker()
    return {key: _answer(speaker, asked) for key, asked in batch.items()}


def _answer(speaker: Speaker, asked: object) -> dict[str, Any]:
    try:
        query = _query(speaker, asked)
    except Unreadable as error:
        return {"result": [], "error": str(error)}
    return {"result": [speaker.candidate(found) for found in speaker.reconciler.match(query)]}


def _query(speaker: Speaker, asked: object) -> Query:
    """Return a query as it is matched.

    Raises: Unreadable, if it is none.
    """
    if not isinstance(asked, dict):
        raise Unreadable("a query is an object")
    name = asked.get("query")
    if name is not None and not isinstance(name, str):
        raise Unreadable("query is a string")
    strictly = asked.get("type_strict")
    return Query(
        name=name or "",
        kinds=_kinds(asked.get("type")),
        strictly=strictly if strictly in {"any", "all", "should"} else "any",
        conditions=_conditions(speaker, asked.get("properties")),
        most=reconciling.most_of(asked.get("limit")),
    )


def _kinds(given: object) -> tuple[str, ...]:
    """Return the types that are asked for: a string, an object with an id, or a list of these."""
    each = given if isinstance(given, list) else [given]
    ids = [one.get("id") if isinstance(one, dict) else one for one in each if one]
    if not all(isinstance(one, str) for one in ids):
        raise Unreadable("type is a string or a list of strings")
    return tuple(str(one) for one in ids)


def _conditions(speaker: Speaker, given: object) -> tuple[Condition, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > reconciling.PROPERTIES:
        raise Unreadable(f"properties is a list of at most {reconciling.PROPERTIES} objects")
    found = []
    for each in given:
        if not isinstance(each, dict) or not isinstance(each.get("pid"), str) or "v" not in each:
            raise Unreadable("each of properties is an object with pid and v")
        if values := speaker.given(each["v"]):
            found.append(Condition(each["pid"], values))
    return tuple(found)


def _extended(asked: object) -> dict[str, Any]:
    """Return the values of properties: of every entity every property, even if there are none."""
    ids, properties = reconciling.extension(asked)
    speaker = reconciling.speaker()
    return {
        "meta": [speaker.column(name) for name, _ in properties],
        "rows": reconciling.readable(
            lambda: {
                each: {name: speaker.values(each, name, given) for name, given in properties}
                for each in ids
            }
        ),
    }
