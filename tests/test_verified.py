"""Links to ids of Wikidata that no table has: a warning each, and never a fault."""

from pathlib import Path

import kg
from kg.errors import Finding
from tests.helpers import MAP, findings, line_of, write_seed

WD = "http://www.wikidata.org/entity/"
LINKS = f"""
id:badoglio <http://www.w3.org/2004/02/skos/core#exactMatch> <{WD}Q999> .
id:rome <http://www.w3.org/2004/02/skos/core#closeMatch> <{WD}Q998> , <{WD}Q5> .
id:flight <http://www.w3.org/2004/02/skos/core#broadMatch> <https://example.org/Q997> .
"""
HEAD = "qid\tlabel\tnote\tsource\n"


def unverified(folder: Path, trig: str = MAP + LINKS) -> list[Finding]:
    found = findings(folder, trig)
    assert [each for each in found if each.severity == "error"] == []
    return [each for each in found if each.code == "unverified"]


def test_an_id_in_no_table_is_a_warning_where_it_stands(tmp_path: Path) -> None:
    rome, badoglio = sorted(unverified(tmp_path), key=lambda each: each.message, reverse=True)

    assert rome.message == "id:rome is linked to Q998, which is unverified"
    assert badoglio.message == "id:badoglio is linked to Q999, which is unverified"
    assert badoglio.severity == "warning"
    assert badoglio.place.line == line_of(MAP + LINKS, f"<{WD}Q999>")
    assert badoglio.hint == f"read {WD}Q999, and if it is meant, add a row to small/items.tsv"


def test_a_text_has_a_table_of_its_own(tmp_path: Path) -> None:
    write_seed(tmp_path, MAP + LINKS)
    table = tmp_path / "seeds" / "small" / "items.tsv"
    table.write_text(f"{HEAD}Q999\tPietro\t\t{WD}Q999\nQ998\tRome\t\t{WD}Q998\n", encoding="utf-8")

    assert unverified(tmp_path) == []


def test_a_property_is_known_by_its_table(tmp_path: Path) -> None:
    link = "id:rome <http://www.w3.org/2004/02/skos/core#relatedMatch>"
    (found,) = unverified(tmp_path, f"{MAP}{link} <{WD}P31> , <{WD}P9999999> .")

    assert "P9999999" in found.message


def test_a_table_without_ids_is_told_with_its_place(tmp_path: Path) -> None:
    write_seed(tmp_path, MAP + LINKS)
    table = tmp_path / "seeds" / "small" / "items.tsv"
    table.write_text("item,label\nQ999,Pietro\n", encoding="utf-8")
    (found,) = (each for each in kg.check(tmp_path / "seeds")[1] if each.code == "unreadable")

    assert (found.severity, found.message) == ("warning", "no column qid")
    assert (found.place.path, found.place.line) == (table, 1)
