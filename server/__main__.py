"""The commands of this package; `kg` finds them by entry point."""

import errno
import socket
from pathlib import Path

import click
import waitress

from kg import paths
from kg.errors import CannotWrite, Place
from server.app import create_app
from server.state import Config


@click.command()
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
    "--threads",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Requests answered at a time.",
)
@click.option(
    "--build",
    type=click.Path(path_type=Path),
    default=paths.BUILD,
    show_default=True,
    help="Folder of the built graph.",
)
def serve(host: str, port: int, threads: int, build: Path) -> None:
    """Serve the built graph: the text and its claims as pages, and SPARQL at /sparql.

    A build that is made while the server runs is served from the next request on.
    """
    app = create_app(Config(build))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise _refused(error, host, port) from error
    name = f"[{host}]" if family is socket.AF_INET6 else host
    where = f"http://{name}:{listening.getsockname()[1]}"
    server = waitress.create_server(app, sockets=[listening], threads=threads, ident=None)
    click.echo(f"{where}/        the text and its claims\n{where}/sparql  the endpoint")
    click.echo("Ctrl-C stops the server")
    server.run()


def _refused(error: OSError, host: str, port: int) -> CannotWrite:
    if error.errno == errno.EADDRINUSE:
        message, hint = f"port {port} of {host} is taken", "choose another: kg serve --port 0"
    elif error.errno == errno.EACCES:
        message, hint = f"port {port} is not for this user", "choose one above 1023"
    else:
        why = (error.strerror or str(error)).lower().partition(" (while")[0]
        message, hint = f"cannot listen on {host}: {why}", "--host is an address of this machine"
    return CannotWrite(message, Place(Path("kg serve")), hint)


if __name__ == "__main__":
    serve()
