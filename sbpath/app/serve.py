"""Start the server, say its address, and open the browser."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import uvicorn

from sbpath.app.server import application
from sbpath.errors import InputError

HOST = "127.0.0.1"
# Requests at a time, and seconds that an idle connection is kept.
MOST_REQUESTS, IDLE_S = 64, 30


def serve(port: int = 0, own: Collection[str] = (), browser: bool = True) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    port : int
        Where to listen; 0 is any free port.
    own : collection of str
        Mechanism files of the user to choose from.
    browser : bool
        Open the page in the browser.

    Raises
    ------
    InputError
        If the port is taken.
    """
    mpl.use("Agg")  # pictures are drawn in threads
    with listening(port) as place:
        running = server(place, own)
        address = f"http://{HOST}:{place.getsockname()[1]}/"
        print(f"sbpath app: {address} (Ctrl-C ends it)", flush=True)
        if browser:
            webbrowser.open(address)
        running.run(sockets=[place])


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket of this machine only, at a port or at any free one.

    Raises
    ------
    InputError
        If the port is taken.
    """
    with socket.socket() as place:
        # Not to wait for the connections of an earlier server; on Windows it would share the port of another.
        if hasattr(socket, "SO_REUSEPORT"):
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind((HOST, port))
        except OSError as error:
            hint = "give another, or none for any free one"
            raise InputError(f"--port: {port}: {error.strerror}; {hint}") from None
        place.listen()
        yield place


def server(place: socket.socket, own: Collection[str]) -> uvicorn.Server:
    """The server at a socket."""
    settings = uvicorn.Config(
        application(place.getsockname()[1], own), log_level="warning", access_log=False, server_header=False,
        ws="none", limit_concurrency=MOST_REQUESTS, timeout_keep_alive=IDLE_S, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(settings)
