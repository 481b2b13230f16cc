"""The context of our JSON-LD, at a place that lasts.

`/context.jsonld`: what each name of our JSON-LD means, for one thing and for the whole.
Example: GET /context.jsonld
"""

import json

from flask import Blueprint, Response

from kg.exports.jsonld import CONTEXT, MEDIA_TYPE
from server import representation

bp = Blueprint("context", __name__)


@bp.get("/context.jsonld")
def context() -> Response:
    """Tell what each name means."""
    body = json.dumps({"@context": CONTEXT}, ensure_ascii=False, indent=1) + "\n"
    return representation.of(body.encode(), MEDIA_TYPE)
