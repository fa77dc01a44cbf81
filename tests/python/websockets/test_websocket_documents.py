"""The examples of the documentation run as written, with the test's server in place of the one they name."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import trio
from websocket_peers import RuleKeeper

import httparallel
from httparallel import websockets

README = Path(__file__).parents[3] / "README.md"


def example_of(document: str | None) -> str:
    """What a docstring has that is indented, as code."""
    assert document is not None
    paragraphs = inspect.cleandoc(document).split("\n\n")
    return dedent("\n\n".join(paragraph for paragraph in paragraphs if paragraph.startswith("    ")))


def compiled(example: str, echo: RuleKeeper) -> Any:
    source, count = re.subn(r"wss://[a-z.]*example\.(org|com)/chat", echo.url, example)
    assert count == 1
    return compile(source, "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_readme(echo: RuleKeeper, capsys: pytest.CaptureFixture[str]) -> None:
    fenced = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
    [example] = [each for each in fenced if "websocket(" in each]
    exec(compiled(example, echo), {"httpx": httparallel})
    assert capsys.readouterr().out == "Hello!\n"


def test_the_subpackage(echo: RuleKeeper, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compiled(example_of(websockets.__doc__), echo), {})
    assert capsys.readouterr().out == "Hello!\n"


def test_the_session(echo: RuleKeeper, capsys: pytest.CaptureFixture[str]) -> None:
    with httparallel.Client() as client:
        exec(compiled(example_of(websockets.WebSocketSession.__doc__), echo), {"client": client})
    assert capsys.readouterr().out == "Hello!\n"


def test_the_client_with_a_session_class(echo: RuleKeeper) -> None:
    names: dict[str, Any] = {
        "WebSocketClient": websockets.WebSocketClient,
        "ChatSession": type("ChatSession", (websockets.WebSocketSession,), {}),
    }
    with httparallel.Client() as names["client"]:
        exec(compiled(example_of(websockets.WebSocketClient.__doc__), echo), names)
    assert type(names["session"]).__name__ == "ChatSession"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_session(echo: RuleKeeper, capsys: pytest.CaptureFixture[str], backend: str) -> None:
    async def main() -> None:
        async with httparallel.AsyncClient() as client:
            await eval(
                compiled(example_of(websockets.AsyncWebSocketSession.__doc__), echo), {"client": client}
            )

    if backend == "trio":
        trio.run(main)
    else:
        asyncio.run(main())
    assert capsys.readouterr().out == "Hello!\n"


def test_without_wsproto_there_is_advice() -> None:
    program = """
import sys
sys.modules["wsproto"] = None
import httparallel
opening = httparallel.websocket("ws://127.0.0.1:1")
for attempt in (opening.__enter__, lambda: httparallel.websockets):
    try:
        attempt()
    except ImportError as error:
        assert str(error).endswith("Install it with: pip install 'httparallel[ws]'"), error
    else:
        raise AssertionError
"""
    environment = os.environ | {"PYTHONPATH": str(Path(httparallel.__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20, env=environment)


def test_the_names_of_httpx2_lead_here() -> None:
    program = """
import httparallel
httparallel.alias_httpx()
import httpx2.websockets
import httparallel.websockets
assert httpx2.websockets is httparallel.websockets
from httpx2.websockets import WebSocketDisconnect
assert WebSocketDisconnect is httparallel.websockets.WebSocketDisconnect
"""
    environment = os.environ | {"PYTHONPATH": str(Path(httparallel.__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20, env=environment)
