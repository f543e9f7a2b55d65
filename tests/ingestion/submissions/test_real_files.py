"""Files that people really have, each sent through the API in its own format: nothing breaks, all is accounted for.

`pytest -s` prints, for each folder, how many files were taken and what became of their items.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ingestion.submissions.models import Submission, SubmissionItem
from ingestion.submissions.working import work_on
from tests.ingestion.submissions.conftest import Sender

pytestmark = [pytest.mark.real, pytest.mark.shareddata, pytest.mark.usefixtures("working")]
IOCS = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "iocs"
FOLDERS = ("csv", "eml", "lists", "misp", "openioc", "rendered", "reports", "stix")
TYPES = {
    ".csv": "text/csv",
    ".eml": "message/rfc822",
    ".stix2": "application/stix+json",
}
OF_FOLDER = {"misp": "application/vnd.misp+json", "openioc": "application/vnd.openioc+xml"}
KEPT = ("accepted", "refreshed", "refused")


def files(folder: str) -> Iterator[Path]:
    """What would be sent, and not what is expected of it."""
    for path in sorted((IOCS / folder).glob("*")):
        if path.is_file() and not path.name.endswith(".expected.json"):
            yield path


def became(sender: Sender, path: Path, folder: str) -> Counter[str]:
    """What became of the items of one file, read again from what is stored."""
    kind = OF_FOLDER.get(folder) or TYPES.get(path.suffix, "text/plain")
    answer = sender.raw(path.read_bytes(), kind)
    told: dict[str, Any] = answer.json()
    if answer.status_code == 422:
        assert told["code"], path.name
        return Counter({"files refused: " + told["code"]: 1})
    assert answer.status_code in {201, 202}, (path.name, answer.status_code, told)
    held = Submission.objects.get(public_id=told["id"])
    while work_on(held.pk):
        pass
    again = sender.client.get(f"/api/v1/submissions/{told['id']}").json()
    assert again["state"] == "done", (path.name, again)
    counts: dict[str, int] = again["counts"]
    assert counts["received"] == sum(counts[name] for name in KEPT), path.name
    assert SubmissionItem.objects.filter(submission=held).count() == counts["received"], path.name
    return Counter({"files": 1, **counts})


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_taken_and_accounted_for(sender: Sender, folder: str) -> None:
    if not IOCS.is_dir():
        pytest.skip(f"there are no files in {IOCS}; set IOCMARKET_SHARED_DATA")
    total: Counter[str] = Counter()
    for path in files(folder):
        total += became(sender, path, folder)
    print(folder, dict(total))
    assert total["files"]
    assert total["accepted"]
