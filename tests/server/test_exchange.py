"""Forms and the parameters of URLs are read as everyone reads them."""

from http import HTTPStatus
from random import Random
from urllib.parse import parse_qsl

import pytest

from server.exchange import parameters
from server.problems import Problem

# No two of them make a byte that is not ASCII.
PIECES = [
    *("%", "=", "&", "+", "%26", "%3D", "%25", "%0A", "%0d", "%00", "%zz", "%4", "=3D", "=\n"),
    *("z", "4", "_", ".", "\t", "é", "%C3%A9"),
]


def test_parameters_are_read_as_the_library_reads_them() -> None:
    """Escapes that are broken, and what is an escape elsewhere, stand for themselves."""
    random = Random(1)
    for _ in range(10_000):
        text = "".join(random.choices(PIECES, k=random.randrange(12)))
        expected = parse_qsl(text, keep_blank_values=True)
        found = parameters(text.encode())

        assert (text, list(found.items(multi=True))) == (text, _in_order_of_names(expected))


def _in_order_of_names(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    names = dict.fromkeys(name for name, _ in pairs)
    return [(name, value) for name in names for of, value in pairs if of == name]


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (b"a=%ff", "encoding"),
        (b"\xff=a", "encoding"),
        (b"a=%C3", "encoding"),
        (b"&" * 200, "parameters"),
    ],
)
def test_what_is_no_text_and_what_has_no_end_is_refused(form: bytes, kind: str) -> None:
    with pytest.raises(Problem) as refused:
        parameters(form)

    assert (refused.value.status, refused.value.kind) == (HTTPStatus.BAD_REQUEST, kind)
