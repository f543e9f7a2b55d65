"""`manage.py submit FILE [--format F] --token T`: what the API does, for a file on this machine."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from ingestion.submissions import pressure
from ingestion.submissions.answers import answer_to, url_of
from ingestion.submissions.choices import NAMES
from ingestion.submissions.drafts import InvalidRequest, Sending
from ingestion.submissions.filing import body_of, formats
from ingestion.submissions.models import Submission
from ingestion.submissions.queueing import enqueue
from ingestion.submissions.receiving import Long, received
from ingestion.submissions.remembering import recalled
from ingestion.submissions.services import preview, submit
from iocmarket.accounts.authentication import note_use, token_for
from iocmarket.accounts.models import Token
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_token
from iocmarket.api.problems import Problem
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

SOME_REFUSED, NOT_TAKEN = 1, 2
"""Exit codes: lines of it were refused; the whole of it was."""
TOKEN_VARIABLE = "IOCMARKET_TOKEN"  # noqa: S105 (the name of a variable)
ADDRESS = "127.0.0.1"
"""From where a token is used here: whoever runs commands is on the machine itself."""
CLIENT = "manage.py submit"


class Command(BaseCommand):
    """Sends a file with the rights of a token; prints the counts on stdout and each refusal on stderr."""

    help = "Share what a file holds; exit code 1 when lines of it are refused, 2 when all of it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract's options, the defaults that the API takes, and the dry run."""
        parser.add_argument("file", help="a path, or - for what is piped in")
        parser.add_argument("--format", default="", help=f"one of {', '.join(formats())}; found out without it")
        parser.add_argument("--token", default="", help=f"else the variable {TOKEN_VARIABLE}, which others do not see")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help=f"a default: {', '.join(sorted(NAMES))}"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. Exits with the code above when anything is refused."""
        del args
        with _told():
            viewer, sender = _viewer_of(options["token"] or os.environ.get(TOKEN_VARIABLE, ""))
            given = _given(options["set"])
            with _opened(options["file"]) as source:
                body, said = body_of(source, name=options["file"], wanted=options["format"])
            with body.file:
                sent = received(
                    body, {**given, **said}, sender=lambda: sender,
                    memory=lambda layout: recalled(layout, viewer.institution_id),
                )  # fmt: skip
                refused = (
                    self._long(sent, viewer, options)
                    if isinstance(sent, Long)
                    else self._done(sent, viewer, dry=options["dry_run"])
                )
        if refused:
            sys.exit(SOME_REFUSED)

    def _done(self, sent: Sending, viewer: Viewer, *, dry: bool) -> int:
        """Send it, or try it; how many items were refused."""
        if not dry:
            pressure.check_publication()
            pressure.check_rate(viewer, len(sent.drafts))
        outcome = (
            preview(sent, viewer=viewer) if dry else submit(sent, viewer=viewer, channel=Submission.Channel.COMMAND)
        )
        answer = answer_to(outcome)
        for item in answer["items"]:
            if item["reason"]:
                written = " ".join(item["input"].split())  # a line end in it would look like a line of ours
                self.stderr.write(f"line {item['line']}: {item['reason']}: {item['detail']}: {written}")
            for warning in item["warnings"]:
                self.stderr.write(f"line {item['line']}: warning: {warning}")
        counts = ", ".join(f"{name} {count}" for name, count in answer["counts"].items())
        self.stdout.write(counts if dry else f"{counts} — {answer['items_url']}")
        return int(answer["counts"]["refused"])

    def _long(self, sent: Long, viewer: Viewer, options: dict[str, Any]) -> int:
        """Hand it to the worker: its lines are read at the address that is printed."""
        if options["dry_run"]:
            raise Refusal("too_many_items", "a dry run has at most 500 items")
        pressure.check_publication()
        submission = enqueue(sent, viewer=viewer, channel=Submission.Channel.COMMAND)
        self.stdout.write(f"{submission.state} — {url_of(submission.public_id)}")
        return 0


@contextmanager
def _told() -> Iterator[None]:
    """Refusals of the whole as people at a terminal read them. Raises CommandError."""
    try:
        yield
    except InvalidRequest as invalid:
        faults = "; ".join(_sentence(fault.code, fault.detail, fault.where) for fault in invalid.faults[:20])
        raise CommandError(faults, returncode=NOT_TAKEN) from invalid
    except Refusal as refusal:
        text = _sentence(refusal.code, refusal.detail, refusal.where)
        raise CommandError(text, returncode=NOT_TAKEN) from refusal
    except Problem as problem:
        text = _sentence(problem.code, str(problem.detail), problem.where)
        raise CommandError(text, returncode=NOT_TAKEN) from problem
    except OSError as error:
        raise CommandError(f"the file cannot be read: {error.strerror}", returncode=NOT_TAKEN) from error


def _sentence(code: str, detail: str, where: str) -> str:
    return f"{code}: {detail}" + (f" ({where})" if where else "")


def _viewer_of(secret: str) -> tuple[Viewer, str]:
    """Who sends, and the institution's name. Raises CommandError: the same checks as at the API's door."""
    token: Token | None = token_for(secret.strip(), ADDRESS)
    if token is None:
        raise CommandError("the token is unknown, expired, revoked, suspended or not for this machine", returncode=2)
    if not token.institution.is_bound(clock.now()):
        raise CommandError("a manager of the institution has to accept the charter first", returncode=NOT_TAKEN)
    viewer = viewer_of_token(token)
    if Scope.INDICATORS_WRITE not in viewer.scopes:
        raise CommandError(f"the token needs the scope {Scope.INDICATORS_WRITE.value}", returncode=NOT_TAKEN)
    note_use(token, ADDRESS, CLIENT)
    return viewer, token.institution.name


def _given(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in found:
            raise CommandError(f"--set {pair!r}: write NAME=VALUE, each name once", returncode=NOT_TAKEN)
        found[name] = value
    return found


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        yield file
