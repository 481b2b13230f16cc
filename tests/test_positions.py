"""Lines of names and strings, as people write TriG."""

from pathlib import Path

import pytest

from kg.positions import Positions, tokens

TRIG = '''@prefix id: <urn:id/> .
@prefix cas: <urn:cas#> .
# id:commented { out }
id:first cas:says "a \\"brace\\" { # in words" .
id:claim { id:third cas:says """two
lines""" . }
GRAPH <urn:id/other> { id:first cas:says <urn:x#y> . }
'''


@pytest.mark.parametrize(
    ("terms", "graph", "line"),
    [
        (["urn:id/first"], "", 4),
        (["urn:id/first"], "urn:id/other", 7),
        (["urn:id/third"], "", 5),
        (["two\nlines"], "", 5),
        (['a "brace" { # in words'], "", 4),
        (["urn:x#y"], "urn:id/other", 7),
        (["urn:id/commented"], "", 0),
        (["urn:id/none", "urn:id/claim"], "", 5),
    ],
)
def test_a_term_has_the_line_it_first_stands_on(terms: list[str], graph: str, line: int) -> None:
    assert Positions(TRIG, Path("x.trig")).of(*terms, graph=graph).line == line


def test_a_dot_ends_a_statement_and_belongs_to_no_name() -> None:
    assert [t.text for t in tokens("id:a.b id:c.")] == ["id:a.b", "id:c", "."]


@pytest.mark.parametrize(
    "text",
    [
        '"' * 50_001,
        "a-" * 50_000,
        "a." * 50_000,
        '"""\\' * 50_000,
        '"""\n\\' * 50_000,
        '"\\' * 50_000,
    ],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    """Quadratic time would be hours."""
    assert sum(1 for _ in tokens(text)) > 0


def test_a_minus_stands_for_itself_outside_of_names() -> None:
    kinds = [t.kind for t in tokens('?a-?b a:-1 a:b-c "x"@pt-BR 2-1')]

    assert kinds.count("mark") == 3


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("'''a' \\x '''", ["string", "string", "mark", "word", "string", "unclosed"]),
        ('"\\uD800"', ["unclosed"]),
        ('"\\u0041\\U0010FFFF\\n"@en', ["string", "word"]),
        ("<urn:\\u0041>", ["iri"]),
        ("id:a\\.", ["name"]),
        ("{| id:a 1 |}", ["mark", "name", "word", "mark"]),
        ("'a' 'b", ["string", "unclosed"]),
    ],
)
def test_strings_and_names_end_where_the_engine_ends_them(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in tokens(text)] == kinds
