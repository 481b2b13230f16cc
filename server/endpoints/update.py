"""The update endpoint.

Source: https://www.w3.org/TR/sparql11-protocol/#update-operation

`/update`: does an update in SPARQL 1.1, for those who have the token.
"""

from http import HTTPStatus

from werkzeug.datastructures import MultiDict

from kg import updates
from kg.errors import BadQuery
from kg.updates import Update
from server import writing
from server.dataset import BrokenUpdate, Protected
from server.exchange import FORM, Exchange, Methods, decoded, parameters
from server.problems import Problem
from server.service import Service, graph_name

PATHS = ("/update",)
_METHODS = Methods("POST, OPTIONS", "an update is sent by POST", "content-type, authorization")


async def answer(exchange: Exchange, service: Service) -> None:
    """Do an update.

    Raises: Problem and BadQuery.
    """
    if await _METHODS.answered(exchange):
        return
    writing.authorise(exchange, service)
    arguments, text = await _read(exchange, service)
    using = [graph_name(name) for name in arguments.getlist("using-graph-uri")]
    using_named = [graph_name(name) for name in arguments.getlist("using-named-graph-uri")]
    if using or using_named:
        text = updates.with_dataset(text, using, using_named)

    def scan(protected: Protected | None) -> Update:
        return updates.scan(text, service.config.hosts, protected)

    with writing.refusals_told():
        try:
            await service.dataset.update(scan, service.address("/update"))
        except BrokenUpdate as error:
            raise updates.explained(text, str(error)) from error
    await exchange.answer(HTTPStatus.NO_CONTENT, "", b"")


async def _read(exchange: Exchange, service: Service) -> tuple[MultiDict[str, str], str]:
    """Return the parameters of a request, and the update."""
    body = await exchange.body(service.config.longest_upload, service.config.slowest_body)
    arguments = exchange.arguments()
    if "query" in arguments or "update" in arguments:  # in the address, where logs would keep it
        hint = "send it as the body, or in a form"
        raise BadQuery("an update does not stand in the address", hint=hint)
    if exchange.mimetype == "application/sparql-update":
        return arguments, decoded(exchange, body)
    if exchange.mimetype != FORM:
        detail = f"send the update in a form ({FORM}), or as application/sparql-update"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", detail)
    fields = parameters(body)
    found = fields.getlist("update")
    if len(found) != 1:
        many = "several updates" if found else "no update"
        raise BadQuery(f"there is {many}", hint="give it as the parameter update, once")
    arguments.update(fields)
    return arguments, found[0]
