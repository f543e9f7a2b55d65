"""No module but iocmarket/outbound opens outbound HTTP: read from the source of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from iocmarket.settings.env import PROJECT

HOUSES = ("iocmarket", "ingestion", "sharing")
SPEAKERS = {
    "aiohttp", "ftplib", "http.client", "httpx", "pycurl", "requests", "smtplib", "socket", "telnetlib", "imaplib",
    "urllib.request", "urllib3", "xmlrpc.client", "asyncio",
}  # fmt: skip
# Modules that use a socket for something else than to ask a stranger, and what for.
ELSEWHERE = {
    "ingestion/mailbox/polling.py": "what lies in the operator's own mailbox",
    "ingestion/mailbox/tasks.py": "what the connection to that mailbox raises",
    "ingestion/mailbox/serving.py": "what the operator's own mail server hands on",
    "iocmarket/api/spool.py": "how long a body may take to arrive",
    "iocmarket/indicators/subjects.py": "reading an address in its numeric form",
    "iocmarket/indicators/types/addresses.py": "reading an address in its numeric form",
    "iocmarket/indicators/types/networks.py": "reading an address in its numeric form",
    "iocmarket/kernel/match/text.py": "reading an address in its numeric form",
    "iocmarket/sso/adapter.py": "the type of the session that iocmarket/outbound makes",
    "iocmarket/sso/id_tokens.py": "what a session of iocmarket/outbound raises",
    "iocmarket/sso/oidc.py": "what a session of iocmarket/outbound raises",
    "iocmarket/supervisor/__main__.py": "whether our own port is free",
    "iocmarket/supervisor/probe.py": "whether our own web server answers on loopback",
    "sharing/feeds/shapes.py": "reading an address in its numeric form",
    "sharing/transfer/nameserver.py": "whether the port of our own name server is free",
    "iocmarket/web/tasks.py": "what the operator's own mail server answers; Django speaks to it",
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def speaks(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in SPEAKERS)


@cache
def speaking() -> set[str]:
    paths = (path for house in HOUSES for path in (PROJECT / house).rglob("*.py"))
    return {str(path.relative_to(PROJECT)) for path in paths if any(map(speaks, imports_of(path)))}


def test_only_one_package_speaks_to_strangers() -> None:
    found = {path for path in speaking() if not path.startswith("iocmarket/outbound/")}
    assert found == set(ELSEWHERE)


def test_the_search_finds_what_it_looks_for() -> None:
    assert {"iocmarket/outbound/client.py", "iocmarket/outbound/session.py"} <= speaking()


NAMES_OF_REQUESTS = {"ConnectionError", "RequestException", "Response", "Session"}
"""What may be named of requests elsewhere: types and errors. `Session` may be named and not called."""


def uses_of_requests(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "requests":
            yield f"{called.attr}()"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "requests":
            yield node.attr


def test_whoever_names_requests_elsewhere_asks_nobody_with_it() -> None:
    found = {path: set(uses_of_requests(PROJECT / path)) for path in ELSEWHERE}
    assert {path: names - NAMES_OF_REQUESTS for path, names in found.items() if names - NAMES_OF_REQUESTS} == {}
    assert "Session()" in set(uses_of_requests(PROJECT / "iocmarket/outbound/session.py"))
