"""Every form of an export: the same bytes each time, to a file and to a pipe, and named once."""

import io
import re
from pathlib import Path

import pytest

from kg import Graph, exports, open_graph
from kg.errors import UnknownName
from kg.exports import Export

FORMS = exports.exports()


class Pipe(io.RawIOBase):
    """What cannot seek, as standard output."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, block: object) -> int:
        self.written += block  # type: ignore[arg-type]
        return len(block)  # type: ignore[arg-type]


def written(export: Export, graph: Graph) -> bytes:
    out = io.BytesIO()
    export.write(graph, out)
    return out.getvalue()


def test_the_forms_are_there() -> None:
    names = {export.name for export in FORMS}

    assert names >= {"ntriples", "nquads", "turtle", "trig", "rdfxml", "jsonld"}
    assert names >= {"csvw", "geojson", "graphml"}


@pytest.mark.parametrize("export", FORMS, ids=lambda export: export.name)
def test_a_form_says_what_it_is(export: Export) -> None:
    assert export.title
    assert len(export.title) <= 100
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+(; .*)?", export.media_type)
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)?", export.suffix)
    assert exports.named(export.name) == export


@pytest.mark.parametrize("export", FORMS, ids=lambda export: export.name)
def test_a_form_is_the_same_bytes_whenever_and_wherever_it_is_written(
    build: Path, export: Export
) -> None:
    pipe = Pipe()
    export.write(open_graph(build), pipe)  # type: ignore[arg-type]
    again = written(export, open_graph(build))

    assert again
    assert bytes(pipe.written) == again


def test_an_unknown_form_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        exports.named("n-quads")

    assert "did you mean nquads?" in caught.value.hint
    assert "turtle" in caught.value.hint
