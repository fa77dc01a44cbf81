"""The command as a program of its own."""

from __future__ import annotations

import importlib
import os
import pty
import signal
import subprocess
import sys
import tomllib

import pytest
from testserver import ROOT, Server

import httparallel

COMMAND = [sys.executable, "-W", "error", "-m", "httparallel"]


def test_the_status_and_the_output(server: Server) -> None:
    done = subprocess.run([*COMMAND, server.http], capture_output=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"HTTP/1.1 200 OK\n")
    done = subprocess.run([*COMMAND, f"{server.http}/status/500"], capture_output=True, timeout=20)
    assert (done.returncode, done.stderr) == (1, b"")
    done = subprocess.run(COMMAND, capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_download_to_the_standard_output_is_all_there_is(server: Server) -> None:
    done = subprocess.run([*COMMAND, server.http, "--download", "-"], capture_output=True, timeout=20)
    assert done.stdout == b"Hello, world!"
    assert b"HTTP/1.1 200 OK" in done.stderr


def test_several_responses_are_shown_as_they_arrive(server: Server) -> None:
    answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"
    with server.script(f"expect-request\nwait second\nsend {answer}\nfinish\n") as first:
        command = [*COMMAND, first.url, server.http]
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            assert process.stdout.readline().decode() == f"* {server.http}\n"
            first.signal("second")
            assert f"* {first.url}\n" in process.stdout.read().decode()
    assert process.returncode == 0


@pytest.mark.parametrize("urls", [1, 2])
def test_ctrl_c_ends_it(server: Server, urls: int) -> None:
    answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n"
    with server.script(f"expect-request\nsend {answer}\nhang\n") as script:
        program = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        program += "from httparallel.__main__ import main\nmain()"
        # No warnings here: who interrupts an import, as may happen, has Python warn of the file it had open.
        command = [sys.executable, "-c", program, *[script.url] * urls]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # It is waiting once it has sent its requests.
        while len(script.received()) < urls:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.strip() == b"Aborted!"
    assert b"Traceback" not in out


def test_a_reader_that_goes_away_is_no_error_of_its_own(server: Server) -> None:
    process = subprocess.Popen(
        [*COMMAND, f"{server.http}/bytes/3000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=20)


def test_a_server_cannot_command_the_terminal(server: Server) -> None:
    body = "\\x1b]0;owned\\x07\\xc2\\x9b31m"
    head = "HTTP/1.1 200 OK\\r\\nX-Odd: \\xc2\\x9b31m\\r\\nContent-Type: text/plain\\r\\n"
    script = f"expect-request\nsend {head}\\r\\n{body}\nclose\n"
    with server.script(script) as playing:
        shown = on_a_terminal(playing.url)
    assert b"\x1b]0;" not in shown
    assert "␛]0;owned␇".encode() in shown
    assert "\x9b".encode() not in shown


def test_a_terminal_gets_colours(server: Server) -> None:
    assert b"\x1b[" in on_a_terminal(server.http)


def on_a_terminal(url: str) -> bytes:
    """The output of the command on a terminal."""
    ours, its = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen([*COMMAND, url], stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:
            pass  # how Linux says that nobody writes any more
        os.close(ours)
    assert process.returncode == 0, shown
    return shown


def test_without_its_packages_it_says_what_to_install() -> None:
    program = """
import sys
import tomllib
sys.modules["click"] = None
import httparallel
assert "httparallel._cli" not in sys.modules
httparallel.main()
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"The command line needs more packages: pip install 'httparallel[cli]'\n"


def test_the_package_names_the_command() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = settings["scripts"]["httparallel"].partition(":")
    assert getattr(importlib.import_module(module), name) is httparallel.main
    assert [need.partition(">")[0] for need in settings["optional-dependencies"]["cli"]] == [
        "click",
        "pygments",
        "rich",
    ]
