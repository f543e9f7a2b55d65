"""docs/api.md says what the program does: its codes, names and limits exist."""

from __future__ import annotations

import re

from django.conf import settings

from ingestion.submissions.api import PAGE, PAGE_MOST
from ingestion.submissions.choices import COMMENT_MAX, NAMES, TAG_MAX, TAGS_MAX
from ingestion.submissions.drafts import ITEMS_MAX
from ingestion.submissions.parts import SIZE
from iocmarket.api.bodies import MAX_DEPTH
from iocmarket.settings.env import PROJECT
from sharing.search.lookup import VALUES_MAX

TEXT = (PROJECT / "docs" / "api.md").read_text()
SOURCES = "\n".join(
    path.read_text() for house in ("iocmarket", "ingestion", "sharing") for path in (PROJECT / house).rglob("*.py")
)


def test_every_code_that_it_names_is_in_the_source() -> None:
    table = TEXT[TEXT.index("| status | when |") : TEXT.index("## Sharing")]
    codes = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", table))
    assert len(codes) > 10
    assert {code for code in codes if f'"{code}"' not in SOURCES} == set()


def test_everything_that_may_be_said_of_a_value_is_in_its_table() -> None:
    table = TEXT[TEXT.index("| name | values |") : TEXT.index("**The answer**")]
    named = {name for row in table.strip().splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == NAMES


def test_its_limits_are_those_of_the_program() -> None:
    assert f"too_many_items` ({settings.BULK_MAX_ITEMS:,}; {ITEMS_MAX} with `dry_run`)".replace(",", " ") in TEXT
    assert f"**More than {ITEMS_MAX} items**" in TEXT
    assert f"parts of {SIZE:,}".replace(",", " ") in TEXT
    assert settings.BULK_MAX_BYTES == 64 * 1024 * 1024
    assert settings.BULK_READ_AT_ONCE == 512 * 1024
    assert f"({PAGE}, at most {PAGE_MOST // 1000} 000)" in TEXT
    assert f"too_deep` ({MAX_DEPTH} levels)" in TEXT
    assert settings.SUBMISSION_MAX_BYTES == 8 * 1024 * 1024
    assert "body_too_large` (64 MiB; 8 MiB for look-ups)" in TEXT
    for number in (COMMENT_MAX, VALUES_MAX):
        assert f"{number:,}".replace(",", " ") in TEXT
    assert f"at most {TAGS_MAX} of {TAG_MAX} characters" in TEXT
