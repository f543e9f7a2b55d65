"""Lists of infostealers: accounts go on without passwords and paths, what accuses the thief is shared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingestion.readers.files import Opened, Stolen, Told, file_readers
from tests.ingestion.readers.opening import opened

SECRET = "Tr0ub4dor-7"
PATH = "portail-secret"
SERVICE = f"https://ent.univ-valbrune.fr/{PATH}/login?next=/{PATH}"
TABLE = (
    "URL;LOGIN;MOT DE PASSE;DATE\n"
    f"{SERVICE};jean.dupont@univ-valbrune.fr;{SECRET};2026-09-01\n"
    f'"{SERVICE}";jdupont;"{SECRET};x";2026-09-02\n'
    f"{SERVICE};askew;{SECRET};{SECRET};x\n"
)
BLOCKS = (
    f"SOFT: Chrome\nURL: {SERVICE}\nUSER: jean.dupont@univ-valbrune.fr\nPASS: {SECRET}\n===\n"
    f"URL: https://mail.example.org/\nUSER: paul@example.org\nPASS: {SECRET}\n"
)
VENDOR: dict[str, Any] = {
    "stealers": [
        {
            "computer_name": "PC-JEAN", "ip": "193.50.1.1", "date_compromised": "2026-09-01T10:00:00.000Z",
            "malware_path": "C:\\Users\\jean\\x.exe", "malware_hash": "098f6bcd4621d373cade4e832627b4f6",
            "c2": "c2.evil-site.fr",
            "credentials": [
                {"type": "employee", "url": SERVICE, "domain": "univ-valbrune.fr",
                 "username": "jean.dupont@univ-valbrune.fr", "password": SECRET},
            ],
        }
    ]
}  # fmt: skip
FILES = [
    TABLE,
    f"{SERVICE}:jean.dupont@univ-valbrune.fr:{SECRET}\njean.dupont@univ-valbrune.fr:{SECRET}\n",
    BLOCKS,
    json.dumps(VENDOR),
    f"host\tlogin\tpassword\n{SERVICE}\tjean.dupont@univ-valbrune.fr\t{SECRET}\n",
]


def accounts(found: Opened) -> list[tuple[str, str, str]]:
    """Account, service and day of each account."""
    return [(item.account, item.service, item.day) for item in found.items if isinstance(item, Stolen)]


def thieves(found: Opened) -> list[tuple[str | None, str]]:
    """Type and value of what is shared."""
    return [
        (item.candidate.type, item.candidate.canonical.value)
        for item in found.items
        if isinstance(item, Told) and item.candidate.canonical
    ]


def test_a_table() -> None:
    found = opened("stealer", TABLE.encode())
    assert accounts(found) == [
        ("jean.dupont@univ-valbrune.fr", "ent.univ-valbrune.fr", "2026-09-01"),
        ("jdupont", "ent.univ-valbrune.fr", "2026-09-02"),
        ("", "", ""),
    ]


def test_lines_and_blocks() -> None:
    assert accounts(opened("stealer", FILES[1].encode())) == [
        ("jean.dupont@univ-valbrune.fr", "ent.univ-valbrune.fr", ""), ("jean.dupont@univ-valbrune.fr", "", ""),
    ]  # fmt: skip
    assert accounts(opened("stealer", BLOCKS.encode())) == [
        ("jean.dupont@univ-valbrune.fr", "ent.univ-valbrune.fr", ""), ("paul@example.org", "mail.example.org", ""),
    ]  # fmt: skip


def test_the_document_of_a_vendor() -> None:
    found = opened("stealer", VENDOR)
    assert accounts(found) == [("jean.dupont@univ-valbrune.fr", "ent.univ-valbrune.fr", "2026-09-01")]
    assert thieves(found) == [("domain", "c2.evil-site.fr"), ("md5", "098f6bcd4621d373cade4e832627b4f6")]


def test_a_column_of_the_thief_is_shared() -> None:
    found = opened("stealer", f"login;password;c2\nbob@example.org;{SECRET};hxxp://panel[.]evil-site.fr/x\n".encode())
    assert thieves(found) == [("url", "http://panel.evil-site.fr/x")]
    (shared,) = (item for item in found.items if isinstance(item, Told))
    assert shared.said == {"threat_type": "infostealer"}


@pytest.mark.parametrize("text", FILES, ids=range(len(FILES)))
def test_no_password_no_path_and_no_machine_is_given_back(text: str) -> None:
    found = opened("stealer", text.encode())
    assert accounts(found)
    whole = repr([item if isinstance(item, Told) else accounts(found) for item in found.items])
    for hidden in (SECRET, PATH, "PC-JEAN", "193.50.1.1", "Users"):
        assert hidden not in whole
    assert "jean" not in repr([item for item in found.items if isinstance(item, Stolen)]), "it must not reach a log"


@pytest.mark.parametrize("text", FILES, ids=range(len(FILES)))
def test_it_knows_its_own_beginning(text: str) -> None:
    assert [reader.name for reader in file_readers if reader.is_mine(text.encode())] == ["stealer"]


@pytest.mark.parametrize(
    "text", ["valeur;type\nevil.fr;domain", "45.1.2.3\nevil.fr", "Bonjour,\nurl: evil.fr", "{}", ""]
)
def test_it_takes_nothing_else_for_its_own(text: str) -> None:
    assert not file_readers["stealer"].is_mine(text.encode())
