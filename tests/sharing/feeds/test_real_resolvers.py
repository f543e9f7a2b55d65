"""Real resolvers and proxies load the lists that are written for them, and stop what is meant and nothing else."""

from __future__ import annotations

import http.server
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from http import HTTPStatus
from pathlib import Path

import pytest

from sharing.feeds.formats.names import from_the_top
from sharing.feeds.items import Item
from tests.sharing.feeds.examples import item
from tests.sharing.feeds.resolvers import (
    ELSEWHERE,
    Resolver,
    dnsmasq,
    free_port,
    kresd,
    named,
    program,
    recursor,
    unbound,
    unbound_of,
)
from tests.sharing.feeds.test_real_consumers import collected, written

pytestmark = pytest.mark.real

Running = Callable[[bytes, Path], AbstractContextManager[Resolver]]
_BLOCKED = {"NXDOMAIN", "0.0.0.0"}
# 253 octets, as long as a name may be; RPZ leaves it out, and names below one that means its sub-names.
_LONGEST = ".".join(["a" * 61] * 3 + ["b" * 57, "c" * 6, "fr"])


def _names() -> list[Item]:
    return [
        item("domain", "evil-cas.fr", subtree=True),
        item("domain", "www.evil-cas.fr"),
        item("domain", "x.evil-cas.fr", subtree=True),
        item("domain", "evil-cas2.fr"),
        item("domain", "deep.evil-cas2.fr", subtree=True),
        item("domain", "évil-accent.fr"),
        item("domain", "_dmarc.evil-cas3.fr"),
        item("domain", _LONGEST),
    ]


def _nested(items: list[Item]) -> list[Item]:
    """As the selection brings them to formats that ask for it."""
    return sorted(items, key=lambda one: from_the_top(one.value))


def test_the_longest_name_is_as_long_as_a_name_may_be() -> None:
    assert len(_LONGEST) == 253


@pytest.mark.parametrize(
    ("fmt", "running"),
    [
        ("unbound", unbound_of),
        ("dnsmasq", partial(dnsmasq, "conf-file")),
        ("hosts", partial(dnsmasq, "addn-hosts")),
        ("rpz", recursor),
        ("rpz", kresd),
    ],
    ids=["unbound", "dnsmasq", "hosts", "powerdns", "knot"],
)
def test_a_resolver_stops_what_the_list_means_and_nothing_else(fmt: str, running: Running, tmp_path: Path) -> None:
    lines, count = written(fmt, _nested(_names()))
    assert count == len(_names()) - {"rpz": 3, "dnsmasq": 2}.get(fmt, 0)
    with running(lines, tmp_path) as resolver:
        exact = ["evil-cas.fr", "EVIL-cas.fr", "www.evil-cas.fr", "evil-cas2.fr", "xn--vil-accent-96a.fr",
                 "_dmarc.evil-cas3.fr", "x.evil-cas.fr", "deep.evil-cas2.fr"]  # fmt: skip
        below = ["a.b.evil-cas.fr", "a.www.evil-cas.fr", "a.x.evil-cas.fr", "a.deep.evil-cas2.fr"]
        for name in exact + (below if fmt != "hosts" else []) + ([_LONGEST] if fmt != "rpz" else []):
            assert resolver.ask(name) in _BLOCKED, name
            assert resolver.ask(name, "AAAA") in {"NXDOMAIN", "::"}, name
        for name in (
            "www.evil-cas2.fr",
            "evil-cas3.fr",
            "notevil-cas.fr",
            "evil-cas.fr.org",
            "sub.xn--vil-accent-96a.fr",
        ):
            assert resolver.ask(name) == ELSEWHERE, name
    assert _complaints(resolver) == []


@pytest.mark.parametrize(
    ("fmt", "running"),
    [
        ("unbound", unbound_of),
        ("dnsmasq", partial(dnsmasq, "conf-file")),
        ("hosts", partial(dnsmasq, "addn-hosts")),
        ("rpz", recursor),
        ("rpz", kresd),
    ],
    ids=["unbound", "dnsmasq", "hosts", "powerdns", "knot"],
)
def test_a_resolver_loads_hostile_values_and_an_empty_list(fmt: str, running: Running, tmp_path: Path) -> None:
    hostile = _hostile(fmt)
    for number, items in enumerate((_nested(hostile), [])):
        folder = tmp_path / str(number)
        folder.mkdir()
        lines, count = written(fmt, items)
        assert count > len(items) // 2 or not items
        with running(lines, folder) as resolver:
            assert resolver.ask("harmless-cas.fr") == ELSEWHERE
        assert _complaints(resolver) == []


@lru_cache
def _hostile(fmt: str) -> list[Item]:
    """Gathered once for all formats of names: it takes longer than loading them."""
    return collected(fmt, 100) if fmt in {"rpz", "squid"} else [one for one in _hostile("rpz") if one.type == "domain"]


def _complaints(resolver: Resolver) -> list[str]:
    harmless = re.compile(
        r"setrlimit|hard limit|using IPv6|NSEC|query-local-address|root hints|cache size|security", re.IGNORECASE
    )
    complaint = re.compile(r"error|invalid|ignor|unsupported|duplicate|fail|warn|bad ", re.IGNORECASE)
    told = resolver.log.read_text().splitlines()
    return [line for line in told if complaint.search(line) and not harmless.search(line)]


@pytest.mark.parametrize("running", [recursor, named, unbound], ids=["powerdns", "bind", "unbound"])
def test_a_walled_garden_is_where_everything_leads(running: Running, tmp_path: Path) -> None:
    items = [item("domain", "evil-cas.fr", subtree=True), item("ipv4", "45.9.20.7"), item("ipv6", "2a05:db8:bad::1")]
    lines, _count = written("rpz", items, action="walled-garden", target="192.0.2.5,2001:db8::5")
    with running(lines, tmp_path) as resolver:
        for name in ("evil-cas.fr", "a.evil-cas.fr"):
            assert resolver.ask(name) == "192.0.2.5"
            assert resolver.ask(name, "AAAA") == "2001:db8::5"
        assert resolver.resolves_to("45.9.20.7") == "192.0.2.5"
        assert resolver.resolves_to("45.9.20.8") == "45.9.20.8"


@pytest.mark.parametrize("running", [recursor, named, unbound], ids=["powerdns", "bind", "unbound"])
def test_a_walled_garden_with_a_name_is_asked_for_in_its_turn(running: Running, tmp_path: Path) -> None:
    lines, _count = written("rpz", [item("domain", "evil-cas.fr")], action="walled-garden", target="a-c0000209.stub.fr")
    with running(lines, tmp_path) as resolver:
        assert resolver.ask("evil-cas.fr") == "192.0.2.9"


@pytest.mark.parametrize("running", [recursor, named, unbound], ids=["powerdns", "bind", "unbound"])
def test_monitoring_lets_everything_through(running: Running, tmp_path: Path) -> None:
    items = [item("domain", "evil-cas.fr", subtree=True), item("ipv4", "45.9.20.7")]
    with running(written("rpz", items, action="passthru")[0], tmp_path) as resolver:
        assert resolver.ask("evil-cas.fr") == ELSEWHERE
        assert resolver.resolves_to("45.9.20.7") == "45.9.20.7"


# BCP 177 is about IPv6 on this machine; the others tell what expressions cost: those that it cannot join stay single.
_HARMLESS = re.compile("BCP 177|more than 100 regular expressions|fallback method without optimisation")


@contextmanager
def _squid(kind: str, lines: bytes) -> Iterator[Callable[[str], int]]:
    """Squid with the list denied, before an origin that has everything; gives what a request is answered with."""
    folder = Path(tempfile.mkdtemp(prefix="iocmarket-squid-", dir="/tmp"))  # Squid's own account has to reach it
    folder.chmod(0o777)
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Origin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    port = free_port()
    (folder / "list").write_bytes(lines)
    (folder / "squid.conf").write_text(f"""
http_port 127.0.0.1:{port}
acl iocmarket {kind} "{folder}/list"
http_access deny iocmarket
http_access allow localhost
http_access deny all
cache_peer 127.0.0.1 parent {origin.server_address[1]} 0 no-query originserver default
never_direct allow all
cache deny all
cache_log {folder}/cache.log
access_log none
pid_filename {folder}/pid
coredump_dir {folder}
visible_hostname squid.test
shutdown_lifetime 1 second
dns_nameservers 127.0.0.1
""")
    command = [program("squid"), "-f", str(folder / "squid.conf")]
    try:
        parsed = subprocess.run([*command, "-k", "parse"], capture_output=True, text=True, check=False)
        told = parsed.stdout + parsed.stderr
        assert parsed.returncode == 0, told
        complaints = [
            text for text in told.splitlines() if re.search("WARNING|ERROR|FATAL", text) and not _HARMLESS.search(text)
        ]
        assert complaints == []
        with subprocess.Popen([*command, "-N"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(port)
                yield partial(_status, port)
            finally:
                process.terminate()
                process.wait(30)
    finally:
        origin.shutdown()
        origin.server_close()
        shutil.rmtree(folder)


class _Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Silent."""


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("Squid does not listen")


def _status(port: int, url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{port}"}))
    try:
        with opener.open(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_squid_denies_listed_names_without_a_warning() -> None:
    lines, count = written("squid", _nested(_names()))
    assert count == len(_names()) - 2
    with _squid("dstdomain", lines) as status:
        for name in ("evil-cas.fr", "a.b.evil-cas.fr", "www.evil-cas.fr", "evil-cas2.fr", "xn--vil-accent-96a.fr",
                     "a.deep.evil-cas2.fr"):  # fmt: skip
            assert status(f"http://{name}/") == HTTPStatus.FORBIDDEN, name
        for name in ("www.evil-cas2.fr", "notevil-cas.fr", "evil-cas.fr.org"):
            assert status(f"http://{name}/") == HTTPStatus.OK, name


def test_squid_denies_web_addresses_to_the_letter() -> None:
    hostile = ["http://evil-cas.fr/a;b(c).php?x=1|2$", "http://evil-cas.fr/[a]{2}*+^", "http://[2a05:db8::1]:8080/a",
               "http://evil-cas.fr/p%22q%20%C3%A9"]  # fmt: skip
    lines, count = written("squid", [item("url", raw) for raw in hostile], set="urls")
    assert count == len(hostile)
    with _squid("url_regex", lines) as status:
        assert status("http://evil-cas.fr/a;b(c).php?x=1|2$") == HTTPStatus.FORBIDDEN
        assert status("http://evil-cas.fr/p%22q%20%C3%A9") == HTTPStatus.FORBIDDEN
        for url in ("http://evil-cas.fr/", "http://evil-cas.fr/a;b(c)xphp?x=1|2$", "http://evil-cas.fr/a;b(c).php?x=1"):
            assert status(url) == HTTPStatus.OK, url


@pytest.mark.parametrize(("chosen", "kind"), [("domains", "dstdomain"), ("urls", "url_regex")])
def test_squid_loads_hostile_values_and_an_empty_list(chosen: str, kind: str) -> None:
    wanted = "domain" if chosen == "domains" else "url"
    hostile = [one for one in _hostile("squid") if one.type == wanted]
    for items in (_nested(hostile), []):
        with _squid(kind, written("squid", items, set=chosen)[0]) as status:
            assert status("http://harmless-cas.fr/") == HTTPStatus.OK
