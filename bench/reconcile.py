"""Measure reconciliation against 100,000 generated names in three languages, beside csv-reconcile.

    python bench/reconcile.py [--names N] [--batches N] [--peer PYTHON]

Each query is a name as tables have it: with a typing error (a letter lost, doubled, wrong, or two
in the wrong order), without its marks, the family name first, with a title, with other words
between; and with all that at once. Both services are asked the same over WSGI, by Flask's client,
and answer ten candidates a query. Ours has the titles from the graph, in which they are offices.
`--peer` is the Python of an environment that has csv-reconcile, which needs an older Flask than
ours. It compares each query with every name, so that it needs half a second for each.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from unicodedata import category, normalize

import pyoxigraph as ox

import kg
from kg.reconcile import Query, Reconciler
from kg.terms import CAS, PREFIXES, RDF, SKOS
from server.app import create_app
from server.settings import Config

BATCH = 50
# Syllables of names, not names: what is made of them is nobody's.
GIVEN = {
    "pt": "jo á an tó ma no el lu ís fer nan do ri car bea triz ca ta ri na gui lher me",
    "it": "gio van ni lu ca fran ce sco pao lo giu sep pe ma ri a chia ra ales san dro",
    "en": "ed win al fred ger ald har old ro sa lind wil liam mar ga ret hen ry ge off",
}
FAMILY = {
    "pt": "al mei da car va lho pe rei ra go mes mar tins fer rei ra sou sa mon tei ro",
    "it": "ros si bian chi co lom bo ric ci ma ri no gre co con ti man ci ni fer ra ri",
    "en": "hart ley black wood thorn ton ash worth har ring ton brad ford mid dle wick",
}
LINKS = {"pt": ("de", "da", "dos"), "it": ("di", "della", "dei"), "en": ("of", "the", "upon")}
TITLES = {"pt": "presidente", "it": "ministro", "en": "mayor"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What is run in the other environment.
PEER = """
import contextlib, io, json, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
with contextlib.redirect_stdout(io.StringIO()):
    from csv_reconcile import create_app, initdb
    app = create_app(config="", instance_path=str(folder / "instance"), scorerOption="dice")
    began = time.perf_counter()
    with app.app_context():
        initdb.init_db_with_context(str(folder / "names.csv"), "id", "name")
    build, times, answers = time.perf_counter() - began, [], []
    client = app.test_client()
    for batch in json.loads((folder / "batches.json").read_text()):
        began = time.perf_counter()
        answer = client.post("/reconcile", data={"queries": json.dumps(batch)}).get_json()
        times.append(time.perf_counter() - began)
        answers.append({key: [each["id"] for each in answer[key]["result"]] for key in batch})
print(json.dumps([build, times, answers]))
"""

Batch = dict[str, dict[str, str | int]]
Answer = dict[str, list[str]]


class Measured(NamedTuple):
    """What was measured of a service.

    Attributes:
        build: seconds until it can answer.
        times: seconds of each batch.
        answers: the ids of the candidates, by the key of each query.
    """

    build: float
    times: list[float]
    answers: list[Answer]


def main() -> None:
    """Print a table: seconds to build, a batch, queries a second, and how many were found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=2, help="batches of each kind of query")
    parser.add_argument("--peer", help="Python of an environment with csv-reconcile")
    asked = parser.parse_args()
    chance = random.Random(1943)
    names = list(generated(asked.names, chance))
    batches = [
        batch_of(names, chance, change) for change in KINDS.values() for _ in range(asked.batches)
    ]
    print(f"{len(names):,} names, batches of {BATCH} queries, {asked.batches} of each kind")
    with tempfile.TemporaryDirectory() as folder:
        told("ours", ours(Path(folder), names, batches))
        if asked.peer:
            told("csv-reconcile", theirs(Path(folder), names, batches, asked.peer))


def batch_of(
    names: Sequence[tuple[str, str]],
    chance: random.Random,
    change: Callable[[str, str, random.Random], str],
) -> Batch:
    """Return a batch of names that are changed, each under the id that should be found."""
    batch: Batch = {}
    while len(batch) < BATCH:
        place = chance.randrange(len(names))
        language, name = names[place]
        query = change(name, language, chance)
        if query != name:
            batch[f"n{place}"] = {"query": query, "limit": 10}
    return batch


def told(service: str, found: Measured) -> None:
    """Print what was measured of a service."""
    middle = sorted(found.times)[len(found.times) // 2]
    queries = sum(map(len, found.answers))
    print(
        f"{service}: built in {found.build:.2f} s, a batch in {middle * 1000:.1f} ms, "
        f"at most {max(found.times) * 1000:.1f} ms, {queries / sum(found.times):,.1f} a second"
    )
    each = len(found.answers) // len(KINDS)
    for number, kind in enumerate(KINDS):
        answers = found.answers[number * each : (number + 1) * each]
        print(f"  {kind:40} found first {_first(answers):6.1%}")
    print(f"  {'all':40} found first {_first(found.answers):6.1%}")


def _first(answers: Sequence[Answer]) -> float:
    found = [ids[:1] == [key] for each in answers for key, ids in each.items()]
    return sum(found) / len(found)


def generated(count: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield so many different names, each with its language, a third in each."""
    known = set()
    languages = list(GIVEN)
    while len(known) < count:
        language = languages[len(known) % 3]
        parts = [_word(GIVEN[language], chance), _word(FAMILY[language], chance)]
        if chance.random() < 0.5:
            parts.insert(1, _word(GIVEN[language], chance))
        if chance.random() < 0.3:
            parts[-1:] = [chance.choice(LINKS[language]), parts[-1]]
        name = " ".join(each if each in LINKS[language] else each.capitalize() for each in parts)
        if name not in known:
            known.add(name)
            yield language, name


def _word(syllables: str, chance: random.Random) -> str:
    return "".join(chance.choices(syllables.split(), k=chance.choice((2, 2, 3, 3, 4))))


def mistyped(name: str, _: str, chance: random.Random) -> str:
    """Return a name with one typing error."""
    at = chance.randrange(1, len(name) - 1)
    letter = chance.choice(LETTERS)
    return {
        "lost": name[:at] + name[at + 1 :],
        "doubled": name[:at] + name[at] + name[at:],
        "wrong": name[:at] + letter + name[at + 1 :],
        "turned": name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
    }[chance.choice(("lost", "doubled", "wrong", "turned"))]


def unmarked(name: str, *_: object) -> str:
    """Return a name without marks: `Joao`."""
    return "".join(each for each in normalize("NFD", name) if category(each) != "Mn")


def turned(name: str, *_: object) -> str:
    """Return a name as a register has it: `Almeida, João de`."""
    *before, last = name.split()
    return f"{last}, {' '.join(before)}"


def titled(name: str, language: str, _: random.Random) -> str:
    """Return a name after a title."""
    return f"{TITLES[language].capitalize()} {name}"


def joined(name: str, language: str, _: random.Random) -> str:
    """Return a name without the words that join its parts, or with one where it has none."""
    parts = [part for part in name.split() if part not in LINKS[language]]
    if len(parts) == len(name.split()):
        parts.insert(-1, LINKS[language][0])
    return " ".join(parts)


def as_in_a_register(name: str, language: str, chance: random.Random) -> str:
    """Return a name with all of this at once."""
    changed = unmarked(joined(mistyped(name, language, chance), language, chance))
    *before, last = changed.split()
    return f"{last}, {titled(' '.join(before), language, chance)}"


KINDS = {
    "a typing error": mistyped,
    "without marks": unmarked,
    "the family name first": turned,
    "after a title": titled,
    "with other words between": joined,
    "all at once": as_in_a_register,
}


def ours(folder: Path, names: Sequence[tuple[str, str]], batches: Sequence[Batch]) -> Measured:
    """Ask the service of this project, of which the entities are these names."""
    kg.build(folder / "build")
    store = ox.Store()
    store.bulk_extend(quads(names))
    app = create_app(Config(folder / "build"))
    served = app.extensions["cassibile"]
    began = perf_counter()
    reconciler = Reconciler(kg.Graph(store, {}))
    reconciler.match(Query(names[0][1]))
    build = perf_counter() - began
    app.extensions["reconcilers"] = {
        (folder / "build" / "CURRENT").read_text().strip(): reconciler
    }
    client, times, answers = app.test_client(), [], []
    for batch in batches:
        began = perf_counter()
        answer = client.post("/reconcile", data={"queries": json.dumps(batch)}).get_json()
        times.append(perf_counter() - began)
        answers.append({key: [each["id"] for each in answer[key]["result"]] for key in batch})
    served.close()
    return Measured(build, times, answers)


def quads(names: Sequence[tuple[str, str]]) -> Iterator[ox.Quad]:
    """Yield a person of each name, and the offices that are titles."""
    for language, title in TITLES.items():
        office = ox.NamedNode(f"{PREFIXES['id']}{title}")
        yield ox.Quad(office, RDF.type, CAS.Office)
        yield ox.Quad(office, SKOS.prefLabel, ox.Literal(title, language=language))
    for number, (language, name) in enumerate(names):
        person = ox.NamedNode(f"{PREFIXES['id']}n{number}")
        yield ox.Quad(person, RDF.type, CAS.Person)
        yield ox.Quad(person, SKOS.prefLabel, ox.Literal(name, language=language))


def theirs(
    folder: Path, names: Sequence[tuple[str, str]], batches: Sequence[Batch], python: str
) -> Measured:
    """Ask csv-reconcile, in an environment of its own."""
    rows = [f"n{number},{name}" for number, (_, name) in enumerate(names)]
    (folder / "names.csv").write_text("\n".join(["id,name", *rows, ""]), encoding="utf-8")
    (folder / "batches.json").write_text(json.dumps(batches), encoding="utf-8")
    command = [python, "-c", PEER, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"csv-reconcile failed: {ran.stderr.strip().splitlines()[-1]}")
    return Measured(*json.loads(ran.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
