"""`kg freeze`: the whole site as plain files, the same bytes as the server's but for their links.

Each file is drawn by the code that the server draws it by. Links between pages are relative, so
that the folder can be served from anywhere, or opened from a disk; a page without a suffix becomes
the index of a folder of its name. In the place of a form, which only a server answers, stands that
this is a copy without one.
"""

import gc
import os
import pickle
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from flask import Flask
from markupsafe import Markup, escape

from kg import catalogue, exports, falling, options, resources
from kg.catalogue import Copy
from kg.errors import CannotWrite, Place, count, shown
from kg.store import Graph, open_graph
from kg.terms import BASE, RDF, expand
from kg.words import say
from server import documents, pages
from server import single as one_file
from server.app import create_app
from server.documents import HTML
from server.entrances import by_path
from server.settings import Config
from server.state import Served, served

_MARK = ".cassibile"  # in a folder that was made here, and may be made anew
_DOCUMENTS = [
    *((form, "en") for form in documents.FORMS[1:]),
    *((HTML, language) for language in documents.LANGUAGES),
]
_RARELY = 500_000  # objects between two looks for cycles: a page makes thousands, some 100 MB
_SHARES = 8  # of what is worked out first
_PARTS = 64  # of the names, for the processes to share and the reader to see progress
_ROOT = "/-root-of-the-copy-"  # that pages are drawn below; no address begins with it
_INDEX = re.compile(rb'"%b(/[\w-]*)(?=["?#])' % _ROOT.encode())  # a link to what has no suffix
_HAS_SUFFIX = re.compile(r"\.[a-z][a-z0-9]*$")
_BLOCK = 1 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)  # as Windows wants it
_DUMPED = re.compile(r"/data\b|/\.well-known/void")  # what tells of dumps
_BELOW = {"SCRIPT_NAME": _ROOT}
_SEARCH = re.compile(rb'<form class="search".*?</form>\n?', re.DOTALL)
_FORM = re.compile(rb"<form\b.*?</form>", re.DOTALL)
_LANGUAGE = re.compile(rb'<html lang="([a-z]+)"')
_ONE_FILE = "offline.html"  # as server/routes/offline.py has it
_GENERATED, _BEGINNING = b'content="kg freeze"', 5000  # how such a file begins
_IN_ONE_FILE = frozenset({"text", "claim", "questions"})  # kinds that are drawn for it
_BESIDE = "data/index.html"  # where a link leads that only a server could answer


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--single",
    is_flag=True,
    help="Write one file that opens from a disk and answers SPARQL in the browser.",
)
@click.option(
    "--here",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where the copy will be reached: for the site map and what describes the data.",
)
@options.build_folder
def command(out: Path, here: str, build: Path, *, single: bool) -> None:
    r"""Write every page, every form and every dump as plain files.

    \b
      kg freeze site --here https://example.org/italy
      python -m http.server --directory site

    OUT is a new folder, or one that kg freeze made before, which is replaced when the new one is
    whole. Its offline.html is the texts, the questions and the whole graph in one file, which
    answers SPARQL without a server:

    \b
      kg freeze --single italy.html
    """
    config = Config(build.resolve(), here=here)
    if single:
        _freeze_single(out, config)
        return
    if out.is_file():
        hint = "give a folder, or --single to write one file"
        raise CannotWrite("this is a file", Place(out), hint)
    if out.exists() and any(out.iterdir()) and not (out / _MARK).is_file():
        hint = "give a new folder, or one that kg freeze made"
        raise CannotWrite("the folder holds other files", Place(out), hint)
    partial = out.with_name(f".{out.name}-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        written = _freeze(partial, config)
        (partial / _MARK).write_text("made by kg freeze\n", encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"the copy cannot be written: {why}", Place(out)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    click.echo(f"wrote {count(written, 'file')}: {shown(out)}/index.html")


def _freeze_single(out: Path, config: Config) -> None:
    if out.exists() and not (out.is_file() and _GENERATED in out.read_bytes()[:_BEGINNING]):
        hint = "give a new name, or that of a file that kg freeze made"
        raise CannotWrite("there is something else of that name", Place(out), hint)
    with create_app(config).test_request_context():
        body = one_file.written(served())
    try:
        with exports.whole(out.resolve()) as file:
            file.write(body)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"the copy cannot be written: {why}", Place(out)) from error
    click.echo(f"wrote {shown(out)}, {len(body):,} bytes")


def _freeze(out: Path, config: Config) -> int:
    """Write all files, with a line of progress on standard error; return how many there are.

    Raises: NoGraph, if nothing is built.
    """
    dumps = catalogue.files(Copy(""))
    done = 0
    with (
        TemporaryDirectory() as folder,
        ProcessPoolExecutor(
            # Nothing is open yet that a fork would share; elsewhere it is not safe, or not there.
            mp_context=get_context("fork" if sys.platform == "linux" else "spawn"),
            initializer=_begin,
        ) as processes,
    ):
        shared = Path(folder)
        forms = {each.export.name: each.export for each in dumps}
        plain = [
            processes.submit(_dump, out, config, form) for form in forms if not forms[form].gather
        ]
        pages = [*_pages(create_app(config))]
        tell_of_dumps = [each for each in pages if _DUMPED.match(each)]
        others = [each for each in pages if not _DUMPED.match(each)]
        graph = open_graph(config.build)
        names = _by_subject(graph)
        supports = falling.supports(graph)
        shares = [
            processes.submit(_work_out, config, supports[n::_SHARES], shared / str(n))
            for n in range(_SHARES)
        ]
        wait(plain)
        gathered = [
            processes.submit(_dump, out, config, form) for form in forms if forms[form].gather
        ]
        for share in shares:
            share.result()
        # Pages over the whole graph have much in common with those of texts, claims and questions,
        # which are in the one file too: one process works it out.
        first = [each for each in names if resources.kind_of(each) in _IN_ONE_FILE]
        work = [processes.submit(_ask, out, config, shared, others, first)]
        wait(gathered)
        work += [*plain, *gathered, processes.submit(_ask, out, config, shared, tell_of_dumps)]
        rest = [each for each in names if resources.kind_of(each) not in _IN_ONE_FILE]
        long = len(rest) // _PARTS + 1
        parts = (rest[start : start + long] for start in range(0, len(rest), long))
        work += [processes.submit(_write, out, config, shared, part) for part in parts]
        total = len(names) * len(_DOCUMENTS) + len(dumps) + len(pages)
        for each in as_completed(work):
            done += each.result()
            _tell(f"{done:,} of {total:,} files")
    _tell("")
    return done


def _begin() -> None:
    """Look for cycles rarely, and never among what was there before."""
    gc.freeze()
    gc.set_threshold(_RARELY)


def _by_subject(graph: Graph) -> list[str]:
    """Return the names that have documents, facts of one subject side by side.

    Their pages have much in common, which a process works out once.
    """
    facts = graph.store.quads_for_pattern(None, RDF.subject, None, expand("g:why"))
    about = {str(quad.subject): str(quad.object) for quad in facts}
    return sorted(
        resources.names(graph), key=lambda name: (about.get(f"<{BASE}{name}>", ""), name)
    )


def _tell(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{words}", err=True, nl=False)


def _pages(app: Flask) -> Iterator[str]:
    """Yield the addresses without parameters, the data as a whole, and the static files."""
    for form, language in _DOCUMENTS:
        yield documents.address("data", form, language)
    for rule in app.url_map.iter_rules():
        methods = rule.methods or ()
        if not rule.arguments and "GET" in methods and "POST" not in methods:
            yield rule.rule
    folder = Path(str(app.static_folder))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{app.static_url_path}/{path.relative_to(folder).as_posix()}"


def _work_out(config: Config, share: Sequence[Any], told: Path) -> None:
    """Write down what takes long to work out of some claims, which many pages tell of."""
    told.write_bytes(pickle.dumps(falling.work_out(_graph(config), share)))


@cache
def _learn(config: Config, shared: Path) -> None:
    """Take over what all processes have worked out."""
    for told in shared.iterdir():
        said = pickle.loads(told.read_bytes())  # noqa: S301 from a process of ours
        falling.learn(_graph(config), said)


def _graph(config: Config) -> Graph:
    found = _application(config).extensions["cassibile"]
    assert isinstance(found, Served), "create_app registers it"
    return found.graph


def _write(out: Path, config: Config, shared: Path, names: Sequence[str]) -> int:
    """Write all documents of some names, with what was worked out of the claims."""
    _learn(config, shared)
    return _write_documents(out, config, names)


def _write_documents(out: Path, config: Config, names: Sequence[str]) -> int:
    app = _application(config)
    with app.test_request_context(environ_overrides=_BELOW):
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


def _dump(out: Path, config: Config, form: str) -> int:
    """Write the dumps of a form: as it is, and the same packed; the other forms may be there."""
    files = catalogue.files(Copy(""))
    own = [each for each in files if each.export.name == form]
    (out / "dump").mkdir(exist_ok=True)
    plain = next(each for each in own if not each.packed)
    source = out / "dump" / plain.name
    with source.open("wb") as raw:
        if plain.export.gather:
            others = {e.export.name: out / "dump" / e.name for e in files if not e.packed}
            plain.export.gather(_graph(config), raw, others)
        else:
            plain.export.write(_graph(config), raw)
    for each in own:
        if each.packed:
            with (
                source.open("rb") as read,
                (out / "dump" / each.name).open("wb") as raw,
                exports.packing(raw, packed=True) as packed,
            ):
                shutil.copyfileobj(read, packed, _BLOCK)
    return len(own)


def _ask(
    out: Path,
    config: Config,
    shared: Path,
    addresses: Sequence[str],
    names: Sequence[str] = (),
) -> int:
    """Ask the application for addresses and write what it answers; then documents of names."""
    _learn(config, shared)
    with _application(config).test_client() as client:
        for address in addresses:
            with client.get(address, environ_overrides=_BELOW) as answer:
                assert answer.status_code < 400, f"{address} is there"
                body, kind = answer.get_data(), answer.mimetype or ""
                _put(out, address, body, "" if address == f"/{_ONE_FILE}" else kind)
    return len(addresses) + _write_documents(out, config, names)


def _put(out: Path, address: str, body: bytes, media_type: str) -> None:
    name = file_of(address)
    if media_type == "text/html":
        body = _relative(body, posixpath.dirname(name))
    target = f"{out}/{name}"
    # A file of Python's takes three times as many calls of the system, and there are many files.
    try:
        file = os.open(target, _NEW, 0o666)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        file = os.open(target, _NEW, 0o666)
    try:
        while body:
            body = body[os.write(file, body) :]
    finally:
        os.close(file)


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


def _relative(page: bytes, folder: str) -> bytes:
    """Return a page that was drawn below `_ROOT` with links from its own folder to other files."""
    up = b"../" * (folder.count("/") + 1) if folder else b""
    found = _LANGUAGE.search(page)
    if found:
        page = _SEARCH.sub(b"", page)
        if b"<form" in page:
            page = _FORM.sub(lambda _: _instead(found[1].decode()), page, count=1)
            page = _FORM.sub(b"", page)  # said once
    page = _INDEX.sub(lambda found: b'"' + up + _index(found[1]), page)
    return page.replace(b'"%b/' % _ROOT.encode(), b'"' + up)


@cache
def _instead(language: str) -> bytes:
    """Return what stands in the place of a form, which only a server answers."""
    told = escape(say(language, "page/frozen-form"))
    if one_file.is_possible():
        where = f"{_ROOT}/{_ONE_FILE}#{language}-query"
        told += Markup(' <a href="{}">{}</a>').format(where, say(language, "page/frozen-instead"))
    return f'<p class="note">{told}</p>'.encode()


@cache
def _index(path: bytes) -> bytes:
    """Return the file of what has no suffix; for what only a server answers, what tells of it."""
    address = path.decode()
    return (_BESIDE if address in by_path() else file_of(address)).encode()
