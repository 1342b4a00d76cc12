"""The server answers only its own page on this machine, and what arrives costs no more than it may."""

from __future__ import annotations

import json
import re
import socket
import time
from pathlib import Path

import pytest
from served import Served, served

import sbpath.app
from sbpath.app import server as server_module
from sbpath.app.guard import HEADERS

PAGE = Path(sbpath.app.__file__).parent / "page"
FILES = sorted(path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def server():
    with served() as found:
        yield found


def test_the_page_and_its_files_are_served(server: Served):
    assert server.get("/").body == (PAGE / "index.html").read_bytes()
    assert server.get("/?system=na-sb&rate=1C").status == 200
    for name in FILES:
        reply = server.get(f"/page/{name}")
        assert (reply.status, reply.body) == (200, (PAGE / name).read_bytes())
    types = {name.rpartition(".")[2]: server.get(f"/page/{name}").headers["Content-Type"] for name in FILES}
    assert types["js"].startswith("text/javascript")
    assert types["css"].startswith("text/css")


@pytest.mark.parametrize("name", FILES)
def test_no_file_of_the_page_asks_for_anything_elsewhere(name):
    """Nor is there code in the page's own text, which its policy would not run."""
    text = (PAGE / name).read_text("utf-8")
    # Names of XML vocabularies look like addresses and are fetched by nobody.
    left = re.sub(r"http://www\.w3\.org/(?:2000/svg|1999/xhtml|1999/xlink)", "", text)
    assert not re.findall(r"(?:https?:|wss?:|ftp:)?//[\w-]+\.[\w.-]+", left)
    assert "eval(" not in text
    if name.endswith(".html"):
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=|javascript:", text)


def test_every_answer_has_the_headers_that_keep_it_at_home(server: Served):
    replies = [
        server.get("/"), server.get(f"/page/{FILES[0]}"), server.get("/api/systems"), server.get("/nothing"),
        server.post("/api/run", {"rate": "x"}), server.ask("GET", "/api/systems", headers={"Host": "evil.example"}),
        server.get("/download/curve.csv?system=k-bisb"),
    ]  # fmt: skip
    assert [reply.status for reply in replies] == [200, 200, 200, 404, 422, 421, 200]
    for reply in replies:
        for name, value in HEADERS.items():
            assert reply.headers[name] == value
    assert "default-src 'self'" in HEADERS["Content-Security-Policy"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert all(reply.headers["Cache-Control"] == "no-store" for reply in (replies[0], *replies[2:]))
    assert replies[1].headers["Cache-Control"] == "no-cache"
    assert not any("Access-Control-Allow-Origin" in reply.headers for reply in replies)


@pytest.mark.parametrize("path", ["/", "/api/systems", f"/page/{FILES[0]}", "/download/curve.csv"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:PORT",
        "[::1]:PORT",
        "",
    ],
)
def test_under_another_name_nothing_is_served(server: Served, path, host):
    """As when a name elsewhere is made to mean this machine."""
    reply = server.ask("GET", path, headers={"Host": host.replace("PORT", str(server.port))})
    assert reply.status in (400, 421)
    assert b"sbpath" not in reply.body


def test_two_names_and_none_are_refused(server: Served):
    own = f"127.0.0.1:{server.port}".encode()
    for hosts in (
        b"",
        b"Host: " + own + b"\r\nHost: evil.example\r\n",
        b"Host: evil.example\r\nHost: " + own + b"\r\n",
    ):
        received = server.raw(b"GET / HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        assert re.match(rb"HTTP/1.1 4\d\d ", received)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_its_own_names_and_pages_are_answered(server: Served, name):
    own = f"{name}:{server.port}"
    headers = {"Host": own, "Origin": f"http://{own}", "Sec-Fetch-Site": "same-origin"}
    assert server.ask("POST", "/api/run", {"system": "k-bisb"}, headers).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/run"),
        ("POST", "/api/files?name=a.csv"),
        ("GET", "/download/curve.csv"),
        ("DELETE", "/api/jobs/x"),
    ],
)
def test_pages_from_elsewhere_get_nothing(server: Served, headers, method, path):
    given = {key: value.replace("PORT", str(server.port)) for key, value in headers.items()}
    assert server.ask(method, path, {} if method == "POST" else None, given).status == 403


def test_the_page_itself_may_be_opened_from_a_link(server: Served):
    assert server.ask("GET", "/?system=k-sb", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_elsewhere_could_send_is_no_document(server: Served, kind):
    reply = server.ask("POST", "/api/run", b'{"system": "li-sb"}', {"Content-Type": kind}, json_type=False)
    assert reply.status == 415


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/page/%2e%2e%2f%2e%2e%2fcli/parser.py",
        "/page//etc/passwd", "/page/..%5c..%5cserver.py", "/../server.py", "/page/", "/page", "/download/../server.py",
        "/download/..%2fserver.py", "/api/jobs/..%2f..%2fserver.py",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(server: Served, path):
    received = server.raw(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode()
    )
    assert re.match(rb"HTTP/1.1 (?:3|4)\d\d ", received)
    assert b"import" not in received
    assert b"root:" not in received


@pytest.mark.parametrize("field", ["system", "design", "electrolyte"])
@pytest.mark.parametrize("path", ["/etc/passwd.toml", "../secret.toml", "~/own.toml", "C:\\own.toml"])
def test_a_link_cannot_name_files_of_this_machine(server: Served, field, path):
    reply = server.post("/api/run", {field: path})
    assert reply.status == 422
    assert reply.json["field"] == field


def test_files_that_the_user_gave_can_be_chosen(tmp_path):
    mine, other = tmp_path / "mine.toml", tmp_path / "other.toml"
    for file in (mine, other):
        file.write_text('extends = "k-bisb"\ntitle = "my own"\n', "utf-8")
    with served(str(mine)) as server:
        systems = server.get("/api/systems").json["systems"]
        assert (systems[0]["name"], systems[0]["title"]) == (str(mine), "my own")
        first = server.answer("/api/run", {"system": str(mine)})
        assert first["curves"] == server.answer("/api/run", {"system": "k-bisb"})["curves"]
        assert server.post("/api/run", {"system": str(other)}).status == 422
        # As it is now, not as it was.
        mine.write_text('extends = "k-bisb"\ntitle = "my own"\nlower_cutoff_V = 0.2\n', "utf-8")
        assert server.answer("/api/run", {"system": str(mine)})["curves"] != first["curves"]


def test_only_this_machine_can_connect(server: Served):
    """The socket is bound to the loopback address and to no other."""
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
                socket.create_connection((address, server.port), timeout=2).close()
    with pytest.raises(OSError, match=r"refused|unreachable|cannot assign|not supported"):
        socket.create_connection(("::1", server.port), timeout=2).close()


def test_documents_that_are_none_or_too_large(server: Served):
    def status(body: bytes, **headers: str) -> int:
        return server.ask("POST", "/api/run", body, headers).status

    assert status(b"{") == 400
    assert status(b"\xff\xfe") == 400
    # Half a character, which could not be said back.
    assert status(b'{"set": {"\\ud800": "1"}}') == status(b'{"\\ud800": "1"}') == 400
    assert status(b"[" * 50_000) == 400
    assert status(json.dumps({"system": "x" * 200_000}).encode()) == 413
    assert status(b"", **{"Content-Length": "-1"}) in (400, 413)


def test_a_file_that_is_too_large_is_cut_off(server: Served, monkeypatch):
    monkeypatch.setattr(server_module, "MOST_FILE_BYTES", 1000)
    assert server.ask("POST", "/api/files?name=a.csv", b"1" * 1001).status == 413
    head = f"POST /api/files?name=a.csv HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n".encode()
    # What is said to be large is refused before it is sent; what does not say, while it comes.
    assert (
        b" 413 "
        in server.raw(head + b"Content-Length: 1000000000\r\nConnection: close\r\n\r\n").split(b"\r\n")[0]
    )
    parts = b"".join(b"190\r\n" + b"1" * 400 + b"\r\n" for _ in range(4))
    received = server.raw(head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + parts)
    assert b" 413 " in received.split(b"\r\n")[0]


def test_a_file_that_never_arrives_is_not_waited_for(server: Served, monkeypatch):
    monkeypatch.setattr(server_module, "FILE_S", 0.3)
    began = time.monotonic()
    head = f"POST /api/files?name=a.csv HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 100\r\n"
    received = server.raw(head.encode() + b"Connection: close\r\n\r\n1,2,3")
    assert b" 408 " in received.split(b"\r\n")[0]
    assert 0.25 < time.monotonic() - began < 10.0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/run", 405), ("POST", "/api/systems", 405), ("PUT", "/", 405), ("GET", "/api/nothing", 404),
     ("GET", "/api/jobs/x", 404), ("GET", "/download/other.exe", 404), ("DELETE", "/api/jobs/x", 404)],
)  # fmt: skip
def test_what_there_is_not(server: Served, method, path, status):
    reply = server.ask(method, path, {} if method == "POST" else None)
    assert reply.status == status
    assert reply.json["error"]
