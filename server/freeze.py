"""`kg freeze`: the whole site as plain files, the same bytes as the server's but for their links.

Each file is drawn by the code that the server draws it by. Links between pages are relative, so
that the folder can be served from anywhere, or opened from a disk; a page without a suffix becomes
the index of a folder of its name.
"""

import os
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import click
from flask import Flask

from kg import catalogue, exports, options, resources
from kg.catalogue import Copy
from kg.errors import CannotWrite, Place, count, shown
from kg.store import Graph, open_graph
from server import documents, pages
from server.app import create_app
from server.documents import HTML
from server.entrances import by_path
from server.settings import Config
from server.state import served

_MARK = ".cassibile"  # in a folder that was made here, and may be made anew
_DOCUMENTS = [
    *((form, "en") for form in documents.FORMS[1:]),
    *((HTML, language) for language in documents.LANGUAGES),
]
_PARTS = 64  # of the names, for the processes to share and the reader to see progress
_LINK = re.compile(r'\b(href|src|action)="(/[^"]*)"')
_HAS_SUFFIX = re.compile(r"\.[a-z]+$")
_BLOCK = 1 << 20
_BESIDE = "data/index.html"  # where a link leads that only a server could answer


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--here",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where the copy will be reached: for the site map and what describes the data.",
)
@options.build_folder
def command(out: Path, here: str, build: Path) -> None:
    r"""Write every page, every form and every dump as plain files.

    \b
      kg freeze site --here https://example.org/italy
      python -m http.server --directory site

    OUT is a new folder, or one that kg freeze made before, which is replaced when the new one is
    whole.
    """
    if out.exists() and any(out.iterdir()) and not (out / _MARK).is_file():
        hint = "give a new folder, or one that kg freeze made"
        raise CannotWrite("the folder holds other files", Place(out), hint)
    graph = open_graph(build)
    partial = out.with_name(f".{out.name}-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        written = _freeze(partial, graph, Config(build.resolve(), here=here))
        (partial / _MARK).write_text("made by kg freeze\n", encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"the copy cannot be written: {why}", Place(out)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    click.echo(f"wrote {count(written, 'file')}: {shown(out)}/index.html")


def _freeze(out: Path, graph: Graph, config: Config) -> int:
    """Write all files, with a line of progress on standard error; return how many there are."""
    asked = resources.names(graph)
    dumps = catalogue.files(Copy(""))
    total = len(asked) * len(_DOCUMENTS) + len(dumps)
    done = 0
    # Each process opens the store itself: what is open cannot be shared by forking.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        forms = sorted({each.export.name for each in dumps})
        work = [processes.submit(_dump, out, config.build, form) for form in forms]
        parts = (asked[part::_PARTS] for part in range(_PARTS))
        work += [processes.submit(_write, out, config, part) for part in parts if part]
        for each in as_completed(work):
            done += each.result()
            _tell(f"{done:,} of {total:,} files")
    # These tell of the dumps, and are asked when all are there.
    app = create_app(config)
    last = [*_pages(app), *_static(app)]
    for address in last:
        _write_one(out, app, address)
    _tell("")
    return done + len(last)


def _tell(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words}", err=True, nl=False)


def _pages(app: Flask) -> Iterator[str]:
    """Yield the addresses without parameters that can be read, and the data as a whole."""
    for form in documents.FORMS:
        yield documents.address("data", form)
    for rule in app.url_map.iter_rules():
        if not rule.arguments and "GET" in (rule.methods or ()):
            yield rule.rule


def _static(app: Flask) -> Iterator[str]:
    folder = Path(str(app.static_folder))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{app.static_url_path}/{path.relative_to(folder).as_posix()}"


def _write(out: Path, config: Config, names: Sequence[str]) -> int:
    """Write all documents of some names."""
    app = _application(config)
    with app.test_request_context():
        here = served()
        for name in names:
            resource = resources.find(here.graph, name)
            for form, language in _DOCUMENTS:
                address = documents.address(name, form, language)
                body = pages.written(here, resource, form, language)
                _put(out, address, body, form.media_type)
    return len(names) * len(_DOCUMENTS)


@cache
def _application(config: Config) -> Flask:
    """Return the application of this process."""
    return create_app(config)


def _dump(out: Path, build: Path, form: str) -> int:
    """Write the dumps of a form: as it is, and the same packed."""
    files = [each for each in catalogue.files(Copy("")) if each.export.name == form]
    (out / "dump").mkdir(exist_ok=True)
    plain = next(each for each in files if not each.packed)
    source = out / "dump" / plain.name
    with source.open("wb") as raw:
        plain.export.write(_open(build), raw)
    for each in files:
        if each.packed:
            with (
                source.open("rb") as read,
                (out / "dump" / each.name).open("wb") as raw,
                exports.packing(raw, packed=True) as packed,
            ):
                shutil.copyfileobj(read, packed, _BLOCK)
    return len(files)


@cache
def _open(build: Path) -> Graph:
    return open_graph(build)


def _write_one(out: Path, app: Flask, address: str) -> None:
    """Ask the application for an address and write what it answers."""
    with app.test_client() as client, client.get(address) as answer:
        assert answer.status_code < 400, f"{address} is there"
        _put(out, address, answer.get_data(), answer.mimetype or "")


def _put(out: Path, address: str, body: bytes, media_type: str) -> None:
    name = file_of(address)
    if media_type == "text/html":
        body = _relative(body.decode(), posixpath.dirname(name)).encode()
    target = f"{out}/{name}"
    try:
        file = open(target, "wb")  # noqa: PTH123, SIM115 a Path takes half as long again
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        file = open(target, "wb")  # noqa: PTH123, SIM115 as above
    with file:
        file.write(body)


def file_of(address: str) -> str:
    """Return the file of an address, `index.html` for one without a suffix.

    >>> file_of("/"), file_of("/questions"), file_of("/id/badoglio.pt.html")
    ('index.html', 'questions/index.html', 'id/badoglio.pt.html')
    >>> file_of("/.well-known/void")
    '.well-known/void'
    """
    name = address.strip("/")
    if _HAS_SUFFIX.search(name) or name.startswith(".well-known/"):
        return name
    return f"{name}/index.html" if name else "index.html"


def _relative(page: str, folder: str) -> str:
    """Return a page with links from its own folder to the files of others."""
    return _LINK.sub(lambda found: f'{found[1]}="{_from(folder, found[2])}"', page)


@cache
def _from(folder: str, link: str) -> str:
    path, mark, rest = re.fullmatch(r"([^?#]*)([?#]?)(.*)", link).groups()  # type: ignore[union-attr]
    file = _BESIDE if path in by_path() else file_of(path)
    return posixpath.relpath(file, folder or ".") + mark + rest
