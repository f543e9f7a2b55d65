"""`manage.py submit`: the API's rules, counts and refusals, at a terminal."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ingestion.readers.csv import layout_in
from ingestion.submissions.models import Submission
from ingestion.submissions.remembering import remember
from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.services import revoke_token
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from tests.factories import make_institution, make_token, viewer_for

pytestmark = pytest.mark.django_db
STIX = {
    "type": "bundle",
    "id": "bundle--6f4f2f0e-6a0d-4f5a-9c88-3a3b8e1c0d11",
    "objects": [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": "indicator--2c9b7d0e-8a41-4b7e-9b1e-0f6a5c3d2e10",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "pattern": "[ipv4-addr:value = '45.1.2.3']",
            "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z",
        }
    ],
}


@pytest.fixture
def secret() -> str:
    """Of a token that may write."""
    return make_token(make_institution("Université de la Mériane"), scopes=[Scope.INDICATORS_WRITE])


def _submit(secret: str, path: object, *more: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("submit", str(path), "--token", secret, *more, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), err.getvalue()


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_text_is_shared_with_the_tokens_rights(secret: str, tmp_path: Path) -> None:
    code, out, err = _submit(secret, _file(tmp_path, "a.txt", "45.1.2[.]3\n45.1.2.4\n"))
    assert (code, err) == (0, "")
    submission = Submission.objects.get()
    assert out == f"received 2, accepted 2, refreshed 0, refused 0 — /api/v1/submissions/{submission.public_id}\n"
    assert (submission.channel, submission.token, submission.author) == ("command", Token.objects.get(), None)
    assert Token.objects.get().last_used_client == "manage.py submit"


def test_refused_lines_are_told_with_their_number_and_end_in_one(secret: str, tmp_path: Path) -> None:
    code, out, err = _submit(secret, _file(tmp_path, "a.txt", "45.1.2.3\n127.0.0.1\n45.1.2.999\n"))
    assert code == 1
    assert out.startswith("received 3, accepted 1, refreshed 0, refused 2 — ")
    assert [line.split(":")[:2] for line in err.splitlines()] == [
        ["line 2", " loopback"],
        ["line 3", " octet_too_large"],
    ]


def test_a_dry_run_stores_nothing(secret: str, tmp_path: Path) -> None:
    code, out, _ = _submit(secret, _file(tmp_path, "a.txt", "45.1.2.3\n"), "--dry-run")
    assert (code, out) == (0, "received 1, accepted 1, refreshed 0, refused 0\n")
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        ("a.csv", "valeur;tlp\n45.1.2.3;GREEN\n", ()),
        ("a.jsonl", '{"value":"45.1.2.3","tlp":"GREEN"}\n', ()),
        ("a.json", '{"defaults":{"tlp":"GREEN"},"indicators":["45.1.2.3"]}', ()),
        ("a.json", json.dumps(STIX), ("--format", "stix", "--set", "tlp=GREEN")),
        ("a.txt", "valeur;tlp\n45.1.2.3;GREEN\n", ("--format", "csv")),
        ("a.txt", "45.1.2.3", ("--set", "tlp=GREEN")),
    ],
    ids=["csv", "ndjson", "json", "stix", "named", "text"],
)
def test_each_format_is_read(name: str, text: str, more: tuple[str, ...], secret: str, tmp_path: Path) -> None:
    code, _, err = _submit(secret, _file(tmp_path, name, text), *more)
    assert (code, err) == (0, "")
    assert [(x.indicator.value, x.tlp) for x in Contribution.unscoped.select_related("indicator")] == [
        ("45.1.2.3", TLP.GREEN)
    ]


def test_what_is_piped_in_is_read(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"45.1.2.3\n")))
    assert _submit(secret, "-")[0] == 0


def test_the_token_may_come_in_the_environment(secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOCMARKET_TOKEN", secret)
    assert _submit("", _file(tmp_path, "a.txt", "45.1.2.3\n"))[0] == 0


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("", (), "nothing_sent"),
        ("x", ("--format", "word"), "unknown_format"),
        ("x", ("--set", "tlp"), "NAME=VALUE"),
        ("x", ("--set", "tlp=MAUVE"), "(?tlp)"),
        ("x", ("--set", "colour=red"), "unknown_field"),
        ("{", ("--format", "json"), "not_json"),
        ('{"indicators":[{"value":"45.1.2.3","tlp":"MAUVE"}]}', ("--format", "json"), "/indicators/0/tlp"),
    ],
    ids=["empty", "format", "pair", "label", "field", "broken", "place"],
)
def test_what_cannot_be_taken_at_all_ends_in_two(
    text: str, more: tuple[str, ...], said: str, secret: str, tmp_path: Path
) -> None:
    code, out, err = _submit(secret, _file(tmp_path, "a.txt", text), *more)
    assert (code, out) == (2, "")
    assert said in err
    assert not Submission.objects.exists()


def test_a_file_that_is_not_there_ends_in_two(secret: str, tmp_path: Path) -> None:
    assert _submit(secret, tmp_path / "none")[0] == 2


def _revoked(institution: Institution, secret: str) -> str:
    del institution
    revoke_token(Token.objects.get(), actor=PLATFORM)
    return secret


def _suspended(institution: Institution, secret: str) -> str:
    Institution.objects.filter(pk=institution.pk).update(state=Institution.State.SUSPENDED)
    return secret


def _reading_only(institution: Institution, secret: str) -> str:
    Institution.objects.filter(pk=institution.pk).update(read_only_since=clock.now())
    return secret


def _unbound(institution: Institution, secret: str) -> str:
    Institution.objects.filter(pk=institution.pk).update(charter_due_at=clock.now() - timedelta(days=1))
    return secret


def _elsewhere(institution: Institution, secret: str) -> str:
    del secret
    return make_token(institution, scopes=[Scope.INDICATORS_WRITE], networks=["192.0.2.0/24"])


def _without_scope(institution: Institution, secret: str) -> str:
    del secret
    return make_token(institution, scopes=[Scope.INDICATORS_READ])


@pytest.mark.parametrize("closed", [_revoked, _suspended, _reading_only, _unbound, _elsewhere, _without_scope])
def test_a_token_that_may_not_write_here_shares_nothing(closed: object, secret: str, tmp_path: Path) -> None:
    assert callable(closed)
    found = closed(Institution.objects.get(name="Université de la Mériane"), secret)
    code, _, err = _submit(found, _file(tmp_path, "a.txt", "45.1.2.3\n"))
    assert code == 2
    assert found not in err
    assert not Submission.objects.exists()


def test_a_long_file_waits_for_the_worker(secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.submissions.pressure.worker_lives", lambda: True)
    lines = "\n".join(f"45.1.{n // 250}.{n % 250}" for n in range(501))
    code, out, _ = _submit(secret, _file(tmp_path, "a.txt", lines))
    submission = Submission.objects.get()
    assert (code, out) == (0, f"queued — /api/v1/submissions/{submission.public_id}\n")
    assert (submission.channel, submission.expected) == ("command", 501)


def test_no_password_of_a_refused_line_is_printed(secret: str, tmp_path: Path) -> None:
    _code, out, err = _submit(secret, _file(tmp_path, "a.txt", "jean@univ.fr:Secret-123!\n"))
    assert "Secret-123" not in out + err


def test_columns_are_read_as_the_institution_has_said_before(secret: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "table.csv", "Chose;Diffusion\nevil-campus.org;vert\n")
    code, _out, err = _submit(secret, path, "--set", "columns=remembered")
    assert (code, "nothing_remembered" in err) == (2, True)
    layout = layout_in(["Chose;Diffusion\n", "x;y\n"])
    assert layout is not None
    viewer = viewer_for(Institution.objects.get(), scopes=[Scope.INDICATORS_WRITE])
    remember(layout, ("value:any", "tlp"), viewer=viewer)
    assert _submit(secret, path, "--set", "columns=remembered")[0] == 0
    assert Contribution.objects.get().tlp == TLP.GREEN


def test_json_of_a_tool_and_the_apis_own_document_are_told_apart(secret: str, tmp_path: Path) -> None:
    path = _file(tmp_path, "export.json", '{"status": "ok", "data": [{"ioc": "evil-campus.org"}]}')
    assert _submit(secret, path)[0] == 0
    path = _file(tmp_path, "own.json", '{"indicators": ["evil-autre.org"], "defaults": {"tlp": "GREEN"}}')
    assert _submit(secret, path)[0] == 0
    assert set(Contribution.objects.values_list("indicator__value", "tlp")) == {
        ("evil-campus.org", TLP.AMBER),
        ("evil-autre.org", TLP.GREEN),
    }
