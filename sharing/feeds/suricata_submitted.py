"""A Suricata rule that a member sent, as others may load it: watching in silence, under a number of ours, or not.

One rule that Suricata refuses keeps a probe from loading all of them, and nobody can run Suricata for each line of a
feed: so only what is known to load is let through, a small part of the language that most rules on indicators keep to.
What belongs to the site that wrote the rule (number, class, references) is left out; what would do more than to alert
is refused.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from sharing.feeds.items import Unwritable

LONGEST = 250
"""Octets of a content."""
LEAST = 4
"""Octets that a rule must look for: with fewer it would speak of everything."""
_PROTOCOLS = frozenset({"tcp", "udp", "ip", "http", "dns", "tls", "smtp", "ftp", "ssh", "smb"})
_RULE = re.compile(
    r"(?:alert|drop|reject) (?P<protocol>[a-z]+) (?P<ends>\S+ \S+ (?:->|<>) \S+ \S+) ?\((?P<options>.*)\)", re.DOTALL
)
_OPTION = re.compile(r'\s*(?P<name>[a-z_.]+)(?:\s*:\s*(?P<value>!?"(?:[^"\\]|\\.)*"|[^";\\]*))?\s*;')
_LEFT_OUT = frozenset({"msg", "sid", "rev", "gid", "metadata", "reference", "classtype", "priority", "target"})
_VARIABLES = re.compile(r"\$HOME_NET|\$EXTERNAL_NET|any")
_PORTS = re.compile(r"any|\$HTTP_PORTS|!?(?:\d{1,5}|\d{1,5}:\d{0,5})|\[\d{1,5}(?:,\d{1,5})*\]")
_FLOW = frozenset({"established", "to_server", "to_client", "from_client", "from_server", "stateless"})
_TO_SERVER, _TO_CLIENT = "server", "client"
_DIRECTIONS = {
    "to_server": _TO_SERVER, "from_client": _TO_SERVER, "to_client": _TO_CLIENT, "from_server": _TO_CLIENT,
}  # fmt: skip
# buffer → (protocol, direction)
_BUFFERS = {
    "dns.query": ("dns", _TO_SERVER), "tls.sni": ("tls", _TO_SERVER), "tls.cert_subject": ("tls", _TO_CLIENT),
    "tls.cert_issuer": ("tls", _TO_CLIENT), "http.uri": ("http", _TO_SERVER), "http.uri.raw": ("http", _TO_SERVER),
    "http.host": ("http", _TO_SERVER), "http.user_agent": ("http", _TO_SERVER), "http.referer": ("http", _TO_SERVER),
    "http.request_body": ("http", _TO_SERVER), "http.method": ("http", _TO_SERVER),
    "http.response_body": ("http", _TO_CLIENT), "http.location": ("http", _TO_CLIENT),
}  # fmt: skip
_HEX = re.compile(r"\|((?:[0-9A-Fa-f]{2} ?)+)\|")
_PLACED = frozenset({"depth", "offset", "distance", "within"})
_PCRE = re.compile(r'"/(?P<body>.+)/(?P<flags>[ims]{0,3})"', re.DOTALL)
_PCRE_BODY = re.compile(
    r"(?:[A-Za-z0-9 _.,:=&%@#~<>!'+*?^$|()\[\]{}-]|\\[dDwWsSbnrt./?+*()\[\]{}|^$;:\"\\-]|\\x[0-9a-f]{2}|\(\?:)+"
)
# Groups that are more than groups, classes in classes, and counts that PCRE finds too large.
_APART = re.compile(r"\(\?(?!:)|\[[^\]]*\[|--|&&|\|\||~~|\{\d{4}|,\d{4}")
_THRESHOLD = re.compile(r"type (?:limit|threshold|both), ?track by_(?:src|dst), ?count \d{1,5}, ?seconds \d{1,5}")


@dataclass(slots=True)
class _Content:
    octets: bytes
    negated: bool
    said: dict[str, int | None] = field(default_factory=dict)
    """The modifiers, with their number."""


@dataclass(slots=True)
class _Reading:
    """What the options said so far."""

    protocol: str
    kept: list[str] = field(default_factory=list)
    buffer: str = ""
    following: list[_Content] = field(default_factory=list)
    """The contents of the buffer; distances begin at the one before."""
    found: int = 0
    """Octets that are looked for."""
    directions: set[str] = field(default_factory=set)
    once: set[str] = field(default_factory=set)
    buffers: set[str] = field(default_factory=set)
    buffer_empty: bool = False

    def option(self, name: str, value: str | None) -> None:
        """Take one. Raises Unwritable(`rule_refused`) for whatever is not known to load."""
        if name in _LEFT_OUT:
            return
        self.kept.append(f"{name}:{value};" if value is not None else f"{name};")
        if name == "content" and value is not None:
            self._content(value)
        elif name in _BUFFERS and value is None:
            self._buffer(name)
        elif name in {"nocase", "startswith", "endswith", "fast_pattern"} and value is None:
            self._modify(name, None)
        elif name in _PLACED and value is not None:
            self._modify(name, _number(value))
        else:
            self._other(name, value or "")

    def _other(self, name: str, value: str) -> None:
        if name == "dotprefix" and not value and self.buffer in {"dns.query", "tls.sni", "http.host"}:
            _need(self.buffer_empty and name not in self.once)
            self.once.add(name)
        elif name == "flow":
            self._flow([word.strip() for word in value.split(",")])
        elif name == "threshold":
            _need(_THRESHOLD.fullmatch(value) is not None and name not in self.once)
            self.once.add(name)
        elif name == "pcre":
            self._pcre(value)
        else:
            raise Unwritable("rule_refused")

    def _content(self, value: str) -> None:
        octets = _octets(value.removeprefix("!"))
        _need(self.buffer != "http.host" or octets == octets.lower())
        _need(self.buffer != "http.method" or (octets.isalpha() and octets.isupper()))
        made = _Content(octets, value.startswith("!"))
        self.following.append(made)
        self.buffer_empty = False
        if not made.negated:
            self.found += len(octets)

    def _buffer(self, name: str) -> None:
        protocol, direction = _BUFFERS[name]
        _need(self.protocol in {protocol, "tcp"} or (protocol, self.protocol) == ("dns", "udp"))
        _need(not self.buffer_empty and name not in self.buffers)
        self._close()
        self.directions.add(direction)
        _need(len({_BUFFERS[known][0] for known in {*self.buffers, name}}) == 1)
        self.buffers.add(name)
        self.buffer, self.following, self.buffer_empty = name, [], True

    def _modify(self, name: str, number: int | None) -> None:
        _need(bool(self.following))
        last = self.following[-1]
        said = last.said
        _need(name not in said)
        _need(name != "nocase" or self.buffer != "http.host")
        if name == "fast_pattern":
            _need(name not in self.once and not last.negated)
            self.once.add(name)
        said[name] = number
        edges = {"startswith", "endswith"} & said.keys()
        relative, absolute = {"distance", "within"} & said.keys(), {"depth", "offset"} & said.keys()
        _need(not (relative and absolute) and not (edges and (relative or absolute)))
        _need(not (relative and len(self.following) < 2) and not (last.negated and (relative or edges)))
        _need(all((said.get(one) or LONGEST) >= len(last.octets) for one in ("depth", "within") if one in said))

    def _flow(self, words: list[str]) -> None:
        _need("flow" not in self.once and set(words) <= _FLOW and len(set(words)) == len(words))
        _need(self.protocol != "ip" and not {"established", "stateless"} <= set(words))
        self.once.add("flow")
        told = [_DIRECTIONS[word] for word in words if word in _DIRECTIONS]
        _need(len(told) < 2)
        self.directions.update(told)

    def _pcre(self, value: str) -> None:
        """An expression that Python and PCRE read alike."""
        told = _PCRE.fullmatch(value)
        _need(told is not None and "pcre" not in self.once)
        self.once.add("pcre")
        if told is not None:
            _need(_PCRE_BODY.fullmatch(told["body"]) is not None and len(set(told["flags"])) == len(told["flags"]))
            _need(_APART.search(told["body"]) is None and told["body"].count("{") < 2)
            _need(self.buffer != "http.host" or not re.search("[A-Z]|i$", told["body"] + told["flags"]))
            try:
                re.compile(told["body"])
            except (re.error, RecursionError, OverflowError) as error:
                raise Unwritable("rule_refused") from error
        self.buffer_empty = False

    def _close(self) -> None:
        """Look at the contents of one buffer: those that fix its length or their place stand without others."""
        fixed = [one for one in self.following if {"startswith", "endswith"} <= one.said.keys()]
        _need(not fixed or len(self.following) == 1)
        said = {name for one in self.following for name in one.said}
        _need(not ({"depth", "offset", "startswith", "endswith"} & said and {"distance", "within"} & said))

    def finish(self) -> None:
        """Look at the whole."""
        self._close()
        _need(self.found >= LEAST and len(self.directions) < 2 and not self.buffer_empty)


def submitted(text: str) -> tuple[str, str, str]:
    """Protocol, ends and options of the rule that goes out for this one, without message, number and labels.

    Raises Unwritable(`rule_refused`).
    """
    rule = _RULE.fullmatch(text.strip())
    _need(rule is not None and text.isprintable())
    if rule is None or rule["protocol"] not in _PROTOCOLS:
        raise Unwritable("rule_refused")
    source, source_port, _arrow, target, target_port = rule["ends"].split(" ")
    _need(all(map(_is_address, (source, target))) and all(map(_is_port, (source_port, target_port))))
    _need(rule["protocol"] != "ip" or (source_port, target_port) == ("any", "any"))
    reading = _Reading(rule["protocol"])
    place, options = 0, rule["options"].strip()
    while place < len(options):
        option = _OPTION.match(options, place)
        if option is None:
            raise Unwritable("rule_refused")
        reading.option(option["name"], None if option["value"] is None else option["value"].strip())
        place = option.end()
    reading.finish()
    return rule["protocol"], rule["ends"], " ".join(reading.kept)


def _need(condition: bool) -> None:
    if not condition:
        raise Unwritable("rule_refused")


def _number(text: str) -> int:
    _need(re.fullmatch(r"\d{1,5}", text, re.ASCII) is not None and int(text) < 65536)
    return int(text)


def _octets(text: str) -> bytes:
    """The octets of a content. Raises Unwritable for one that Suricata reads otherwise than it looks."""
    _need(len(text) > 2 and text[0] == text[-1] == '"')
    inner = text[1:-1]
    plain = _HEX.sub("", inner)
    _need(re.search(r'[|"\\;:]', plain) is None)
    octets = b"".join(
        bytes.fromhex(part) if place % 2 else part.encode() for place, part in enumerate(_HEX.split(inner))
    )
    _need(0 < len(octets) <= LONGEST)
    return octets


def _is_address(text: str) -> bool:
    if _VARIABLES.fullmatch(text):
        return True
    listed = text[1:-1].split(",") if text.startswith("[") and text.endswith("]") else [text.removeprefix("!")]
    try:
        return bool([ipaddress.ip_network(one) for one in listed])
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    if not _PORTS.fullmatch(text):
        return False
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return all(0 < number < 65536 for number in numbers) and (":" not in text or numbers == sorted(set(numbers)))
