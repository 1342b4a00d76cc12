"""Start the server, say its address, and open the browser."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Collection

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
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise InputError(
                f"--port: {port}: {error.strerror}; give another, or none for any free one"
            ) from None
        listening.listen()
        port = listening.getsockname()[1]
        settings = uvicorn.Config(
            application(port, own), log_level="warning", access_log=False, server_header=False, ws="none",
            limit_concurrency=MOST_REQUESTS, timeout_keep_alive=IDLE_S, timeout_graceful_shutdown=1,
        )  # fmt: skip
        address = f"http://{HOST}:{port}/"
        print(f"sbpath app: {address} (Ctrl-C ends it)", flush=True)
        if browser:
            webbrowser.open(address)
        uvicorn.Server(settings).run(sockets=[listening])
