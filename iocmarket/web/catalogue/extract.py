"""Finding the texts to translate: in Python by its syntax tree, in templates through Django's own reading of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from iocmarket.web.catalogue.message import Message

HOUSES = ("iocmarket", "ingestion", "sharing")
# Which arguments of a gettext function are (context, text, plural); None where it takes none.
_SHAPES: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "pgettext": (0, 1, None),
    "ngettext": (None, 0, 1),
    "npgettext": (0, 1, 2),
}
_SHAPES |= {f"{name}_lazy": shape for name, shape in _SHAPES.items()} | {"_": (None, 0, None)}
_LITERAL = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CALL = re.compile(rf"\b(_|gettext|ngettext|pgettext|npgettext)\((\s*{_LITERAL}(?:\s*,\s*{_LITERAL})*)", re.DOTALL)


def messages_of(project: Path) -> dict[tuple[str, str], Message]:
    """Every message of the program with the files that use it."""
    found: dict[tuple[str, str], Message] = {}
    for path in sources(project):
        place = path.relative_to(project).as_posix()
        text = path.read_text(encoding="utf-8")
        for message in in_python(text) if path.suffix == ".py" else in_template(text):
            known = found.setdefault(message.key, message)
            known.plural = known.plural or message.plural
            known.places.add(place)
    return found


def sources(project: Path) -> Iterator[Path]:
    """The files that may hold texts: the code of the three houses and the templates."""
    for house in HOUSES:
        yield from sorted((project / house).rglob("*.py"))
    yield from sorted(path for path in (project / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def in_python(source: str) -> Iterator[Message]:
    """Calls of gettext functions with literal texts, under Django's names or as `_`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            message = _from_arguments(name, node.args)
            if message is not None:
                yield message


def in_template(source: str) -> Iterator[Message]:
    """The texts of `translate`, `blocktranslate` and `_("…")` in a template."""
    for call in _CALL.finditer(templatize(source)):
        arguments = ast.parse(f"f({call.group(2)})", mode="eval").body
        message = _from_arguments(call.group(1), arguments.args if isinstance(arguments, ast.Call) else [])
        if message is not None:
            yield message


def _from_arguments(name: str, arguments: list[ast.expr]) -> Message | None:
    if name not in _SHAPES:
        return None
    context, text, plural = _SHAPES[name]
    original = _literal(arguments, text)
    if not original:
        return None
    return Message(
        original,
        (_literal(arguments, plural) or "") if plural is not None else "",
        _literal(arguments, context) if context is not None else None,
    )


def _literal(arguments: list[ast.expr], index: int) -> str | None:
    node = arguments[index] if index < len(arguments) else None
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
