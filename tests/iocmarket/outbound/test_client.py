"""The one way out, against real servers: where it may go, how long it stays, how much it brings back."""

from __future__ import annotations

import gzip
import ipaddress
import threading
import time
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from iocmarket.outbound import Answer, Limits, Outbound, OutboundError
from iocmarket.outbound.addresses import is_open
from iocmarket.outbound.session import session
from iocmarket.outbound.target import by_the_system, parse
from tests.iocmarket.outbound.servers import Behave, answer, certificate, dripping, flooding, redirect, serving

OK = b"HTTP/1.1 200 OK\r\n"


def inside(port: int, **choices: object) -> Outbound:
    """A client that may speak to one server of the test."""
    return Outbound(allowed={f"127.0.0.1:{port}", f"hook.test:{port}"}, **choices)  # type: ignore[arg-type]


def refusal(outbound: Outbound, url: str, method: str = "GET") -> str:
    with pytest.raises(OutboundError) as caught:
        outbound.ask(method, url)
    return caught.value.code


def fetched(behave: Behave, **choices: object) -> Answer:
    with serving(behave) as server:
        return inside(server.port, **choices).get(f"http://127.0.0.1:{server.port}/x?y=1")


def refused(behave: Behave, **choices: object) -> str:
    with serving(behave) as server:
        return refusal(inside(server.port, **choices), f"http://127.0.0.1:{server.port}/")


# — Where —

SPELLINGS = [
    "http://127.0.0.1/", "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.1/",
    "http://127.1/", "http://0177.0.0.1/", "http://localhost/", "http://0/", "http://0.0.0.0/", "http://[::1]/",
    "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::]/", "http://[::127.0.0.1]/",
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://168.63.129.16/",
    "http://100.100.100.200/", "http://10.0.0.1/", "http://172.31.255.255/", "http://192.168.1.1/",
    "http://[fe80::1]/", "http://[fec0::1]/", "http://[fc00::1]/", "http://224.0.0.1/", "http://[ff02::1]/",
    "http://255.255.255.255/", "http://192.0.2.1/", "http://[2001:db8::1]/", "http://127.0.0.1.:8000/",
]  # fmt: skip


@pytest.mark.parametrize("url", SPELLINGS)
def test_no_spelling_of_an_inside_address_is_connected_to(url: str) -> None:
    # `name`: this machine's resolver does not read the spelling at all, or has no such family.
    assert refusal(Outbound(), url) in {"address", "name"}


@pytest.mark.parametrize("found", ["127.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "169.254.169.254"])
def test_a_name_that_leads_inside_is_refused_whatever_it_is(found: str) -> None:
    assert refusal(Outbound(resolve=lambda host, port: [found]), "https://harmless.example/") == "address"


def test_one_inside_address_among_several_is_enough_to_refuse() -> None:
    both = Outbound(resolve=lambda host, port: ["93.184.216.34", "127.0.0.1"])
    assert refusal(both, "http://two-faced.example/") == "address"


def test_the_name_is_resolved_once_and_the_address_that_was_checked_is_the_one_connected_to() -> None:
    with serving(answer()) as server:
        answers = iter([["127.0.0.1"], ["127.0.0.2"], ["10.0.0.1"]])
        outbound = inside(server.port, resolve=lambda host, port: next(answers))
        found = outbound.get(f"http://hook.test:{server.port}/")
        assert found.body == b"hello"
        assert next(answers) == ["127.0.0.2"], "the resolver was asked once"
        assert f"Host: hook.test:{server.port}\r\n" in server.heads[0]


def test_a_redirect_is_resolved_again() -> None:
    """Rebinding between two requests: what was found for the first one is not taken for granted."""
    with serving(redirect("/again")) as server:
        turns = iter([["127.0.0.1"], []])
        outbound = inside(server.port, resolve=lambda host, port: next(turns))
        assert refusal(outbound, f"http://hook.test:{server.port}/") == "name"
        assert len(server.heads) == 1


@given(st.ip_addresses(v=4))
def test_an_open_address_has_no_closed_twin(address: ipaddress.IPv4Address) -> None:
    """IPv4 within IPv6 is closed in every wrapping, and what Python calls private is never open."""
    number = int(address)
    wrapped = [number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    assert not any(is_open(ipaddress.IPv6Address(twin)) for twin in wrapped)
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_open(address)


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "2a00:1450:4007::1"])
def test_the_open_internet_is_open(text: str) -> None:
    assert is_open(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "scheme"),
        ("ftp://example.org/", "scheme"),
        ("//example.org/", "scheme"),
        ("http://user:pass@example.org/", "credentials"),
        ("http://example.org@127.0.0.1/", "credentials"),
        ("http://exa mple.org/", "url"),
        ("http://example.org/\r\nX-Injected: 1", "url"),
        ("http://example.org\\@127.0.0.1/", "url"),
        ("http:///nothing", "url"),
        ("http://[::1/", "url"),
        ("http://example.org:99999/", "url"),
        ("http://" + "a" * 3000, "url"),
        ("http://ⓔxample.org/", "url"),
        ("http://example.org:25/", "port"),
        ("http://example.org:22/", "port"),
    ],
)
def test_an_address_that_means_something_else_is_refused_before_anybody_is_asked(url: str, code: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("the resolver was asked")

    assert refusal(Outbound(resolve=never), url) == code


@given(st.text(alphabet="htps:/@.[]\\%#?01x localhost\t\r\n", max_size=60))
def test_whatever_is_written_is_an_address_or_a_refusal(text: str) -> None:
    try:
        target = parse(text)
    except OutboundError:
        return
    assert parse(target.url) == target
    assert "@" not in target.authority


# — Redirects —


def test_a_redirect_on_the_same_host_is_followed() -> None:
    def behave(peer, head):  # type: ignore[no-untyped-def]
        (answer(b"there") if head.startswith("GET /there ") else redirect("/there"))(peer, head)

    assert fetched(behave).body == b"there"


@pytest.mark.parametrize(
    "where",
    [
        "http://169.254.169.254/",
        "http://localhost/",
        "//evil.example/",
        "file:///etc/passwd",
        "gopher://x/",
        "http://u@x/",
    ],
)
def test_a_redirect_to_somewhere_else_is_refused(where: str) -> None:
    assert refused(redirect(where)) in {"redirect", "scheme", "credentials"}


def test_a_redirect_to_another_port_of_the_same_host_is_refused() -> None:
    with serving(answer(b"secret")) as other:
        assert refused(redirect(f"http://127.0.0.1:{other.port}/")) == "redirect"
        assert other.heads == []


def test_a_chain_of_redirects_ends() -> None:
    with serving(redirect("/on")) as server:
        assert refusal(inside(server.port), f"http://127.0.0.1:{server.port}/") == "redirect"
        assert len(server.heads) == 4


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_what_is_sent_is_never_sent_on(status: str) -> None:
    with serving(redirect("/other", status)) as server:
        assert refusal(inside(server.port), f"http://127.0.0.1:{server.port}/", "POST") == "redirect"
        assert len(server.heads) == 1


# — How long, how much —

SLOW = Limits(seconds=0.6)


@pytest.mark.parametrize(
    "behave",
    [
        dripping(b"", b"", 10),
        dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a", 0.05),
        dripping(OK, b"X-A: b\r\n", 0.05),
        dripping(OK + b"Content-Length: 1000\r\n\r\n", b"a", 0.05),
        dripping(OK + b"\r\n", b"a", 0.05),
        dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 0.05),
        dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 0.05),
    ],
    ids=["silent", "header line", "headers", "body", "body without end", "chunks", "chunk size"],
)
def test_a_slow_drip_ends_at_the_deadline(behave: Behave) -> None:
    start = time.monotonic()
    assert refused(behave, limits=SLOW) in {"slow", "unreachable"}
    assert time.monotonic() - start < 3


def test_a_resolver_that_does_not_answer_ends_too() -> None:
    released = threading.Event()
    outbound = Outbound(resolve=lambda host, port: [str(released.wait(5))], limits=SLOW)
    try:
        assert refusal(outbound, "http://slow.example/") == "slow"
    finally:
        released.set()


SMALL = Limits(seconds=5, bytes=100_000)


@pytest.mark.parametrize(
    "behave",
    [
        answer(b"a" * 100_001),
        flooding(OK + b"\r\n", b"a" * 10_000),
        flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"a" * 1000 + b"\r\n"),
        answer(gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip"),
        answer(b"a" * 10_000, length=10**12),
    ],
    ids=["declared", "without end", "chunked", "gzip bomb", "lying"],
)
def test_a_large_body_is_not_taken(behave: Behave) -> None:
    assert refused(behave, limits=SMALL) in {"large", "unreachable"}


def test_a_packed_body_is_unpacked_within_the_limit() -> None:
    packed = gzip.compress(b"hello" * 1000)
    assert fetched(answer(packed, "Content-Encoding: gzip"), limits=SMALL).body == b"hello" * 1000


@pytest.mark.parametrize(
    "behave",
    [
        answer(b"x", "Content-Encoding: br"),
        answer(b"not gzip", "Content-Encoding: gzip"),
        answer(gzip.compress(b"hello" * 100)[:-12], "Content-Encoding: gzip"),
        answer(b"x", "Content-Encoding: gzip, gzip"),
    ],
)
def test_a_body_packed_otherwise_than_asked_is_refused(behave: Behave) -> None:
    assert refused(behave) == "encoding"


@pytest.mark.parametrize("behave", [answer(b"ab", length=5), lambda peer, head: peer.sendall(b"SSH-2.0-x\r\n")])
def test_what_is_no_complete_answer_of_a_web_server_is_none(behave: Behave) -> None:
    assert refused(behave) == "unreachable"


def test_nothing_listens() -> None:
    with serving(answer()) as server:
        port = server.port
    assert refusal(inside(port), f"http://127.0.0.1:{port}/") == "unreachable"


# — What is said, and to whom —


def test_an_ordinary_request_says_what_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with serving(answer(b"{}", "Content-Type: application/json")) as server:
        url = f"http://127.0.0.1:{server.port}/hook?a=b"
        found = inside(server.port).post(url, b'{"a":1}', headers={"X-Signature": "abc", "Host": "evil"})
        head = server.heads[0]
    assert (found.status, found.body, found.headers["Content-Type"]) == (200, b"{}", "application/json")
    assert head.startswith("POST /hook?a=b HTTP/1.1\r\n")
    assert head.count("Host:") == 1
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert "X-Signature: abc\r\n" in head


def test_a_header_cannot_begin_another() -> None:
    with serving(answer()) as server, pytest.raises(OutboundError):
        inside(server.port).get(f"http://127.0.0.1:{server.port}/", headers={"X-A": "b\r\nX-Evil: 1"})


def test_an_error_status_is_an_answer() -> None:
    assert fetched(answer(b"no", status="503 Away")).status == 503


def test_the_certificate_must_name_the_host_that_was_asked(tmp_path: Path) -> None:
    theirs, trust = certificate(tmp_path, "hook.test")
    with serving(answer(b"sealed"), tls=theirs) as server:
        outbound = inside(server.port, trust=trust, resolve=lambda host, port: ["127.0.0.1"])
        assert outbound.get(f"https://hook.test:{server.port}/").body == b"sealed"
        assert refusal(outbound, f"https://127.0.0.1:{server.port}/") == "unreachable"
        stranger = inside(server.port, resolve=lambda host, port: ["127.0.0.1"])
        assert refusal(stranger, f"https://hook.test:{server.port}/") == "unreachable", "nobody vouches for it"


def test_a_refusal_names_no_address_that_was_resolved() -> None:
    outbound = Outbound(resolve=lambda host, port: ["10.77.66.55"])
    with pytest.raises(OutboundError) as caught:
        outbound.get("http://internal.example/")
    assert "10.77" not in str(caught.value)


def test_a_requests_session_goes_the_same_way(settings: Settings) -> None:
    with serving(answer(b"[1]", "Content-Type: application/json")) as server:
        settings.OUTBOUND_ALLOWED = (f"127.0.0.1:{server.port}",)
        with session() as made:
            assert made.get(f"http://127.0.0.1:{server.port}/").json() == [1]
            for url in ("http://127.0.0.1:8001/", "http://169.254.169.254/"):
                with pytest.raises(requests.ConnectionError, match="address"):
                    made.get(url)
            with pytest.raises(requests.exceptions.InvalidSchema):
                made.get("file:///etc/passwd")


def test_the_systems_resolver_is_the_one_that_is_asked() -> None:
    assert "127.0.0.1" in by_the_system("127.0.0.1", 80)
