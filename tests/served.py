"""The server of ``sbpath app`` in this process, and how a page asks it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

pytest.importorskip("starlette", reason="needs sbpath[app]")
uvicorn = pytest.importorskip("uvicorn", reason="needs sbpath[app]")


class Reply(NamedTuple):
    """What the server answers."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A server that listens at `port`."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, json_type: bool = True
    ) -> Reply:  # fmt: skip
        """Ask as the page does; `body` is bytes, or a document for JSON."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if json_type and content is not None else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, content, {**given, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)

    def post(self, path: str, document: Any) -> Reply:
        return self.ask("POST", path, document)

    def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            received = b""
            while part := connection.recv(65536):
                received += part
            return received

    def ended(self, job: str, seconds: float = 120.0) -> dict[str, Any]:
        """What a job says once it has ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            told = self.get(f"/api/jobs/{job}").json
            if told["state"] != "running":
                return told
            time.sleep(0.05)
        raise AssertionError(f"still running after {seconds} s")

    def answer(self, path: str, document: Any) -> dict[str, Any]:
        """The answer, however long it takes."""
        reply = self.post(path, document)
        if reply.status != 202:
            assert reply.status == 200, reply.body
            return reply.json
        told = self.ended(reply.json["job"])
        assert told["state"] == "done", told
        return told["answer"]


@contextmanager
def served(*own: str) -> Iterator[Served]:
    """A server as ``sbpath app`` starts it, in a thread."""
    from sbpath.app.serve import listening, server

    with listening(0) as place:
        running = server(place, own)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [place]})
        thread.start()
        try:
            yield Served(place.getsockname()[1])
        finally:
            running.should_exit = True
            thread.join()
