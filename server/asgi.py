"""The whole application over ASGI: the endpoints answer, and the Flask app does the pages."""

import gc

import a2wsgi

from kg.errors import KgError
from server.app import create_app
from server.entrances import Entrances
from server.exchange import Exchange, Message, Receive, Send
from server.service import Service
from server.settings import Config

_PAGES = "pages"  # what they are counted under
_RARELY = 50_000  # objects between two looks for cycles: some 10 MB; requests leave hardly any
_PAGE_THREADS = 8  # pages drawn at a time: more would only share the same processor


class Application:
    """The ASGI application.

    Attributes:
        service: what it runs on.
    """

    def __init__(self, config: Config) -> None:
        self.service = Service(config)
        self._entrances = Entrances(self.service)
        pages = create_app(config, self.service)
        self._pages = a2wsgi.WSGIMiddleware(pages, workers=_PAGE_THREADS)  # type: ignore[arg-type]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, see ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if endpoint := self._entrances.find(path):
                await self._entrances.answer(endpoint, scope, receive, send)
            else:
                await self._page(scope, receive, send)

    async def _page(self, scope: Message, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            exchange.status = message.get("status", exchange.status)
            exchange.sent += len(message.get("body", b""))
            await send(message)

        exchange = Exchange(scope, receive, sending)
        drawn = self._pages(scope, receive, sending)  # type: ignore[arg-type]
        await self._entrances.observed(exchange, _PAGES, drawn)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start and end with the server, see ASGI."""
        await receive()
        try:
            await self.service.start()
        except KgError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        # What is here by now stays: to look through it again, time after time, would only stop
        # the requests meanwhile.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_RARELY)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.service.close()
        await send({"type": "lifespan.shutdown.complete"})
