"""Detection rules: each is read by the library of its language before it is taken, and is its own STIX pattern.

The libraries weigh several megabytes: a process that meets no rule never loads them.
"""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import RULE_LENGTH, Canonical, IocType, Trait, exact, ioc_types
from iocmarket.kernel.decision import Refusal

_SHOWN = 300


class Rule(IocType):
    """A rule to the letter, its line ends made uniform."""

    traits = frozenset({Trait.RULE})
    lifetime_days: ClassVar[int] = 730
    verbatim: ClassVar[bool] = True
    titled: ClassVar[re.Pattern[str]]
    """Where the rule says its name."""

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal `bad_rule` with what the library says, and those of every type."""
        del explicit
        text = exact(raw, longest=RULE_LENGTH, lines=True)
        self.check(text)
        return Canonical(text)

    def check(self, text: str) -> None:
        """Whether the text is a rule. Raises Refusal `bad_rule`."""
        raise NotImplementedError

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """The rule."""
        del subtree
        return value

    def title(self, value: str) -> str:
        """The name that the rule gives itself, else its first line."""
        found = self.titled.search(value)
        return (found[1] if found else value.partition("\n")[0])[:_SHOWN]


def _bad(error: object) -> Refusal:
    said = " ".join(str(error).split())
    return Refusal("bad_rule", f"The rule cannot be read: {said[:_SHOWN]}")


class Yara(Rule):
    """One or several YARA rules; files that they include are not read."""

    name: ClassVar[str] = "yara"
    misp_type: ClassVar[str] = "yara"
    label = "YARA"
    pattern_type: ClassVar[str] = "yara"
    titled = re.compile(r"(?:^|\n)\s*(?:(?:private|global)\s+)*rule\s+(\w+)")
    examples = (
        ('rule evil {\r\n  condition: filesize == 7\r\n}\n', "rule evil {\n  condition: filesize == 7\n}"),
    )  # fmt: skip

    def check(self, text: str) -> None:
        """Compiled with yara-x."""
        import yara_x  # noqa: PLC0415 (see the head of this module)

        compiler = yara_x.Compiler(relaxed_re_syntax=True, error_on_slow_pattern=True)
        compiler.enable_includes(False)
        try:
            compiler.add_source(text)
        except yara_x.CompileError as error:
            raise _bad(error) from error
        if self.titled.search(text) is None:
            raise _bad("there is no rule in it")


_SIGMA = """title: Evil
logsource:
  category: process_creation
detection:
  a:
    Image: evil.exe
  condition: a"""


class Sigma(Rule):
    """One Sigma rule, in YAML without aliases."""

    name: ClassVar[str] = "sigma"
    misp_type: ClassVar[str] = "sigma"
    label = "Sigma"
    pattern_type: ClassVar[str] = "sigma"
    titled = re.compile(r"(?:^|\n)title:[ ]*['\"]?([^\n'\"]+)")
    examples = ((_SIGMA, _SIGMA),)

    def check(self, text: str) -> None:
        """Read with pySigma, its condition too."""
        import yaml  # noqa: PLC0415
        from sigma.exceptions import SigmaError  # noqa: PLC0415
        from sigma.rule import SigmaRule  # noqa: PLC0415

        try:
            if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
                raise _bad("an alias (*name) could make it endless")
            rule = SigmaRule.from_yaml(text)
            for condition in rule.detection.parsed_condition:
                condition.parse()
        # pySigma lets the errors of Python through where a rule has a value of another type than it expects.
        except (SigmaError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise _bad(error) from error


class Suricata(Rule):
    """One Suricata rule on one line."""

    name: ClassVar[str] = "suricata"
    misp_type: ClassVar[str] = "snort"
    aliases = frozenset({"snort"})
    label = "Suricata"
    pattern_type: ClassVar[str] = "suricata"
    titled = re.compile(r"\bmsg:\s*\"([^\"]+)")
    examples = (
        (
            'alert dns any any -> any any (msg:"evil"; dns.query; content:"evil.org"; sid:1; rev:1;)',
            'alert dns any any -> any any (msg:"evil"; dns.query; content:"evil.org"; sid:1; rev:1;)',
        ),
    )
    _actions = frozenset({"alert", "pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth"})

    def check(self, text: str) -> None:
        """Parsed with suricataparser; Suricata itself has the last word where the rule is loaded."""
        import suricataparser  # type: ignore[import-untyped]  # noqa: PLC0415

        if "\n" in text:
            raise _bad("a rule stands on one line; send several rules one by one")
        try:
            rule = suricataparser.parse_rule(text)
        except (ValueError, AttributeError, KeyError, IndexError, TypeError) as error:
            raise _bad(error) from error
        if rule is None or not rule.enabled or rule.action not in self._actions:
            raise _bad("it does not begin with an action, such as alert")
        if len(rule.header.split()) != _HEADER_WORDS or rule.sid is None or not rule.msg:
            raise _bad("a rule has protocol, addresses, ports and direction, a msg and a sid")


_HEADER_WORDS = 6
"""Protocol, address, port, direction, address, port; an action stands before them."""


class StixPattern(Rule):
    """A pattern of STIX 2.1 (section 9) that is more than one value."""

    name: ClassVar[str] = "stix-pattern"
    misp_type: ClassVar[str] = "stix2-pattern"
    aliases = frozenset({"stix2-pattern"})
    label = "STIX"
    titled = re.compile(r"\A(.+)")
    examples = (
        (
            "[file:name = 'a.exe' AND file:size = 7] FOLLOWEDBY [domain-name:value = 'evil.org']",
            "[file:name = 'a.exe' AND file:size = 7] FOLLOWEDBY [domain-name:value = 'evil.org']",
        ),
    )

    def check(self, text: str) -> None:
        """Validated with the stix2-patterns of OASIS."""
        from stix2patterns.validator import run_validator  # type: ignore[import-untyped]  # noqa: PLC0415

        if len(text) > _PATTERN_MAX or max(map(text.count, "[(")) > _BRACKETS_MAX:
            raise _bad("it is too long or nested too deeply")
        try:
            faults = run_validator(text, stix_version="2.1")
        except (RecursionError, ValueError, KeyError) as error:
            raise _bad(error) from error
        if faults:
            raise _bad(faults[0])


_PATTERN_MAX = 10_000
_BRACKETS_MAX = 100

for _kind in (Yara, Sigma, Suricata, StixPattern):
    ioc_types.register(_kind())
