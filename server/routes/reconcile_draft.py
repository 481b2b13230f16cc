"""Reconciliation, the draft of version 1.0 of the protocol.

Source: https://reconciliation-api.github.io/specs/draft/

`/reconcile/<version>/<action>`: of `v1`, `match` tells which entities are meant and `extend` the
values of their properties, each asked by POST of JSON; `preview` shows an entity in a frame.
Example: GET /reconcile/v1/preview?id=badoglio

`/reconcile/<version>/suggest/<what>`: entities, types or properties that begin with `prefix`.
Example: GET /reconcile/v1/suggest/property?prefix=held

`/reconcile/<version>/extend/propose`: the properties that entities of a type have.
Example: GET /reconcile/v1/extend/propose?type=Person
"""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from kg import words
from kg.reconcile import Condition, Query
from server import reconciling
from server.problems import Problem
from server.reconciling import Speaker, Unreadable
from server.state import served

bp = Blueprint("reconcile_draft", __name__, url_prefix="/reconcile/<any(v1):version>")
_KINDS = ("name", "id", "property")
_QUANTIFIERS = ("any", "all", "none")


@bp.url_value_preprocessor
def _one_version(_: str | None, values: dict[str, Any] | None) -> None:
    (values or {}).pop("version", None)  # there is one, so no view asks which


@bp.get("")
def service() -> Response:
    """Tell what the service offers."""
    here = served().config.here.rstrip("/")
    return reconciling.answer(
        {
            "versions": ["1.0-draft"],
            **reconciling.manifest(),
            "defaultTypes": reconciling.speaker().types(),
            "view": {"url": f"{here}/id/{{id}}"},
            "preview": {"width": reconciling.WIDTH, "height": reconciling.HEIGHT},
            "suggest": {"entity": True, "type": True, "property": True},
            "extend": {
                "proposeProperties": True,
                "propertySettings": reconciling.settings("id", "name", "helpText"),
            },
            "standardizedScore": True,
        }
    )


@bp.route("/<any(match, extend, preview):action>", methods=["GET", "POST"])
def action(action: str) -> Response:
    """Match, extend, or show an entity in a frame."""
    asked = {"match": _matched, "extend": _extended}
    method = "POST" if action in asked else "GET"
    if method != request.method and not (method == "GET" and request.method == "HEAD"):
        raise Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method",
            f"{action} is asked by {method}",
            headers={"Allow": f"{method}, OPTIONS"},
        )
    if action == "preview":
        return reconciling.speaker().preview(request.args.get("id", ""))
    return reconciling.answer(asked[action](reconciling.read(request.get_data(), "the request")))


@bp.get("/suggest/<what>")
def suggest(what: str) -> Response:
    """Suggest entities, types or properties."""
    return reconciling.suggestions(what, "offset")


@bp.get("/extend/propose")
def propose() -> Response:
    """Propose properties."""
    return reconciling.proposals()


@bp.after_request
def _framed(answer: Response) -> Response:
    return reconciling.framed(answer) if request.path.endswith("/preview") else answer


def _matched(asked: Any) -> dict[str, Any]:
    """Return the candidates of each query, in order."""
    queries = asked.get("queries") if isinstance(asked, dict) else None
    if not isinstance(queries, list):
        reconciling.refuse("queries is a list of objects with conditions")
    reconciling.too_many(len(queries), reconciling.BATCH, "queries")
    speaker = reconciling.speaker()
    found = [
        reconciling.readable(lambda each=each, place=place: _query(speaker, each, place))  # type: ignore[misc]
        for place, each in enumerate(queries)
    ]
    both = zip(queries, found, strict=True)
    return {"results": [_answer(speaker, each, query) for each, query in both]}


def _answer(speaker: Speaker, asked: dict[str, Any], query: Query) -> dict[str, Any]:
    language = str(asked.get("lang") or "").partition("-")[0]
    if language in words.languages():
        speaker = Speaker(speaker.reconciler, language)
    return {
        "candidates": [
            _named(speaker, speaker.candidate(f)) for f in speaker.reconciler.match(query)
        ]
    }


def _named(speaker: Speaker, candidate: dict[str, Any]) -> dict[str, Any]:
    """Return a candidate of which each feature has a name, as this version wants it."""
    features = [
        {**feature, "name": speaker.feature(feature["id"])} for feature in candidate["features"]
    ]
    return {**candidate, "features": features}


def _query(speaker: Speaker, asked: object, place: int) -> Query:
    """Return a query as it is matched.

    Raises: Unreadable, with its place in the batch, if it is none.
    """
    where = f"queries[{place}]"
    conditions = asked.get("conditions") if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(conditions, list) or not conditions:
        raise Unreadable(f"{where} is an object with conditions")
    if len(conditions) > reconciling.PROPERTIES:
        raise Unreadable(f"{where} has more than {reconciling.PROPERTIES} conditions")
    kind = asked.get("type")
    if kind is not None and not isinstance(kind, str):
        raise Unreadable(f"{where}.type is a string")
    given: dict[str, str] = {}
    about = []
    for number, each in enumerate(conditions):
        path = f"{where}.conditions[{number}]"
        if not isinstance(each, dict) or each.get("matchType") not in _KINDS:
            raise Unreadable(f"{path}.matchType is one of {', '.join(_KINDS)}")
        values = speaker.given(each.get("propertyValue"))
        if each["matchType"] == "property":
            about.append(_condition(each, values, path))
        elif values:
            given.setdefault(each["matchType"], values[0])
    return Query(
        name=given.get("name", ""),
        id=given.get("id", ""),
        kinds=(kind,) if kind else (),
        conditions=tuple(each for each in about if each.values),
        most=reconciling.most_of(asked.get("limit")),
    )


def _condition(asked: dict[str, Any], values: tuple[str, ...], path: str) -> Condition:
    name, quantifier = asked.get("propertyId"), asked.get("matchQuantifier", "any")
    if not isinstance(name, str):
        raise Unreadable(f"{path}.propertyId is a string")
    if quantifier not in _QUANTIFIERS:
        raise Unreadable(f"{path}.matchQuantifier is one of {', '.join(_QUANTIFIERS)}")
    return Condition(name, values, asked.get("required") is True, quantifier)


def _extended(asked: Any) -> dict[str, Any]:
    """Return the values of properties, a row an entity."""
    ids, properties = reconciling.extension(asked)
    speaker = reconciling.speaker()
    return {
        "meta": [speaker.column(name) for name, _ in properties],
        "rows": reconciling.readable(
            lambda: [
                {
                    "id": each,
                    "properties": [
                        {"id": name, "values": speaker.values(each, name, settings)}
                        for name, settings in properties
                    ],
                }
                for each in ids
            ]
        ),
    }
