"""The API as a process: one event loop on one socket, drained before it ends."""

import gc
import socket
from collections.abc import Callable
from importlib import import_module

import uvicorn
from starlette.types import ASGIApp

from app.settings import Settings

SOCKET_MESSAGE_BYTES_MAX = 256 * 1024
KEEP_ALIVE_SECONDS = 30
BACKLOG = 2048
COLLECTED_AFTER = (20_000, 20, 10)
"""Objects that a collection waits for. By default the first looks at every 700: a single answer has more, so each
request in flight was looked through again and again, kept as long-lived, and then stopped everything for a full
collection every second. What a request leaves goes with its last reference; cycles are rare."""


class PortTaken(OSError):
    """The address cannot be listened on; the message is one line."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises PortTaken before anything is opened."""
    listener = listen(settings.host, settings.port)
    config = uvicorn.Config(
        load_application(settings),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        ws_max_size=SOCKET_MESSAGE_BYTES_MAX,
        # A compressor per socket is some hundred kilobytes, and small messages gain nothing.
        ws_per_message_deflate=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        backlog=BACKLOG,
    )
    uvicorn.Server(config).run(sockets=[listener])


def load_application(settings: Settings) -> ASGIApp:
    """The program, with all its code loaded.

    Hundreds of thousands of objects that live as long as the process: the collector is kept from looking through
    them again and again while they are made (a fifth of the loading time), and at each full collection ever after.
    """
    gc.disable()
    create_app: Callable[[Settings], ASGIApp] = import_module("app.asgi").create_app
    application = create_app(settings)
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
    gc.enable()
    return application


def listen(host: str, port: int) -> socket.socket:
    """Bound here and not by uvicorn, so that a port in use is one line and not a traceback."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} on {host} cannot be used: {error.strerror}") from error
    listener.set_inheritable(True)
    return listener
