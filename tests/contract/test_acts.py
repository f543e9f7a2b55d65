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
PUT_TOGETHER = {
    "institution.approved", "institution.suspended", "member.approved", "member.refused", "submission.done",
    "submission.failed",
}  # fmt: skip
"""Acts whose name is written with the state that they lead to."""


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


def test_no_sentence_is_of_an_act_that_nobody_records() -> None:
    written = {action for _, action in recorded()} | PUT_TOGETHER
    assert sorted(set(SENTENCES) - written) == []


def test_whoever_is_told_who_acts_records_the_act_or_tells_on() -> None:
    """Every public function of the program that is given an actor hands it to another one, in the end to `record`.

    Or to `note`, which writes it into the chain of custody of evidence.
    """
    silent = [where.rpartition(" ")[2] for where, tells in actors() if not tells]
    assert silent == ["record", "note"]
    assert len(list(actors())) > 30


def actors() -> Iterator[tuple[str, bool]]:
    """Public functions that are told who acts, and whether they tell anybody."""
    for house in HOUSES:
        for file in sorted((ROOT / house).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    told = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
                    if "actor" in told:
                        yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", _hands_on(node, "actor")


def _hands_on(function: ast.FunctionDef, name: str) -> bool:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    given = [value for call in calls for value in (*call.args, *(keyword.value for keyword in call.keywords))]
    return any(isinstance(value, ast.Name) and value.id == name for value in given)
