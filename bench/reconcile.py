"""Measure reconciliation against 100,000 generated names in three languages, beside csv-reconcile.

    python bench/reconcile.py [--names N] [--errors N] [--peer PYTHON]

Each query is a name with typing errors: a letter lost, doubled, wrong, or two in the wrong
order. Both services are asked over WSGI, by Flask's client, and answer ten candidates a query.
`--peer` is the Python of an environment that has csv-reconcile, which needs an older Flask than
ours; it compares each query with every name, so it is asked a tenth of the batches.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import pyoxigraph as ox

import kg
from kg.errors import count
from kg.reconcile import Query, Reconciler
from kg.terms import CAS, PREFIXES, RDF, SKOS
from server.app import create_app
from server.settings import Config

BATCH, BATCHES = 50, 20
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
    parser.add_argument("--errors", type=int, default=1, help="typing errors in each query")
    parser.add_argument("--peer", help="Python of an environment with csv-reconcile")
    asked = parser.parse_args()
    chance = random.Random(1943)
    names = list(generated(asked.names, chance))
    batches: list[Batch] = []
    for _ in range(BATCHES):
        batch: Batch = {}
        for place in chance.sample(range(len(names)), BATCH):
            _, name = names[place]
            for _ in range(asked.errors):
                name = mistyped(name, chance)
            batch[f"n{place}"] = {"query": name, "limit": 10}
        batches.append(batch)
    print(
        f"{len(names):,} names, {count(asked.errors, 'typing error')} in each of {BATCH} queries"
    )
    print(
        f"{'service':16}{'build s':>9}{'batch ms':>10}{'most ms':>10}{'a second':>10}{'first':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        told("ours", ours(Path(folder), names, batches))
        if asked.peer:
            few = batches[: max(1, BATCHES // 10)]
            told("csv-reconcile", theirs(Path(folder), names, few, asked.peer))


def told(service: str, found: Measured) -> None:
    """Print what was measured of a service."""
    middle = sorted(found.times)[len(found.times) // 2]
    queries = sum(map(len, found.answers))
    first = sum(ids[:1] == [key] for each in found.answers for key, ids in each.items())
    print(
        f"{service:16}{found.build:9.2f}{middle * 1000:10.1f}{max(found.times) * 1000:10.1f}"
        f"{queries / sum(found.times):10,.1f}{first / queries:8.1%}"
    )


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


def mistyped(name: str, chance: random.Random) -> str:
    """Return a name with one typing error."""
    at = chance.randrange(1, len(name) - 1)
    letter = chance.choice(LETTERS)
    return {
        "lost": name[:at] + name[at + 1 :],
        "doubled": name[:at] + name[at] + name[at:],
        "wrong": name[:at] + letter + name[at + 1 :],
        "turned": name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
    }[chance.choice(("lost", "doubled", "wrong", "turned"))]


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
    """Yield a person of each name."""
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
