"""The context of our JSON-LD, at a place that lasts.

`/context.jsonld`: what each name of our JSON-LD means, for one thing and for the whole.
Example: GET /context.jsonld
"""

import json

from flask import Blueprint, Response

from server import representation

bp = Blueprint("context", __name__)


@bp.get("/context.jsonld")
def context() -> Response:
    """Tell what each name means."""
    from kg.exports import jsonld  # noqa: PLC0415 it reads the ontology, which takes a while

    body = json.dumps({"@context": jsonld.CONTEXT}, ensure_ascii=False, indent=1) + "\n"
    return representation.of(body.encode(), jsonld.MEDIA_TYPE)
