"""`manage.py reset_second_factor ADDRESS`: for a person who lost telephone, keys and recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import F

from iocmarket.accounts.member_letters import write_to
from iocmarket.accounts.models import Member
from iocmarket.audit.services import PLATFORM, record


class Command(BaseCommand):
    """Whoever runs it has checked who asks: not by mail alone, which is the way to a new password."""

    help = "Remove all second factors of a person and end the person's sessions; the person is told by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """The person."""
        parser.add_argument("address", help="e-mail address of the member")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Raises CommandError for an address that no member has."""
        member = Member.objects.filter(email__iexact=options["address"].strip()).first()
        if member is None:
            raise CommandError(f"no member has the address {options['address']}")
        count = reset(member)
        self.stdout.write(f"{count} removed; {member.email} is logged out everywhere and sets up a new one")


@transaction.atomic
def reset(member: Member) -> int:
    """How many factors, recovery codes included, were removed."""
    count, _ = Authenticator.objects.filter(user=member).delete()
    Member.objects.filter(pk=member.pk).update(session_generation=F("session_generation") + 1)
    record(
        "member.factors_reset", actor=PLATFORM, subject_type="member", subject_id=member.public_id,
        details={"count": count},
    )  # fmt: skip
    write_to(member, "factors_reset", {})
    return int(count)
