"""A query as the programs of others ask it: a line for a shell, a few of Python, a few of R."""

import shlex
from collections.abc import Iterable
from urllib.parse import urlencode


def snippets(
    endpoint: str, query: str, form: str, dataset: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return the name of each language with the lines that have an answer in a form.

    Args:
        endpoint: its whole address.
        query: as asked.
        form: a name of `kg.formats`.
        dataset: the parameters that name graphs, if any.
    """
    more = [("format", form), *dataset]
    return [
        ("cURL", _curl(endpoint, query, more)),
        ("Python", _python(endpoint, query, more)),
        ("R", _r(endpoint, query, more)),
    ]


def _curl(endpoint: str, query: str, more: list[tuple[str, str]]) -> str:
    lines = [f"curl --get {shlex.quote(endpoint)}"]
    lines += [
        f"--data-urlencode {shlex.quote(f'{name}={value}')}"
        for name, value in [*more, ("query", query)]
    ]
    return " \\\n  ".join(lines)


def _python(endpoint: str, query: str, more: list[tuple[str, str]]) -> str:
    plain = '"""' not in query and not query.endswith(('"', "\\"))
    written = f'r"""{query}"""' if plain else repr(query)
    told = ", ".join(map(repr, more))
    return (
        "from urllib.parse import urlencode\n"
        "from urllib.request import urlopen\n\n"
        f"query = {written}\n"
        f"asked = urlencode([{told}, ('query', query)])\n"
        f"with urlopen({endpoint + '?'!r} + asked) as answer:\n"
        "    print(answer.read().decode())"
    )


def _r(endpoint: str, query: str, more: list[tuple[str, str]]) -> str:
    plain = ')---"' not in query
    escaped = query.replace("\\", "\\\\").replace('"', '\\"')
    written = f'r"---({query})---"' if plain else f'"{escaped}"'
    reads = "read.csv" if ("format", "csv") in more else "readLines"
    return (
        f"query <- {written}\n"
        f'address <- paste0("{endpoint}?{urlencode(more)}&query=", '
        "URLencode(query, reserved = TRUE))\n"
        f"answer <- {reads}(address)"
    )
