"""What is planted is found, what only looks like it is not, and both directions agree."""

from __future__ import annotations

import subprocess
import sys
import time
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.match.index import Index, Known
from iocmarket.kernel.match.keys import FOLDED, TYPES, Key, asked_of
from iocmarket.kernel.match.records import in_record
from iocmarket.kernel.match.text import in_text

HEX = "0123456789abcdef"
LABEL = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAME = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABEL, min_size=1, max_size=4), st.sampled_from(["org", "fr", "co", "zip", "xn--p1ai"]),
)  # fmt: skip
DIGEST = st.sampled_from([("md5", 32), ("sha1", 40), ("sha256", 64), ("sha512", 128)]).flatmap(
    lambda kind: st.text(HEX, min_size=kind[1], max_size=kind[1]).map(lambda text: (kind[0], text))
)
PLANTED = st.one_of(
    DIGEST,
    NAME.filter(lambda name: not name.replace(".", "").isdigit()).map(lambda name: ("domain", name)),
    st.ip_addresses(v=4).map(lambda one: ("ipv4", str(one))),
    st.ip_addresses(v=6).map(lambda one: ("ipv6", str(one))).filter(lambda one: not one[1].startswith("::ffff:")),
    NAME.map(lambda name: ("url", f"https://{name}/a/B?c=1")),
    NAME.map(lambda name: ("email", f"bob+x@{name}")),
    LABEL.map(lambda name: ("filename", f"{name}.exe")),
    LABEL.map(lambda name: ("file-path", rf"c:\users\public\{name}.exe")),
)
AROUND = st.sampled_from([(" ", " "), ('"', '"'), ("(", ")"), ("=", ";"), ("", ","), ("\t", "\n"), ("<", ">")])


@given(st.lists(st.tuples(PLANTED, AROUND), min_size=1, max_size=6), st.text(max_size=40))
def test_everything_that_is_planted_is_found(
    planted: list[tuple[tuple[str, str], tuple[str, str]]], noise: str
) -> None:
    text = noise + " " + " ".join(before + value + after for (_kind, value), (before, after) in planted)
    found = set(in_text(text))
    for (kind, value), _around in planted:
        wanted = str(ip_address(value)) if kind == "ipv6" else value
        assert Key(kind, wanted) in found, (text, kind, value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("notevil.com", "domain", "evil.com"),
        ("evil.com.example.net", "domain", "evil.com"),
        ("evil.com-backup.net", "domain", "evil.com"),
        ("éevil.com", "domain", "evil.com"),
        ("_evil.com", "domain", "evil.com"),
        (r"C:\x\evil.com", "domain", "evil.com"),
        ("1198.51.100.7", "ipv4", "198.51.100.7"),
        ("198.51.100.77", "ipv4", "198.51.100.7"),
        ("198.51.100.7.1", "ipv4", "198.51.100.7"),
        ("a" * 33, "md5", "a" * 32),
        ("x" + "a" * 32, "md5", "a" * 32),
        ("notodupd.exe", "filename", "odupd.exe"),
        ("odupd.exe.config", "filename", "odupd.exe"),
        ("xbob@evil.org", "email", "bob@evil.org"),
        ("https://evil.org/ab", "url", "https://evil.org/a"),
        ("12:34:56", "ipv6", "12:34:56::"),
        ("svchost.exe", "domain", "svchost.exe"),
    ],
)
def test_what_looks_like_it_is_not_found(text: str, kind: str, value: str) -> None:
    assert Key(kind, value) not in in_text(f"see {text} there")


@pytest.mark.parametrize(
    "text",
    [
        r"\\evil.org\share\a.dll", "DOMAIN@evil.org:443", "http://EVIL.org:8443/", "(evil.org)", "u=http://a.fr/?x=http://evil.org/y",
        "évil@evil.org", "evil.org.", "*.evil.org", "ldap://evil.org/o=x",
    ],
)  # fmt: skip
def test_a_name_is_found_wherever_it_stands(text: str) -> None:
    assert Key("domain", "evil.org") in in_text(text)


def test_a_name_under_a_known_one_is_a_hit_where_its_sub_names_are_meant() -> None:
    index = Index.of([Known(1, "domain", "evil.org", subtree=True), Known(2, "domain", "bad.org")])
    assert [one.id for one in index.hits(Key("domain", "a.b.evil.org"))] == [1]
    assert list(index.hits(Key("domain", "a.bad.org"))) == []
    assert [one.id for one in index.hits(Key("domain", "bad.org"))] == [2]
    assert list(index.hits(Key("domain", "notevil.org"))) == []


@given(st.ip_addresses(), st.integers(min_value=8, max_value=128))
def test_a_network_is_hit_by_its_addresses_alone(one: object, length: int) -> None:
    address = ip_address(str(one))
    bits = min(length, address.max_prefixlen)
    spare = address.max_prefixlen - bits
    start = type(address)(int(address) >> spare << spare)
    index = Index.of([Known(1, "cidr", f"{start}/{bits}")])
    assert [known.id for known in index.hits(Key(f"ipv{address.version}", str(address)))] == [1]
    outside = type(address)(int(address) ^ (1 << spare))
    assert list(index.hits(Key(f"ipv{address.version}", str(outside)))) == []


def test_a_record_tells_the_column_that_states_it() -> None:
    found = in_record({
        "destination.ip": "203.0.113.45", "destination.port": 8443, "process.executable": r"C:\Users\Public\ODUPD.exe",
        "registry.hive": "SYSTEM", "registry.key": r"ControlSet001\services\Evil", "registry.value": "ImagePath",
        "registry.data.strings": [r"C:\Users\Public\ODUPD.exe -x"], "service.name": "Evil",
        "winlog.event_data": r'{"a":[{"b":"\\\\.\\pipe\\evil"}],"c":"MD5=' + "A" * 32 + '"}',
        "file.path": r"C:\Windows\System32\Tasks\Maj\Quotidienne", "message": "tcp → 203.0.113.45:8443",
    })  # fmt: skip
    assert found[Key("ipv4", "203.0.113.45")] == "destination.ip"
    assert found[Key("ip-port", "203.0.113.45:8443")] == "destination.ip"
    assert found[Key("filename", "odupd.exe")] == "registry.data.strings"
    assert found[Key("file-path", r"c:\users\public\odupd.exe")] == "registry.data.strings"
    assert found[Key("regkey", r"hkey_local_machine\system\currentcontrolset\services\evil")] == "registry.key"
    assert (
        Key("regvalue", r"hkey_local_machine\system\controlset001\services\evil|c:\users\public\odupd.exe -x") in found
    )
    assert found[Key("service-name", "evil")] == "service.name"
    assert found[Key("named-pipe", r"\\.\pipe\evil")] == found[Key("md5", "a" * 32)] == "winlog.event_data"
    assert found[Key("scheduled-task", r"\maj\quotidienne")] == "file.path"


@pytest.mark.parametrize("kind", sorted({name for names in TYPES.values() for name in names} | FOLDED))
def test_every_type_is_one_of_the_platform(kind: str) -> None:
    assert kind in ioc_types


@pytest.mark.parametrize(
    "kind", ["md5", "sha1", "sha256", "sha512", "ipv4", "ipv6", "ip-port", "domain", "url", "email", "named-pipe"]
)
def test_keys_are_written_as_the_platform_writes_its_values(kind: str) -> None:
    """Whoever compares digests of both finds nothing otherwise."""
    for _raw, canonical in ioc_types[kind].examples:
        asked = {(one.type, one.value) for key in in_text(f"x {canonical} y") for one in asked_of(key)}
        assert (kind, canonical) in asked


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a.",
        "a-",
        "1.",
        "0:",
        "::",
        "http://",
        "http://a/;",
        "a@",
        "\\",
        "\\\\a",
        '"',
        '"a',
        "é.",
        "[",
        "ab ",
        "f" * 32,
    ],
)
def test_the_cost_is_linear_in_the_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        return min(_timed(text) for _ in range(3))

    assert seconds(160_000) < 12 * seconds(40_000) + 0.05  # sixteen times would be a square


def _timed(text: str) -> float:
    began = time.perf_counter()
    in_text(text)
    return time.perf_counter() - began


def test_it_needs_no_django() -> None:
    """Where the package is all there is of the program, as in the hunter's."""
    code = (
        "import sys, types; top = types.ModuleType('iocmarket'); top.__path__ = ['iocmarket'];"
        "sys.modules['iocmarket'] = top; import iocmarket.kernel.match.records, iocmarket.kernel.match.index;"
        "print('django' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
