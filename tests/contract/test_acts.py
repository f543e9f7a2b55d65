"""Every act that the program records has a sentence in the journal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from iocmarket.audit.sentences import SENTENCES

ROOT = Path(__file__).parents[2]
HOUSES = ("iocmarket", "ingestion", "sharing")
WRITERS = {"record", "_record", "record_change", "note"}
"""Functions whose first argument is the name of an act."""


def recorded() -> Iterator[tuple[str, str]]:
    """Where an act is recorded, and its name."""
    for house in HOUSES:
        for file in sorted((ROOT / house).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and _name(node.func) in WRITERS and node.args:
                    for action in _written(node.args[0]):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", action


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _written(argument: ast.expr) -> list[str]:
    """The names that stand there: a word, or one of two. What is put together is looked at by hand."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and "." in argument.value:
        return [argument.value]
    if isinstance(argument, ast.IfExp):
        return [*_written(argument.body), *_written(argument.orelse)]
    return []


def test_every_act_has_a_sentence() -> None:
    assert [(where, action) for where, action in recorded() if action not in SENTENCES] == []


def test_the_search_finds_acts() -> None:
    assert {"token.created", "institution.let_in", "member.role_changed", "submission.received"} <= {
        action for _, action in recorded()
    }


def test_a_sentence_names_who_did_it() -> None:
    assert not [action for action, said in SENTENCES.items() if "%(who)s" not in str(said)]
