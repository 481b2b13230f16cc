"""Reconciliation in the terms of its protocol, whichever version of it is spoken.

Source: https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import metadata
from itertools import islice
from threading import Lock
from typing import Any, NoReturn, TypeVar

import pyoxigraph as ox
from flask import Response, current_app, render_template, request

from kg import evidence, words
from kg.errors import UnknownName, did_you_mean
from kg.reconcile import (
    GENERAL,
    MOST,
    USUAL,
    Candidate,
    Entities,
    Entity,
    Reconciler,
    Value,
    fold,
    whole_day,
)
from server import layout
from server.documents import LANGUAGES
from server.problems import Problem
from server.state import served

T = TypeVar("T")
JSON, _SCRIPT = "application/json", "application/javascript"
BATCH = 50  # queries at a time
CELLS = 100_000  # values of a data extension: entities by properties
PROPERTIES = 50  # of a query, or of a data extension; and values of a property of a query
PAGE = 20  # suggestions at a time
WIDTH, HEIGHT = 400, 200  # pixels of a preview
_QUOTES = 2  # of the text, in a preview
_NAME = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
# A preview is framed by its client, without scripts.
_FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)
_making = Lock()


class Unreadable(Exception):
    """A part of a request that cannot be read, and why."""


@dataclass(frozen=True)
class Speaker:
    """What says in the protocol's terms what the reconciler finds.

    Attributes:
        reconciler: that finds.
        language: of names.
    """

    reconciler: Reconciler
    language: str = "en"

    @property
    def entities(self) -> Entities:
        """Return the entities that can be found."""
        return self.reconciler.entities

    def kind(self, name: str) -> dict[str, str]:
        """Return a type or property."""
        return {"id": name, "name": self.entities.label(name, self.language)}

    def candidate(self, found: Candidate) -> dict[str, Any]:
        """Return a candidate, its features without names."""
        name = found.entity.name(self.language)
        description = self.entities.description(found.entity, self.language)
        if found.spelling and fold(found.spelling.words) != fold(name):
            called = words.say(self.language, "reconcile/called", words=found.spelling.words)
            description = f"{description}; {called}"
        return {
            "id": found.entity.id,
            "name": name,
            "description": description,
            "type": [self.kind(each) for each in found.kinds],
            "score": found.score,
            "match": found.match,
            "features": [{"id": each, "value": value} for each, value in found.features.items()],
        }

    def feature(self, name: str) -> str:
        """Return what a feature of a candidate is called."""
        if name in {"name", "type"}:
            return words.say(self.language, f"reconcile/{name}")
        return self.kind(name.partition(":")[2])["name"]

    def given(self, value: object) -> tuple[str, ...]:
        """Return the values that a client gives for a property, each as words or an id.

        Raises: Unreadable, for what is none.
        """
        each = value if isinstance(value, list) else [value]
        if len(each) > PROPERTIES:
            raise Unreadable(f"a property has at most {PROPERTIES} values to compare")
        return tuple(one for found in each if (one := self._given(found)))

    def _given(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, dict):
            known, name = (str(value.get(key) or "") for key in ("id", "name"))
            return known if self.reconciler.identified(known) else name or known
        if isinstance(value, str | int | float):
            return (
                f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
            )
        raise Unreadable(f"a value is a string, number, boolean or object, not {_told(value)}")

    def suggested(self, what: str, prefix: str, kind: str, start: int, most: int) -> list[Any]:
        """Return what begins so: entities, types or properties.

        Raises: UnknownName, if there is no such kind of suggestion.
        """
        if what == "entity":
            found = self.reconciler.begin(prefix, kind)
            return [self._entity(each) for each in islice(found, start, start + most)]
        names = self._beginning(self._names_of(what), prefix)
        return [
            {**self.kind(each), **self._description(each)}
            for each in islice(names, start, start + most)
        ]

    def flyout(self, what: str, name: str) -> dict[str, str]:
        """Return a few words on an entity, type or property, as HTML.

        Raises: UnknownName, if there is no such one.
        """
        if what == "entity":
            entity = self.entity(name)
            title, about = entity.name(self.language), self._about(entity)
        else:
            if name not in self._names_of(what):
                raise UnknownName(f"there is no {what} {name!r} here")
            title = self.kind(name)["name"]
            about = self.entities.definition(name, self.language)
        html = render_template("flyout.html", title=title, about=about, id=name)
        return {"id": name, "html": html}

    def preview(self, name: str) -> Response:
        """Return a page on an entity that can be framed.

        Raises: UnknownName, if there is no such entity.
        """
        entity = self.entity(name)
        store = self.entities.graph.store
        claims = (ox.NamedNode(claim) for claim in entity.claims[:_QUOTES])
        told = [evidence.of_claim(store, claim) for claim in claims]
        page = render_template(
            "preview.html",
            language=self.language,
            entity=entity,
            name=entity.name(self.language),
            about=self._about(entity),
            quotes=told,
            here=served().config.here.rstrip("/"),
        )
        return _with_language(Response(page, mimetype="text/html"))

    def entity(self, name: str) -> Entity:
        """Return the entity of an id.

        Raises: UnknownName, with the nearest, if there is none.
        """
        known = self.entities.by_id
        if name not in known:
            raise UnknownName(f"there is no entity {name[:80]!r}", hint=did_you_mean(name, known))
        return known[name]

    def column(self, name: str) -> dict[str, Any]:
        """Return what a column of values is, with the kind of things where all are of one."""
        local = self.reconciler.local(name)
        kind = self.entities.kind_of_values(local)
        about = {"id": name, "name": self.kind(local)["name"]}
        return {**about, **({"type": self.kind(kind)} if kind else {})}

    def values(self, entity: str, name: str, settings: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return the values of a property of an entity; none for one that is not there.

        Raises: Unreadable, for settings that are none.
        """
        most = number(settings.get("limit"), "the setting limit", least=0) or None
        language = settings.get("language") or self.language
        if language not in LANGUAGES:
            choices = ", ".join(LANGUAGES)
            raise Unreadable(f"the setting language is one of {choices}, not {_told(language)}")
        found = self.entities.by_id.get(entity)
        values = found.values.get(self.reconciler.local(name), ()) if found else ()
        # Names in a language are the first, and others follow for whoever has none in it.
        ordered = sorted(values, key=lambda value: value.language not in {"", language})
        return [self._value(value, language) for value in ordered[:most]]

    def _value(self, value: Value, language: str) -> dict[str, str]:
        if value.kind == "thing":
            other = self.entities.by_id.get(value.text)
            return {"id": value.text, "name": other.name(language) if other else value.text}
        day = whole_day(value.text) if value.kind == "date" else None
        return {"date": f"{day}T00:00:00Z"} if day else {"str": value.text}

    def proposed(self, kind: str, most: int) -> list[dict[str, str]]:
        """Return the properties that entities of a kind have, or any if it is not known."""
        found = self.entities.proposed(self.reconciler.local(kind))
        return [self.kind(each) for each in found[: most or None]]

    def types(self) -> list[dict[str, str]]:
        """Return the types that a client may begin with."""
        return [self.kind(each) for each in GENERAL if each in self.entities.kinds]

    def _names_of(self, what: str) -> tuple[str, ...]:
        if what not in {"type", "property"}:
            hint = "there are entity, type and property"
            raise UnknownName(f"there is nothing to suggest for {what!r}", hint=hint)
        return self.entities.kinds if what == "type" else self.entities.properties

    def _beginning(self, names: Iterable[str], prefix: str) -> Iterator[str]:
        """Yield the names that begin so, by themselves or in any language, at any word."""
        asked = fold(prefix)
        for name in names:
            labels = (fold(self.entities.label(name, each)) for each in LANGUAGES)
            begins = any(f" {label}".find(f" {asked}") >= 0 for label in labels)
            if not prefix.strip() or (asked and (begins or fold(name).startswith(asked))):
                yield name

    def _entity(self, entity: Entity) -> dict[str, Any]:
        return {
            "id": entity.id,
            "name": entity.name(self.language),
            "description": self._about(entity),
            "notable": [self.kind(each) for each in entity.direct],
        }

    def _about(self, entity: Entity) -> str:
        return self.entities.description(entity, self.language)

    def _description(self, name: str) -> dict[str, str]:
        found = self.entities.definition(name, self.language)
        return {"description": found} if found else {}


def speaker() -> Speaker:
    """Return who answers this request; its index is made when the first one comes after a build.

    Raises: UnknownName, if other data are served than texts.
    """
    here = served()
    if not here.has_texts:
        hint = "/sparql answers queries"
        raise UnknownName("this copy serves other data than texts", hint=hint)
    kept = current_app.extensions.setdefault("reconcilers", {})
    with _making:
        if here.build not in kept:
            kept.clear()
            address = here.config.here.rstrip("/")
            kept[here.build] = Reconciler(here.graph, (f"{address}/id/",))
        return Speaker(kept[here.build], _language())


def _language() -> str:
    asked = request.args.get("lang", "").partition("-")[0]
    return asked if asked in LANGUAGES else layout.preferred()


def manifest() -> dict[str, Any]:
    """Return what both versions say of the service."""
    here = served().config.here.rstrip("/")
    return {
        "name": "Cassibile",
        "documentation": f"{here}/data",
        "serviceVersion": metadata.version("cassibile"),
        "batchSize": BATCH,
    }


def answer(document: object, callback: str = "") -> Response:
    """Return a document as JSON, or as a script that calls a function with it.

    Raises: Problem, if the function has no name that can be one.
    """
    # A key that a client gave may hold half a character, which only an escape can give back.
    body = json.dumps(document)
    if callback and not _NAME.fullmatch(callback):
        refuse("callback is the name of a function")
    if callback:
        return _with_language(Response(f"{callback}({body});", mimetype=_SCRIPT))
    return _with_language(Response(body + "\n", mimetype=JSON))


def _with_language(found: Response) -> Response:
    found.vary.add("Accept-Language")
    return found


def framed(found: Response) -> Response:
    """Let any page frame an answer."""
    found.headers["Content-Security-Policy"] = _FRAMED
    return found


def read(text: str | bytes, what: str) -> Any:
    """Return the JSON of a request.

    Raises: Problem, if it is none.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        refuse(f"{what} nests too deeply")
    except ValueError as error:
        refuse(f"{what} is not JSON: {error}")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def refuse(detail: str) -> NoReturn:
    """Refuse a request that cannot be read."""
    raise Problem(HTTPStatus.BAD_REQUEST, "reconciliation", detail)


def too_many(count: int, most: int, what: str) -> None:
    """Make sure that a request asks for no more than is answered at a time.

    Raises: Problem, if it does.
    """
    if count > most:
        detail = (
            f"{count:,} {what} at a time are more than {most:,}; send them in several requests"
        )
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise Problem(status, "batch-size", detail, {"limit": f"{most} {what}"})


def number(value: object, what: str, least: int = 1) -> int:
    """Return a number that a client gave, as such or in digits; 0 for none, or for one too small.

    Raises: Unreadable, if it is none.
    """
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d{1,40}(\.0*)?", str(value)):
        raise Unreadable(f"{what} is a whole number, not {_told(value)}")
    found = int(str(value).partition(".")[0])
    return found if found >= least else 0


def most_of(value: object) -> int:
    """Return how many candidates are wanted.

    Raises: Unreadable, if that is no number.
    """
    return min(number(value, "limit"), MOST) or USUAL


def suggestions(what: str, start: str) -> Response:
    """Answer a request for suggestions, from a parameter on that tells how many to leave out.

    Raises: Problem, for a number that is none; UnknownName, for what is not suggested.
    """
    asked = request.args
    skipped, most = (asked_number(each) for each in (start, "limit"))
    found = speaker().suggested(
        what,
        asked.get("prefix", ""),
        asked.get("type", ""),
        min(skipped, MOST * MOST),
        min(most or PAGE, MOST),
    )
    return answer({"result": found}, asked.get("callback", ""))


def proposals() -> Response:
    """Answer which properties can be added to entities of a type."""
    asked = request.args
    kind, most = asked.get("type", ""), asked_number("limit")
    found = {"type": kind, "properties": speaker().proposed(kind, most)}
    return answer({**found, **({"limit": most} if most else {})}, asked.get("callback", ""))


def asked_number(name: str) -> int:
    """Return a parameter that is a number; 0 for none.

    Raises: Problem, if it is none.
    """
    return readable(lambda: number(request.args.get(name), name))


def readable(read: Callable[[], T]) -> T:
    """Return what is read.

    Raises: Problem, if it cannot be.
    """
    try:
        return read()
    except Unreadable as error:
        refuse(str(error))


def extension(asked: Any) -> tuple[list[str], list[tuple[str, Mapping[str, Any]]]]:
    """Return the ids and the properties, with settings, of a data extension.

    Raises: Problem, if it cannot be read or is too large.
    """
    if not isinstance(asked, dict):
        refuse("extend is an object with ids and properties")
    ids, properties = asked.get("ids"), asked.get("properties")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        refuse("ids is a list of strings")
    if not isinstance(properties, list):
        refuse("properties is a list of objects with id")
    found: list[tuple[str, Mapping[str, Any]]] = []
    for each in properties:
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            refuse("properties is a list of objects with id")
        settings = each.get("settings") or {}
        if not isinstance(settings, dict):
            refuse(f"settings is an object, not {_told(settings)}")
        found.append((each["id"], settings))
    too_many(len(found), PROPERTIES, "properties")
    too_many(len(ids) * len(found), CELLS, "values")
    return ids, found


def settings(name: str, label: str, help_text: str) -> list[dict[str, Any]]:
    """Return the settings of a data extension, under the keys that a version has for these."""
    language = layout.preferred()
    return [
        {
            name: "limit",
            label: words.say(language, "reconcile/limit"),
            help_text: words.say(language, "reconcile/limit-help"),
            "type": "number",
            "default": 0,
        },
        {
            name: "language",
            label: words.say(language, "reconcile/language"),
            help_text: words.say(language, "reconcile/language-help"),
            "type": "select",
            "default": language,
            "choices": [
                {"value": each, "name": words.say(each, "page/language")} for each in LANGUAGES
            ],
        },
    ]


def _told(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
