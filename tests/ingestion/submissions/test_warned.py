"""What a sender is told of values that stand on warning lists or belong to a member."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_django import Settings

from iocmarket.listed import files
from tests.factories import make_institution
from tests.ingestion.submissions.conftest import Sender

LISTS = {"tranco10k": ["grand-site.fr"], "university_domains": ["univ-meriane.fr"], "vpn-ipv4": ["45.83.0.0/16"]}


@pytest.fixture
def _index(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_DIR = tmp_path
    for name, lines in LISTS.items():
        (tmp_path / "lists" / name).mkdir(parents=True)
        document = {"name": name, "version": 7, "type": "string", "list": lines}
        (tmp_path / "lists" / name / "list.json").write_text(json.dumps(document))
    files.build(tmp_path / "lists")


@pytest.mark.usefixtures("_index")
@pytest.mark.parametrize("dry", [False, True])
def test_a_hit_says_the_list_its_version_and_what_it_means(sender: Sender, dry: bool) -> None:
    text = "grand-site[.]fr\nent.univ-meriane[.]fr\n45.83.1[.]7\nevil-cas[.]top"
    answer = sender.text(text, "?dry_run=1" if dry else "").json()
    told = [(item["warnings"], [tuple(held.values()) for held in item["lists"]]) for item in answer["items"]]
    assert told == [
        (["listed_never_blocked"], [("tranco10k", "7", "block-guard")]),
        (["listed_confirm"], [("university_domains", "7", "confirm")]),
        (["listed_info"], [("vpn-ipv4", "7", "info")]),
        ([], []),
    ]
    assert answer["counts"]["accepted"] == 4
    if not dry:
        assert sender.client.get(answer["items_url"]).json()["items"] == answer["items"]


def test_what_another_member_owns_is_told(sender: Sender) -> None:
    make_institution(domains=["univ-valbrune.fr"])
    answer = sender.text("cas.univ-valbrune[.]fr").json()
    assert answer["items"][0]["warnings"] == ["member_asset"]
