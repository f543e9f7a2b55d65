"""Every code of an archive or of a member has its sentence, and no sentence is without its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from ingestion.evidence.reasons import ARCHIVES, MEMBERS

FOLDER = Path(settings.BASE_DIR) / "ingestion/evidence/containers"
OF_ARCHIVES = {"Refused", "Guarded"}
OF_MEMBERS = {"_reject", "Broken"}
# Assigned or returned, then raised: found by their shape.
WORDS = {"absolute-name", "empty-name", "name-too-long", "traversal", "device", "link", "special"}


def codes(names: set[str]) -> Iterator[str]:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                for argument in node.args[: {"Guarded": 3, "_reject": 2}.get(name, 1)] if name in names else []:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and re.fullmatch("[a-z]+(-[a-z]+)*", str(part.value)):
                            yield str(part.value)


def source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))


def test_every_code_has_its_sentence() -> None:
    raised = set(codes(OF_ARCHIVES)) - {"file"}
    assert raised <= set(ARCHIVES)
    assert set(codes(OF_MEMBERS)) - {"file"} <= set(MEMBERS)
    assert set(MEMBERS) >= WORDS


def test_no_sentence_is_without_its_code() -> None:
    text = source()
    assert {code for code in MEMBERS if f'"{code}"' not in text} == set()
