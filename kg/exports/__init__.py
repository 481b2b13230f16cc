"""One file a form of the whole graph: `write`, `MEDIA_TYPE`, `SUFFIX`, and a title in words.

The same build gives the same bytes. What is written streams: nothing of the size of the graph is
in memory, except where a form says so.
"""

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import IO, NamedTuple, cast
from zipfile import ZIP_DEFLATED, ZipInfo

from kg.errors import UnknownName, did_you_mean
from kg.store import Graph

_LEVEL = 6  # of gzip: the best takes three times as long, and saves a twentieth
EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can tell: the same graph gives the same bytes


class Export(NamedTuple):
    """A form of the whole graph.

    Attributes:
        name: what the user types, of the file in kg/exports.
        title: what the user reads, the first line of that file.
        media_type: the registered one.
        suffix: of a file, without the dot.
        write: writes a graph.
        gather: of a form that holds the others, writes a graph and takes those from their files
            whose names are given; they are of the same graph.
    """

    name: str
    title: str
    media_type: str
    suffix: str
    write: Callable[[Graph, IO[bytes]], None]
    gather: Callable[[Graph, IO[bytes], Mapping[str, Path]], None] | None = None

    @property
    def is_packed(self) -> bool:
        """Return whether gzip would find nothing left to pack."""
        return self.suffix == "zip"


def exports() -> list[Export]:
    """Return all forms, by name."""
    return [_export(name) for name in _names()]


def named(name: str) -> Export:
    """Return the form of that name.

    Raises: UnknownName, with the nearest name and the choices.

    >>> named("nquads").media_type
    'application/n-quads'
    """
    names = _names()
    if name not in names:
        nearest = did_you_mean(name, names)
        choices = "choose one of " + ", ".join(names)
        hint = f"{nearest} {choices}" if nearest else choices
        raise UnknownName(f"{name!r} is not a form of an export", hint=hint)
    return _export(name)


@contextmanager
def packing(out: IO[bytes], *, packed: bool) -> Iterator[IO[bytes]]:
    """Give where to write so that what arrives is packed by gzip, or as it is."""
    if not packed:
        yield out
        return
    # No name and no time: the same graph gives the same bytes.
    with gzip.GzipFile("", "wb", _LEVEL, fileobj=out, mtime=0) as file:
        yield cast("IO[bytes]", file)


@contextmanager
def whole(target: Path) -> Iterator[IO[bytes]]:
    """Give a file that has its name only when all is in it.

    Raises: OSError.
    """
    partial = target.with_name(f".{target.name}-{os.getpid()}")
    file = partial.open("xb")
    try:
        with file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def member(name: str) -> ZipInfo:
    """Return a member of a zip, packed, that all may read; the same for the same name."""
    found = ZipInfo(name, EARLIEST)
    found.compress_type = ZIP_DEFLATED
    found.external_attr = 0o100644 << 16
    found.create_system = 3  # Unix, wherever it is made
    return found


def _names() -> list[str]:
    return sorted(module.name for module in iter_modules(__path__))


def _export(name: str) -> Export:
    module = import_module(f"{__name__}.{name}")
    title = (module.__doc__ or "").partition("\n")[0].removesuffix(".")
    gather = getattr(module, "gather", None)
    return Export(name, title, module.MEDIA_TYPE, module.SUFFIX, module.write, gather)
