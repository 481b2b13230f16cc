"""CSV on the Web, read and found valid by csvw, and held against the graph."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from csvw import CSVW, TableGroup

from kg import Graph
from kg.exports import csvw
from tests.helpers import rows

THINGS = 'FILTER((STRSTARTS(STR(?s), STR(id:)) || CONTAINS(STR(?s), "/handover/")) && !CONTAINS(STR(?s), "#"))'


@pytest.fixture(scope="module")
def folder(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = io.BytesIO()
    csvw.write(graph, out)
    found = tmp_path_factory.mktemp("csvw")
    with zipfile.ZipFile(out) as bundle:
        assert bundle.testzip() is None
        bundle.extractall(found)
    return found


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    group = TableGroup.from_file(folder / csvw.METADATA)
    return {str(table.url): [plain(row) for row in table.iterdicts()] for table in group.tables}


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without the reader's own types of IRIs and days."""

    def value(cell: Any) -> Any:
        if isinstance(cell, list):
            return sorted(value(each) for each in cell)
        if hasattr(cell, "unsplit"):
            return cell.unsplit()
        return cell.date().isoformat() if hasattr(cell, "date") else cell

    return {name: value(cell) for name, cell in row.items()}


def test_the_metadata_and_the_tables_are_valid(folder: Path) -> None:
    read = CSVW(str(folder / csvw.METADATA), validate=True)

    assert read.is_valid
    assert list(read.warnings) == []


def test_every_row_leads_to_the_rows_it_names(folder: Path) -> None:
    assert TableGroup.from_file(folder / csvw.METADATA).check_referential_integrity()


def test_every_file_is_described(folder: Path) -> None:
    described = json.loads((folder / csvw.METADATA).read_text())["tables"]

    names = {csvw.METADATA, *(table["url"] for table in described)}
    assert {path.name for path in folder.iterdir()} == names


def test_the_entities_are_those_of_the_graph(
    graph: Graph, tables: dict[str, list[dict[str, Any]]]
) -> None:
    query = f"""SELECT ?s (GROUP_CONCAT(DISTINCT STR(?k); SEPARATOR=" ") AS ?kinds)
      (GROUP_CONCAT(DISTINCT STR(?e); SEPARATOR=" ") AS ?exact)
      {{ ?s ?p ?o OPTIONAL {{ ?s a ?k FILTER(STRSTARTS(STR(?k), STR(cas:))) }}
         OPTIONAL {{ ?s skos:exactMatch ?e }} {THINGS} }} GROUP BY ?s"""
    known = {(s, *(tuple(sorted(c.split())) for c in more)) for s, *more in rows(graph, query)}

    written = {(r["entity"], tuple(r["kinds"]), tuple(r["exact"])) for r in tables["entities.csv"]}
    assert written == known


def test_the_names_are_those_of_the_graph(
    graph: Graph, tables: dict[str, list[dict[str, Any]]]
) -> None:
    query = f"SELECT ?s (LANG(?o) AS ?language) ?o ?p {{ ?s ?p ?o {THINGS} FILTER(?p IN (skos:prefLabel, skos:altLabel)) }}"
    known = {(s, tag, words, p.endswith("prefLabel")) for s, tag, words, p in rows(graph, query)}

    written = {tuple(row.values()) for row in tables["names.csv"]}
    assert written == known


def test_the_events_have_the_days_of_the_graph(
    graph: Graph, tables: dict[str, list[dict[str, Any]]]
) -> None:
    query = """SELECT ?s ?a ?b ?c ?d { ?s a cas:Occurrence
      OPTIONAL { ?s cas:earliestStart ?a } OPTIONAL { ?s cas:latestStart ?b }
      OPTIONAL { ?s cas:earliestEnd ?c } OPTIONAL { ?s cas:latestEnd ?d } }"""
    days = ("earliest_start", "latest_start", "earliest_end", "latest_end")

    written = {(r["event"], *(" ".join(r[day]) for day in days)) for r in tables["events.csv"]}
    assert written == set(rows(graph, query))


def test_the_relations_are_those_of_the_graph_with_the_claims_that_state_them(
    graph: Graph, tables: dict[str, list[dict[str, Any]]]
) -> None:
    other = THINGS.replace("?s", "?o")
    query = (
        f"SELECT ?s ?p ?o {{ ?s ?p ?o {THINGS} {other} FILTER(STRSTARTS(STR(?p), STR(cas:))) }}"
    )
    stated = f"""SELECT ?s ?p ?o ?c {{ ?c a cas:Claim ; cas:asserted true GRAPH ?c {{ ?s ?p ?o }}
      {THINGS} {other} FILTER(STRSTARTS(STR(?p), STR(cas:))) }}"""
    written = [tuple(row.values()) for row in tables["relations.csv"]]

    assert {row[:3] for row in written} == set(rows(graph, query))
    claims = {(*row[:3], claim) for row in written for claim in row[3]}
    assert claims == set(rows(graph, stated))


def test_the_evidence_is_where_the_text_has_it(
    graph: Graph, tables: dict[str, list[dict[str, Any]]]
) -> None:
    query = "SELECT ?t ?words { ?t a cas:Text ; rdf:value ?words }"
    text = {iri: words for iri, words in rows(graph, query)}  # noqa: C416 each row is a pair
    of_claim = {row["claim"]: text[row["text"]] for row in tables["claims.csv"]}
    evidence = tables["evidence.csv"]

    assert len(of_claim) == int(rows(graph, "SELECT (COUNT(*) AS ?n) { ?c a cas:Claim }")[0][0])
    assert {row["claim"] for row in evidence} == set(of_claim)
    for row in evidence:
        words, start, end = of_claim[row["claim"]], row["start"], row["end"]
        assert words[start:end] == row["exact"]
        assert words[:start].endswith(row["prefix"] or "")
        assert words[end:].startswith(row["suffix"] or "")


def test_a_template_names_what_the_graph_names(
    graph: Graph, folder: Path, tables: dict[str, list[dict[str, Any]]]
) -> None:
    """What the metadata say of a quote is a triple of the graph."""
    described = json.loads((folder / csvw.METADATA).read_text())["tables"]
    columns = next(t for t in described if t["url"] == "evidence.csv")["tableSchema"]["columns"]
    exact = next(column for column in columns if column["name"] == "exact")
    row = tables["evidence.csv"][0]
    about = exact["aboutUrl"].replace("{+claim}", row["claim"]).format(number=row["number"])
    query = f"SELECT ?words {{ <{about}> <{exact['propertyUrl']}> ?words }}"

    assert rows(graph, query) == [(row["exact"],)]
