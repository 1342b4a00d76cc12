"""``sbpath app`` as it is typed: it says where it is, ends with Ctrl-C, and refuses in one line."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest

pytest.importorskip("starlette", reason="needs sbpath[app]")
pytest.importorskip("uvicorn", reason="needs sbpath[app]")

COMMAND = [sys.executable, "-W", "error", "-m", "sbpath", "app"]


def _refused(*arguments: str, code: str = "") -> str:
    command = [sys.executable, "-c", code, *arguments] if code else [*COMMAND, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
@pytest.mark.parametrize("busy", [False, True])
def test_it_says_where_it_is_and_ends_with_one_line(busy, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text('extends = "k-bisb"\n', "utf-8")
    process = subprocess.Popen(
        [*COMMAND, "--no-browser", "--port", "0", str(own)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.fullmatch(
            r"sbpath app: http://127\.0\.0\.1:(\d+)/ \(Ctrl-C ends it\)\n", process.stdout.readline()
        )
        assert found
        with closing(http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)) as connection:
            connection.request("GET", "/api/systems")
            assert str(own).encode() in connection.getresponse().read()
            if busy:
                body = b'{"system": "na-sb", "cycles": "1000", "particles": "50"}'
                connection.request("POST", "/api/run", body, {"Content-Type": "application/json"})
                assert connection.getresponse().status == 202
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "sbpath: stopped\n")
        assert process.returncode == 130
    finally:
        process.kill()


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"--port: {port}: " in _refused("--no-browser", "--port", str(port))
    assert "--port: must be from 1 to 65535" in _refused("--port", "70000")


def test_a_file_that_is_no_mechanism(tmp_path):
    assert "there is no such file" in _refused("--no-browser", str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text("rate = 1\n", "utf-8")
    assert "has no key of a mechanism file" in _refused("--no-browser", str(tmp_path / "mine.toml"))


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(missing):
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from sbpath.cli import main; sys.exit(main(['app']))"
    )
    assert f"needs {missing}, which is not installed; pip install 'sbpath[app]'" in _refused(code=code)
