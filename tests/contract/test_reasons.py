"""Every code that a line or a text of the page *Share* can be given has a sentence; no sentence is without its code.

The codes are read from the source, so that a new one fails here before anybody sees it bare.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy

from ingestion.evidence.reasons import ARCHIVES as OF_CONTAINERS
from ingestion.evidence.refusals import SENTENCES as OF_EVIDENCE
from ingestion.evidence.working import FAILURES as OF_ARCHIVES
from ingestion.mailbox.reasons import SENTENCES as OF_MAILBOX
from ingestion.submissions.reasons import FAILURES, FAULTS, REASONS, SERIOUS, WARNINGS, fault_of
from ingestion.subscriptions.reasons import ENDS
from ingestion.subscriptions.reasons import SENTENCES as OF_SUBSCRIPTIONS
from iocmarket.accounts.reasons import SENTENCES as OF_ACCOUNTS
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of, tell
from iocmarket.listed.reasons import SENTENCES as OF_LISTS
from iocmarket.vetting.reasons import SENTENCES as OF_VETTING
from sharing.push.outcomes import CODES
from sharing.push.reasons import FAILURES as OF_TARGETS
from sharing.push.reasons import SENTENCES as OF_HOOKS
from sharing.transfer.reasons import SENTENCES as OF_TRANSFERS

ROOT = Path(settings.BASE_DIR)
READING = [
    *(ROOT / "iocmarket/indicators/types").glob("*.py"),
    ROOT / "iocmarket/indicators/recognise.py",
    ROOT / "iocmarket/indicators/refang.py",
    *(ROOT / "ingestion/readers").glob("*.py"),
]
# What is said of a value: refused alone in a line of a table, or with the whole in a form.
SAYING = [
    *(ROOT / "ingestion/submissions" / name for name in ("choices.py", "drafts.py", "addressees.py")),
    *(ROOT / "ingestion/submissions" / name for name in ("edits.py", "remarks.py")),
    ROOT / "iocmarket/accounts/lookups.py",
    ROOT / "ingestion/stolen/routing.py",
    ROOT / "iocmarket/kernel/marking.py",
]
LONG = ROOT / "ingestion/submissions/parts.py"
# Faults of a JSON document, which no page sends, and of programs' own use of these functions.
OF_MACHINES = {"bad_text", "nothing_sent", "title_missing", "unknown_institution"}
WARNING = [ROOT / "ingestion/submissions" / name for name in ("merging.py", "planning.py")]
# What no form of ours sends: its fields offer nothing else, or there is no page for it.
ONLY_FOR_PROGRAMS = {
    "bad_overlap", "ceiling_too_high", "expired", "expires_too_late", "no_people", "no_scope", "not_a_partner",
    "partner_reads_only", "role_unknown", "unknown_circle", "unknown_feed", "unknown_institution", "unknown_member",
    "unknown_scope", "unknown_tool",
}  # fmt: skip
# Of the templates that show how to add a type; nobody registers them.
TEMPLATES = {"not_a_sid"}
# Words in the source that look like codes and are names of fields.
FIELDS = {
    "first_seen", "indicator_id", "institution_id", "ioc_types", "last_seen", "refreshed_at", "threat_type",
    "valid_until",
    # Names of functions and registries.
    "reversed_name", "row_readers", "settled_values",
    # Properties of STIX.
    "created_by_ref", "definition_type", "granular_markings", "indicator_types", "marking_ref", "object_marking_refs",
    "bcc_refs", "cc_refs", "first_observed", "object_refs", "tlp_2_0", "to_refs", "valid_from",
    # Of MISP, OpenIOC, CrowdSec and Suricata.
    "authored_by", "dest_ip", "event_type", "events_count", "short_description", "src_ip", "start_at", "stop_at",
    "to_ids",
}  # fmt: skip


def strings(path: Path) -> Iterator[ast.Constant]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def codes_refused(paths: list[Path]) -> set[str]:
    """The first argument of each `Refusal("…", …)`."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                code = node.args[0]
                if isinstance(code, ast.Attribute | ast.Name):
                    continue  # another refusal's, passed on with its place, or given by whoever calls
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno}: the code is no literal"
                found.add(str(code.value))
    return found


def codes_raised(error: str, paths: list[Path]) -> set[str]:
    """The first argument of each such error, where it is written out."""
    calls = (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = (node.args[0] for node in calls if isinstance(node, ast.Call) and getattr(node.func, "id", "") == error)
    return {str(code.value) for code in named if isinstance(code, ast.Constant)}


def words_like_codes(paths: list[Path]) -> set[str]:
    return {
        node.value
        for path in paths
        for node in strings(path)
        if isinstance(node.value, str) and re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", node.value)
    }


def test_every_refusal_of_a_line_has_its_sentence() -> None:
    missing = codes_refused(READING) - set(REASONS) - set(FAULTS) - TEMPLATES
    assert missing == set()
    assert codes_refused(SAYING) - set(REASONS) - set(FAULTS) - OF_MACHINES == set()


def test_every_warning_has_its_sentence() -> None:
    found = words_like_codes([*READING, *WARNING]) - FIELDS - TEMPLATES - set(REASONS) - set(FAULTS)
    assert found - set(WARNINGS) == set()


def test_no_sentence_is_left_without_its_code() -> None:
    used = {node.value for path in [*READING, *WARNING, *SAYING, LONG] for node in strings(path)}
    assert set(REASONS) | set(WARNINGS) <= used
    elsewhere = [*(ROOT / "ingestion/submissions").glob("*.py"), *(ROOT / "iocmarket").rglob("*.py"), *READING]
    said = {node.value for path in elsewhere if path.name != "reasons.py" for node in strings(path)}
    assert set(FAULTS) <= said


def test_serious_warnings_are_warnings() -> None:
    assert set(WARNINGS) > SERIOUS


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "table",
    [
        REASONS,
        FAULTS,
        WARNINGS,
        FAILURES,
        OF_VETTING,
        OF_ACCOUNTS,
        OF_LISTS,
        OF_MAILBOX,
        OF_SUBSCRIPTIONS,
        OF_TRANSFERS,
        ENDS,
        OF_HOOKS,
        OF_TARGETS,
        OF_EVIDENCE,
        OF_ARCHIVES,
    ],
    ids=[
        "reasons",
        "faults",
        "warnings",
        "failures",
        "vetting",
        "accounts",
        "lists",
        "mailbox",
        "subscriptions",
        "transfers",
        "ends",
        "hooks",
        "targets",
        "evidence",
        "archives",
    ],
)
def test_sentences_are_sentences_in_both_languages(table: dict[str, object], language: str) -> None:
    with translation.override(language):
        said = {code: str(text) for code, text in table.items()}
    assert [text for text in said.values() if not re.fullmatch(r"[A-ZÀ-Ý].*\.", text)] == []


def test_every_refusal_of_vetting_has_its_sentence() -> None:
    refused = codes_refused([*(ROOT / "iocmarket/vetting").glob("*.py")])
    assert refused - set(OF_ACCOUNTS) == set(OF_VETTING)


def test_every_refusal_of_the_warning_lists_has_its_sentence() -> None:
    assert codes_refused([*(ROOT / "iocmarket/listed").glob("*.py")]) == set(OF_LISTS)


def test_every_refusal_of_the_mailbox_has_its_sentence() -> None:
    assert codes_refused([*(ROOT / "ingestion/mailbox").glob("*.py")]) == set(OF_MAILBOX)


def test_every_refusal_of_a_transfer_has_its_sentence() -> None:
    assert codes_refused([*(ROOT / "sharing/transfer").glob("*.py")]) == set(OF_TRANSFERS)


def test_every_refusal_and_every_end_of_a_subscription_has_its_sentence() -> None:
    files = [*(ROOT / "ingestion/subscriptions").glob("*.py")]
    assert codes_refused(files) == set(OF_SUBSCRIPTIONS)
    ended = codes_raised("PullError", files)
    outbound = codes_raised("OutboundError", [*(ROOT / "iocmarket/outbound").glob("*.py")])
    refused_before = {"credentials", "scheme", "url"}  # by services.py, before anything is asked
    assert ended | {"cut_off"} | {f"net_{code}" for code in outbound - refused_before} == set(ENDS)


def test_every_refusal_and_every_failure_of_a_hook_has_its_sentence() -> None:
    files = [*(ROOT / "sharing/push").glob("*.py")]
    assert codes_refused(files) == set(OF_HOOKS)
    outbound = {f"net_{code}" for code in codes_raised("OutboundError", [*(ROOT / "iocmarket/outbound").glob("*.py")])}
    refused_before = {"net_credentials", "net_scheme", "net_url"}  # by services.py, before anything is sent
    of_statuses = {*CODES.values(), "target_fails", "target_refuses"}
    failed = codes_raised("DeliveryError", files)
    assert failed | of_statuses | (outbound - refused_before) == set(OF_TARGETS)


def test_every_refusal_and_every_failure_of_evidence_has_its_sentence() -> None:
    files = [*(ROOT / "ingestion/evidence").glob("*.py")]
    assert codes_refused(files) == set(OF_EVIDENCE)
    of_children = "".join((ROOT / f"ingestion/evidence/{name}.py").read_text() for name in ("process", "running"))
    ends = set(re.findall(r'(?:"failed", |"code": |return last, )"([a-z]+)"(?!:)', of_children))
    assert {"storage", "time"} < ends  # a full disk is tried again, and then our fault
    found = codes_raised("SealingError", files) | {"our_fault"} | set(OF_CONTAINERS) | ends - {"storage"}
    assert found == set(OF_ARCHIVES)


def test_every_refusal_of_the_community_that_a_page_shows_has_its_sentence() -> None:
    refused = codes_refused([*(ROOT / "iocmarket/accounts").glob("*.py")])
    assert refused - set(OF_ACCOUNTS) == ONLY_FOR_PROGRAMS
    houses = [ROOT / "iocmarket" / house for house in ("accounts", "indicators", "privacy")]
    files = [path for house in houses for path in house.rglob("*.py") if path.name != "reasons.py"]
    used = {node.value for path in files for node in strings(path)}
    assert set(OF_ACCOUNTS) <= used


def test_a_code_means_one_thing() -> None:
    with pytest.raises(ValueError, match="'not_yours' has a sentence already"):
        tell({"not_yours": gettext_lazy("Something else.")})
    tell(OF_ACCOUNTS)  # again is no harm
    with translation.override("en"):
        assert sentence_of(Refusal("not_yours", "not yours")) == "This is not yours to do."
        assert sentence_of(Refusal("unheard_of", "The detail.")) == "The detail."


def test_a_fault_names_its_line() -> None:
    with translation.override("en"):
        assert fault_of(Refusal("line_too_long", "", where="line 7")) == "Line 7: The line is too long."
        assert fault_of(Refusal("unheard_of", "The detail.")) == "The detail."
