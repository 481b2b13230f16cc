"""Options of the command line that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kg import paths, words

_Command = TypeVar("_Command", bound=Callable[..., Any])

build_folder = click.option(
    "--build",
    type=click.Path(path_type=Path),
    default=paths.BUILD,
    show_default=True,
    help="Folder of the built graph.",
)


def in_language(of_what: str) -> Callable[[_Command], _Command]:
    """Return the option `--lang`, the language of something."""
    return click.option(
        "--lang",
        "language",
        type=click.Choice(words.languages()),
        default="en",
        show_default=True,
        help=f"Language of {of_what}.",
    )
