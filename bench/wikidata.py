"""What the label service costs a query of 10,000 rows, beside the same names joined by hand.

Run: python bench/wikidata.py [--runs 7]

A store of 2,000 persons with 10,000 terms of office in Wikidata's shape, names in three languages,
is served; each query is asked anew over HTTP, the variants in turn. Prints the least of each in
milliseconds, and what it takes more than the query without names.
"""

import argparse
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from shutil import rmtree
from time import perf_counter

import pyoxigraph as ox

import kg
from kg.store import STORE
from kg.wikibase import view
from kg.wikibase.model import DAY, Entity, Item, Snak, Statement, String, Time
from server import wikidata
from tests.helpers import serving

PERSONS, OFFICES, TERMS = 2_000, 40, 5
FIRST = date(1861, 1, 1)
# A term of office with its days, its rank and its source, as the gallery of examples asks it.
BODY = """?person p:P39 ?term . ?term a wikibase:BestRank ; ps:P39 ?office ;
  pqv:P580 ?from ; pqv:P582 ?until ; prov:wasDerivedFrom/pr:P854 ?source .
  ?from wikibase:timeValue ?start ; wikibase:timePrecision ?precision .
  ?until wikibase:timeValue ?end . FILTER(?precision >= 9)"""
QUERIES = {
    "terms of office by date": (
        "SELECT ?person ?office ?start ?end ?source%s { " + BODY + " %s } ORDER BY ?start"
    ),
    "the same, not sorted": ("SELECT ?person ?office ?start ?end ?source%s { " + BODY + " %s }"),
    "persons and offices alone": "SELECT ?person ?office%s { ?person wdt:P39 ?office . %s }",
}
SERVICE = 'SERVICE wikibase:label { bd:serviceParam wikibase:language "pt,it,en" . }'
BY_HAND = """OPTIONAL { ?person rdfs:label ?pt FILTER(LANG(?pt) = "pt") }
  OPTIONAL { ?person rdfs:label ?it FILTER(LANG(?it) = "it") }
  OPTIONAL { ?person rdfs:label ?en FILTER(LANG(?en) = "en") }
  BIND(COALESCE(?pt, ?it, ?en) AS ?personLabel)"""
VARIANTS = {
    "without names": ("", ""),
    "label service": (" ?personLabel", SERVICE),
    "joined by hand": (" ?personLabel", BY_HAND),
}


def entities() -> Iterator[Entity]:
    """Yield persons with their terms of office, and the offices."""
    for number in range(PERSONS):
        name = f"Q{100_000 + number}"
        terms = []
        for term in range(TERMS):
            start = FIRST + timedelta(days=(number * 7 + term * 3_650) % 40_000)
            days = (("P580", start), ("P582", start + timedelta(days=900)))
            office = Item(f"Q{1_000 + (number + term) % OFFICES}")
            terms.append(
                Statement(
                    f"{name}$term-{term}",
                    Snak("P39", office),
                    qualifiers=tuple(
                        Snak(pid, Time(f"+{day}T00:00:00Z", DAY)) for pid, day in days
                    ),
                    references=((Snak("P854", String(f"https://example.org/{number}", "url")),),),
                )
            )
        language = ("pt", "it", "en")[number % 3]
        names = {language: f"Person {number}", "en": f"Someone {number}"}
        yield Entity(name, labels=names, statements=tuple(terms))
    for number in range(OFFICES):
        yield Entity(f"Q{1_000 + number}", labels={"en": f"Office {number}"})


def replace_view(build: Path) -> None:
    """Put the store where a server finds the view of a build."""
    (folder,) = (path.parent for path in build.glob("*/report.json"))
    target = folder / wikidata._FOLDER / wikidata._VIEW
    rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    store = ox.Store(str(target / STORE))
    found = {entity.id: entity for entity in entities()}
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in view.triples(found))
    store.flush()
    store.optimize()
    (target / view.NAMES).write_text("{}", encoding="utf-8")


def seconds(address: str, query: str) -> tuple[float, int]:
    """Ask a query and read its answer; return how long that took, and the rows."""
    target = f"{address}/wikidata/sparql?{urllib.parse.urlencode({'query': query})}"
    started = perf_counter()
    with urllib.request.urlopen(
        urllib.request.Request(target, headers={"Accept": "text/tab-separated-values"})
    ) as answer:
        body = answer.read()
    return perf_counter() - started, body.count(b"\n") - 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        kg.build(build)
        replace_view(build)
        with serving("--build", str(build), "--no-log", "--workers", "1") as (_, address):
            for title, query in QUERIES.items():
                taken: dict[str, list[float]] = {name: [] for name in VARIANTS}
                for run in range(runs + 1):
                    for name, parts in VARIANTS.items():
                        took, rows = seconds(address, query % parts + f" # {run}")
                        assert rows == PERSONS * TERMS, (title, name, rows)
                        if run:  # the first warms up
                            taken[name].append(took)
                print(f"{title}, {PERSONS * TERMS:,} rows")
                base = min(taken["without names"])
                for name, found in taken.items():
                    least = min(found)
                    print(f"  {name:15} {least * 1000:7.1f} ms  {least / base - 1:+6.1%}")


if __name__ == "__main__":
    main()
