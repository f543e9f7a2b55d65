"""Sigma rules, one YAML document each: those that members sent, and one or two for each value that logs can show.

Searching logs is passive, so every PAP may be carried; each document says its labels. A submitted rule stands as it was
sent if pySigma still reads it and it is nothing but a rule: a document with `action`, `filter` or `correlation` would
decide over the rules of others in the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from iocmarket.indicators.types.files import name_of
from iocmarket.kernel.decision import Refusal
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta, Unwritable

_ID = re.compile(r"^id:[ \t]*['\"]?([0-9A-Fa-f-]{36})\b", re.MULTILINE)
_DECIDES = frozenset({"action", "filter", "correlation"})
_SPECIAL = re.compile(r"[\\*?]")
_HASHES = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256"}


class _Search(NamedTuple):
    """One rule: where to look, and pairs of field and value of which one must be there."""

    category: str
    product: str
    fields: tuple[tuple[str, str], ...]


class Sigma(LineFormat):
    """`rules` says which: submitted ones, generated ones, or both."""

    name = "sigma"
    label = "Sigma"
    media_type = "application/yaml; charset=utf-8"
    extension = "yml"
    mode = Mode.DETECT
    accepts = frozenset({Trait.NAME, Trait.ADDRESS, Trait.NETWORK, Trait.URL, Trait.FILE_NAME})
    also = frozenset({"sigma", "user-agent", *_HASHES})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"rules": ("all", "submitted", "generated")}
    recipes = (
        fetch("sigma-cli"),
        Recipe("sigma-cli", "sh", "sigma convert --target splunk --pipeline splunk_windows {name}\n"),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Rules, values, or both."""
        wanted = {"all": {True, False}, "submitted": {True}, "generated": {False}}[options["rules"]]
        return [kind for kind in self.types() if (kind.name == "sigma") in wanted]

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The documents of one value. Raises Unwritable: `rule_refused`."""
        del options
        if item.type == "sigma":
            return _submitted(item)
        return "".join(_generated(item, number, search) for number, search in enumerate(_searches(item)))

    def entry(self, item: Item, options: Mapping[str, str]) -> str:
        """Of two rules that name themselves alike, one is a version of the other."""
        del options
        if item.type != "sigma":
            return str(item.public_id)
        found = _ID.search(item.value)
        return found[1].lower() if found else str(item.public_id)


def _searches(item: Item) -> Iterator[_Search]:
    value = literal(item.value)
    if Trait.NAME in item.traits:
        below = [("query|endswith", f".{value}")] if item.subtree else []
        yield _Search("dns", "", (("query", value), *below))
        below = [("cs-host|endswith", f".{value}")] if item.subtree else []
        yield _Search("proxy", "", (("cs-host", value), *below))
    elif Trait.NETWORK in item.traits:
        yield _Search("firewall", "", (("dst_ip|cidr", item.value), ("src_ip|cidr", item.value)))
    elif Trait.ADDRESS in item.traits:
        yield _Search("firewall", "", (("dst_ip", value), ("src_ip", value)))
    elif Trait.URL in item.traits:
        yield _Search("proxy", "", (("c-uri", value),))
    elif item.type == "user-agent":
        yield _Search("proxy", "", (("c-useragent", value),))
    elif Trait.FILE_NAME in item.traits:
        yield _Search("file_event", "windows", (("TargetFilename|endswith", literal(f"\\{name_of(item.value)}")),))
    else:
        yield _Search("process_creation", "windows", (("Hashes|contains", f"{_HASHES[item.type]}={value}"),))


def _generated(item: Item, number: int, search: _Search) -> str:
    """A rule on lines of ours: the value stands between quotes in which nothing can end them."""
    title = " ".join(["IOC market", item.type, *item.threat_types, f"({search.category})"])
    own = UUID(str(item.public_id))
    product = f"  product: {search.product}\n" if search.product else ""
    detection = "".join(
        f"  value{place}:\n    {field}: {quoted(value)}\n" for place, (field, value) in enumerate(search.fields)
    )
    return (
        f"---\ntitle: {title}\nid: {own if number == 0 else uuid5(NAMESPACE_URL, f'{own}#{number}')}\n"
        f"status: experimental\n{_labels(item)}logsource:\n  category: {search.category}\n{product}"
        f"detection:\n{detection}  condition: 1 of value*\nlevel: medium\n"
    )


def _labels(item: Item) -> str:
    tags = [f"tlp.{item.marking.tlp.slug}", f"pap.{item.marking.pap.slug}"]
    return f"custom:\n  ioc_uuid: {item.public_id}\ntags:\n" + "".join(f"  - {tag}\n" for tag in tags)


def _submitted(item: Item) -> str:
    """The text, behind a comment with its labels."""
    labels = f"# {item.public_id}: TLP:{item.marking.tlp.label}, PAP:{item.marking.pap.label}\n"
    text = f"{item.value.rstrip()}\n"
    document = f"{labels}{text}" if text.startswith("---") else f"---\n{labels}{text}"
    if not isinstance(told := _only_document(document), dict) or not _DECIDES.isdisjoint(told):
        raise Unwritable("rule_refused")
    try:
        ioc_types["sigma"].normalise(item.value, explicit=True)
    except Refusal as refusal:
        raise Unwritable("rule_refused") from refusal
    return document


def _only_document(text: str) -> Any:
    """What stands in the text; None for no document or several, or when no YAML is in it."""
    import yaml  # noqa: PLC0415 (for submitted rules alone)

    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            return None
        found = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return found[0] if len(found) == 1 else None


def literal(value: str) -> str:
    """A value in which nothing is a wildcard (Sigma specification, escaping)."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", value)


def quoted(text: str) -> str:
    """A double-quoted scalar (YAML 1.1 section 5.7), ASCII alone."""
    return '"' + "".join(map(_letter, text)) + '"'


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isascii() and letter.isprintable():
        return letter
    return f"\\U{ord(letter):08X}"


formats.register(Sigma())
