"""The style sheet of all pages.

`/style.css`: the files of `styles/` as one, the base first.
Example: GET /style.css
"""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response

from server import representation

bp = Blueprint("style", __name__)
_FOLDER = Path(__file__).parents[1] / "styles"


@bp.get("/style.css")
def style() -> Response:
    """Answer with the style sheet."""
    return representation.of(_style(), "text/css; charset=utf-8")


@cache
def _style() -> bytes:
    files = sorted(_FOLDER.glob("*.css"), key=lambda path: (path.name != "base.css", path.name))
    return b"".join(path.read_bytes() for path in files)
