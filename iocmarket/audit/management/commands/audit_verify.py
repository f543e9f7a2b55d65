"""`manage.py audit_verify`: whether the record of acts is what it was."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from iocmarket.audit.remembered import forget_head, remembered_head
from iocmarket.audit.verifying import Report, read_anchor, verify

_KINDS = {
    "changed": "changed after they were sealed",
    "missing": "missing",
    "origin": "with another origin than the sealed one",
    "order": "out of order: a link was removed, moved or put in",
}


class Command(BaseCommand):
    """Walks the chain of hashes. Exit code 1 where it does not hold."""

    help = "Verify the audit chain: its length, its first break, what has no seal yet. Exit code 1 on a break."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """An anchor to compare with, and one to keep."""
        parser.add_argument(
            "--anchor", default="", metavar="N:HASH", help="a head that was kept elsewhere: it must be in the chain"
        )
        parser.add_argument(
            "--print-anchor", action="store_true", help="print the head alone, to be kept elsewhere, if the chain holds"
        )
        parser.add_argument(
            "--forget-head", action="store_true",
            help="forget the head that the sealer noted in Redis: after an older database was put back",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, and say what was found."""
        del args
        try:
            if options["anchor"]:
                read_anchor(options["anchor"])
        except ValueError as trouble:
            raise CommandError("an anchor is written POSITION:HASH, as this command prints it") from trouble
        if options["forget_head"]:
            forget_head()
        report = verify(*filter(None, (options["anchor"], self._remembered())))
        if options["print_anchor"] and report.holds:
            self.stdout.write(report.anchor)
            return
        for line in _lines(report):
            self.stdout.write(line)
        if not report.holds:
            raise CommandError("the audit chain is broken")

    def _remembered(self) -> str:
        """What the sealer noted. Without Redis the chain is verified all the same."""
        try:
            return remembered_head()
        except redis.RedisError:
            self.stderr.write("Redis is not there: the head that the sealer noted is not compared")
            return ""


def _lines(report: Report) -> list[str]:
    lines = [f"length: {report.length}", f"head: {report.anchor}"]
    lines.append(f"unsealed: {report.unsealed}, the oldest {report.unsealed_age.total_seconds():.1f} s old")
    for anchor, found in report.anchors.items():
        lines.append(f"anchor {anchor.partition(':')[0]}: {'found in the chain' if found else 'NOT in the chain'}")
    if report.first is not None:
        where, event, kind = report.first
        lines.append(f"first break: event {event}, at position {where}: {kind}")
    lines += [f"{_KINDS[kind]}: {count}" for kind, count in sorted(report.breaks.items())]
    return [*lines, "the chain holds" if report.holds else "the chain does NOT hold"]
