"""Values of every registered type, drawn by hypothesis: each passes through `normalise`, so each is canonical."""

from __future__ import annotations

from hypothesis import strategies as st

from iocmarket.indicators.types.base import IocType, ioc_types
from iocmarket.kernel.decision import Refusal

_LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_NAME = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(_LABEL, min_size=1, max_size=4),
    st.sampled_from(["org", "fr", "co.uk", "github.io", "xyz"]),
)
_V4 = st.ip_addresses(v=4).map(str)
_V6 = st.ip_addresses(v=6).map(str)
# Characters that refanging, escaping and quoting care about, more often than chance would have them.
_PATH = st.text(st.sampled_from("ab/.%2eE7~[](){}<>\\'\"@:,;?#&= é。-_*hxpt"), max_size=30)
_HOST = st.one_of(_NAME, _V4, _V6.map("[{}]".format))
_URL = st.builds(
    lambda scheme, user, host, port, path: f"{scheme}://{user}{host}{port}/{path}",
    st.sampled_from(["http", "https", "ftp", "ldap", "sftp"]),
    st.sampled_from(["", "user:pa@", "a[.]b@"]),
    _HOST,
    st.sampled_from(["", ":80", ":443", ":8080"]),
    _PATH,
)
_DIGITS = st.integers(0, 2**32 + 5).map(str)
_FILE = st.text(st.sampled_from("aB.exzip/\\:[]U+202E\u202e\u200b\"' é🦊_-"), min_size=1, max_size=30)
_RAW: dict[str, st.SearchStrategy[str]] = {
    "ipv4": _V4,
    "ipv6": _V6,
    "cidr": st.one_of(
        st.builds(lambda address, length: f"{address}/{length}", _V4, st.integers(8, 31)),
        st.builds(lambda address, length: f"{address}/{length}", _V6, st.integers(16, 127)),
    ),
    "domain": _NAME,
    "url": _URL,
    "email": st.builds(
        lambda local, name: f"{local}@{name}", st.from_regex(r"[a-z][\w.+{}'-]{0,20}", fullmatch=True), _NAME
    ),
    "asn": st.builds(lambda before, number: before + number, st.sampled_from(["AS", "asn: ", ""]), _DIGITS),
    "cve": st.builds(
        lambda year, number: f"CVE-{year}-{number:04d}", st.integers(1999, 2030), st.integers(0, 10**19 - 1)
    ),
    "filename": _FILE,
}


def raw_values(kind: IocType) -> st.SearchStrategy[str]:
    """Typed values of a type, most of them valid; the examples of a type of which nothing more is known."""
    digits = getattr(kind, "digits", None)
    if digits is not None:
        return st.text(st.sampled_from("0123456789abcdef"), min_size=digits, max_size=digits)
    return _RAW.get(kind.name, st.sampled_from([raw for raw, _canonical in kind.examples]))


def canonical_values(kind: IocType) -> st.SearchStrategy[str]:
    """Canonical values of a type."""
    return raw_values(kind).map(lambda raw: _canonical(kind, raw)).filter(bool)


def _canonical(kind: IocType, raw: str) -> str:
    try:
        return kind.normalise(raw, explicit=True).value
    except Refusal:
        return ""


def all_types() -> list[IocType]:
    """What is registered."""
    return list(ioc_types)
