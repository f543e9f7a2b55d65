"""What the documents promise about commands and variables exists, and what exists is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iocmarket.settings.env import PROJECT

OPERATIONS = (PROJECT / "docs" / "operations.md").read_text()
DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]


def test_every_variable_that_the_program_reads_is_in_the_table() -> None:
    read = set()
    for source in (*(PROJECT / "iocmarket").rglob("*.py"), *(PROJECT / "ingestion").rglob("*.py")):
        read |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z][A-Z_]+)"', source.read_text()))
    read -= {"PATH", "PYTEST_XDIST_WORKER"}
    assert read
    assert sorted(name for name in read if f"`{name}`" not in OPERATIONS) == []


def test_readme_begins_with_the_two_commands() -> None:
    assert re.findall(r"^make (\S+)", (PROJECT / "README.md").read_text(), re.MULTILINE)[:2] == ["run", "test"]


def test_every_make_target_named_in_a_document_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for path in DOCUMENTS
        for name in re.findall(r"(?:`|^)make ([a-z-]+)(?:`| +[A-Z#]|$)", path.read_text(), re.MULTILINE)
    }
    assert {"run", "test", "ci", "lock"} <= named
    assert named <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} points to {target}"
