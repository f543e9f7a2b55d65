"""YARA rules of several authors in one file: no name twice, each import once, none that decides over those of others.

A text is cut into its words; what is no word of the language (comments, strings, regular expressions, hexadecimal
patterns) is never looked into. Whatever is changed is compiled before it is told, so that a cut in the wrong place
loses a rule and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from sharing.feeds.items import Unwritable

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<of_rule>[$\#@!]\w*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_REGEX = re.compile(r"/(?:[^/\\\n]|\\.)+/")
_HEX = re.compile(r"\{[^}]*\}")
_BEFORE_REGEX = frozenset({"=", "(", ",", "matches"})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@cache
def _modules() -> frozenset[str]:
    import yara_x  # noqa: PLC0415

    names: tuple[str, ...] = yara_x.module_names()  # type: ignore[attr-defined]
    return frozenset(names)


@dataclass(slots=True)
class Book:
    """What a file of rules holds so far."""

    names: set[str] = field(default_factory=lambda: set(_modules()))
    """Taken: by rules, and by modules, which a rule of that name would hide."""
    imported: set[str] = field(default_factory=set)

    def add(self, text: str, suffix: str) -> str:
        """The text as it stands in the file from now on: as it was sent, but for imports and names that are taken.

        `suffix` goes with those. Raises Unwritable(`rule_refused`) and changes nothing.
        """
        tokens = list(_tokens(text))
        modules, body = _without_imports(tokens)
        declared = _declared(body)
        if not declared or any(token.kind == "word" and token.text in {"global", "include"} for token in body):
            raise Unwritable("rule_refused")  # a global rule that says no silences all others
        renamed = {name: f"{name}_{suffix}" for name in declared if name in self.names}
        told = "".join(_renamed(body, renamed)).strip() + "\n"
        if not set(renamed.values()).isdisjoint({*self.names, *declared}):
            raise Unwritable("rule_refused")
        compiles("".join(f'import "{module}"\n' for module in sorted(modules)) + told)
        self.names.update(renamed.get(name, name) for name in declared)
        missing = sorted(modules - self.imported)
        self.imported.update(missing)
        return "".join(f'import "{module}"\n' for module in missing) + told


def compiles(text: str) -> None:
    """Whether YARA-X compiles the text, as strictly as its consumers do. Raises Unwritable(`rule_refused`)."""
    import yara_x  # noqa: PLC0415 (several megabytes, for the feed of rules alone)

    compiler = yara_x.Compiler()
    compiler.enable_includes(False)
    try:
        compiler.add_source(text)
        compiler.build()
    except yara_x.CompileError as error:
        raise Unwritable("rule_refused") from error


def _tokens(text: str) -> Iterator[_Token]:
    before, at = "", 0
    while at < len(text):
        special = None
        if text[at] == "/" and before in _BEFORE_REGEX and not text.startswith(("//", "/*"), at):
            special = _REGEX.match(text, at)
        elif text[at] == "{" and before == "=":
            special = _HEX.match(text, at)
        found = special or _TOKEN.match(text, at)
        if found is None:  # every character is at least another one
            raise Unwritable("rule_refused")
        token = _Token("string" if special else found.lastgroup or "other", found[0])
        yield token
        if token.kind != "space":
            before = token.text
        at = found.end()


def _without_imports(tokens: list[_Token]) -> tuple[set[str], list[_Token]]:
    """The modules that are imported, and what is left."""
    modules: set[str] = set()
    body: list[_Token] = []
    importing = False
    for token in tokens:
        if importing and token.kind == "string":
            modules.add(token.text[1:-1])
            importing = False
        elif token.kind == "word" and token.text == "import":
            importing = True
        elif not importing or token.kind != "space":
            body.append(token)
    if importing or any(not re.fullmatch(r"\w+", module) for module in modules):
        raise Unwritable("rule_refused")
    return modules, body


def _declared(tokens: list[_Token]) -> list[str]:
    words = [token for token in tokens if token.kind != "space"]
    return [
        name.text
        for keyword, name in pairwise(words)
        if (keyword.kind, keyword.text, name.kind) == ("word", "rule", "word")
    ]


def _renamed(tokens: list[_Token], names: dict[str, str]) -> Iterator[str]:
    """With other names of rules; the fields of a module's structures are no rules."""
    before = ""
    for token in tokens:
        yield names.get(token.text, token.text) if token.kind == "word" and before != "." else token.text
        if token.kind != "space":
            before = token.text
