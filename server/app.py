"""The application: every blueprint of routes/, one error shape, the headers of every answer."""

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, InternalServerError

from kg.errors import KgError
from server import problems, routes
from server.state import Config, Served

# Pages load nothing but their own style sheet and images, and run no script.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def create_app(config: Config) -> Flask:
    """Return the application that serves the built graph.

    Raises: NoGraph, if nothing is built in the folder.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.longest_body
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["cassibile"] = Served(config)
    for module in iter_modules(routes.__path__):
        app.register_blueprint(import_module(f"server.routes.{module.name}").bp)
    app.register_error_handler(KgError, problems.of_error)
    app.register_error_handler(HTTPException, problems.of_http)
    app.register_error_handler(Exception, lambda error: _bug(app, error))
    app.after_request(_with_headers)
    return app


def _bug(app: Flask, error: Exception) -> Response:
    """Answer a fault of ours: the trace goes to the log, never to the client."""
    app.logger.error("a request failed", exc_info=error)
    return problems.of_http(InternalServerError("the server has a fault; it is in its log"))


def _with_headers(response: Response) -> Response:
    response.headers.setdefault("Access-Control-Allow-Origin", "*")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response
