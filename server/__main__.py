"""The commands of this package; `kg` finds them by entry point."""

import errno
import json
import logging
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import uvicorn

from kg import paths
from kg.errors import CannotWrite, Place
from server.http import Protocol
from server.settings import Config

_PATH = click.Path(path_type=Path)
_DEFAULT = Config()
_LEAVING = 10  # seconds that requests have to end when the server is stopped


class _Command(click.Command):
    """A command each of whose options can be given as an environment variable too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.auto_envvar_prefix = "KG_SERVE"
        return super().parse_args(ctx, args)


@click.command(cls=_Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port; 0 takes a free one.",
)
@click.option(
    "--build",
    type=_PATH,
    default=paths.BUILD,
    show_default=True,
    help="Folder of the built graph.",
)
@click.option("--data", type=_PATH, multiple=True, help="Serve RDF files or folders instead.")
@click.option("--store", type=_PATH, help="Serve an on-disk store instead.")
@click.option("--writable", is_flag=True, help="Take writes to the store; it is made if missing.")
@click.option(
    "--token",
    default="",
    show_envvar=True,
    help="What clients must send to write, as Authorization: Bearer …; without one, none may.",
)
@click.option("--union", is_flag=True, help="Ask all graphs together where a query names none.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    help="Host that SERVICE and LOAD may reach, and whatever it redirects to; * for every one.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="Queries evaluated at a time.  [default: cores]"
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1, max=3600),
    default=_DEFAULT.seconds,
    show_default=True,
    help="Time that a query may take.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=300),
    default=_DEFAULT.memory // 1_000_000,
    show_default=True,
    help="MB of address space that a query may take.",
)
@click.option(
    "--write-seconds",
    type=click.FloatRange(min=0.1, max=36_000),
    default=_DEFAULT.write_seconds,
    show_default=True,
    help="Time that a write may take, once it is its turn.",
)
@click.option(
    "--write-memory",
    type=click.IntRange(min=300),
    default=_DEFAULT.write_memory // 1_000_000,
    show_default=True,
    help="MB of address space that a write may take.",
)
@click.option(
    "--answer",
    type=click.IntRange(min=1),
    default=_DEFAULT.answer // 1_000_000,
    show_default=True,
    help="MB that an answer may have.",
)
@click.option(
    "--waiting",
    type=click.IntRange(min=0),
    default=_DEFAULT.waiting,
    show_default=True,
    help="Queries that wait for a worker; the next one is answered 503.",
)
@click.option(
    "--client-seconds",
    type=click.FloatRange(min=0),
    default=_DEFAULT.client_seconds,
    show_default=True,
    help="Evaluation a minute for each client of another machine; 0 for no limit.",
)
@click.option(
    "--client-queries",
    type=click.IntRange(min=0),
    default=_DEFAULT.client_queries,
    show_default=True,
    help="Queries at a time for each such client; 0 for no limit.",
)
@click.option(
    "--here",
    default="",
    help="Where clients reach this copy behind a proxy: https://example.org/cassibile.",
)
@click.option(
    "--proxy", "proxies", multiple=True, help="Address of a proxy whose X-Forwarded-For is true."
)
@click.option("--log/--no-log", default=True, show_default=True, help="Log each request as JSON.")
def serve(host: str, port: int, **options: Any) -> None:
    """Serve the graph: the text and its claims as pages, and SPARQL at /sparql.

    A build that is made while the server runs is served from the next request on. Each option can
    be given in the environment too: KG_SERVE_PORT=8080 for --port.
    """
    _configure_log(requests=options.pop("log"))
    with _listen(host, port) as listening:
        name = f"[{host}]" if ":" in host else host
        options["here"] = options["here"] or f"http://{name}:{listening.getsockname()[1]}"
        _run(_config(options), listening)


def _run(config: Config, listening: socket.socket) -> None:
    """Serve until the process is asked to end."""
    from server.asgi import Application  # noqa: PLC0415 half a second that --help need not spend

    application = Application(config)
    click.echo(f"{config.here}/        the text and its claims")
    click.echo(f"{config.here}/sparql  the endpoint")
    click.echo("Ctrl-C stops the server")
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http=Protocol,
            ws="none",
            loop="uvloop",
            lifespan="on",
            root_path=application.service.path(""),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_LEAVING,
        )
    )
    with suppress(KeyboardInterrupt):  # uvicorn ends well, then says again how it was asked to
        server.run(sockets=[listening])
    if not server.started:
        sys.exit(2)


def _config(options: Mapping[str, Any]) -> Config:
    """Return the options as the application takes them."""
    given = dict(options)
    for name in ("hosts", "proxies"):
        given[name] = frozenset(given[name])
    for name in ("memory", "write_memory", "answer"):
        given[name] *= 1_000_000
    if given["workers"] is None:
        del given["workers"]
    return Config(**given)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise _refused(error, host, port) from error


def _refused(error: OSError, host: str, port: int) -> CannotWrite:
    if error.errno == errno.EADDRINUSE:
        message, hint = f"port {port} of {host} is taken", "choose another: kg serve --port 0"
    elif error.errno == errno.EACCES:
        message, hint = f"port {port} is not for this user", "choose one above 1023"
    else:
        why = (error.strerror or str(error)).lower().partition(" (while")[0]
        message, hint = f"cannot listen on {host}: {why}", "--host is an address of this machine"
    return CannotWrite(message, Place(Path("kg serve")), hint)


class _AsJson(logging.Formatter):
    """A line of the log as JSON; the access log comes as such."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "server.access":
            return record.getMessage()
        about = {"level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            about["trace"] = self.formatException(record.exc_info)
        return json.dumps(about, ensure_ascii=False)


def _configure_log(*, requests: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_AsJson())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("server").setLevel(logging.INFO)
    logging.getLogger("server.access").setLevel(logging.INFO if requests else logging.WARNING)
    # What uvicorn says of requests that were broken off on purpose, the access log says better.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    serve()
