"""The rows of the core in the table of retention."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Invitation, Member, Token
from iocmarket.audit.models import Event
from iocmarket.kernel import clock
from iocmarket.privacy.erasing import DOMAIN, blank
from iocmarket.privacy.retention import MEMBERSHIP, PROOF, SECURITY, Rule, retention
from iocmarket.publication.revoking import TOLD_DAYS, forget_tombstones, told_long_enough

ORIGIN_DAYS = 365
REFUSED_DAYS = 180
INVITATION_DAYS = 90
TOKEN_USE_DAYS = 365
BATCH = 5000


def _before(days: int) -> datetime:
    return clock.now() - timedelta(days=days)


def _sessions() -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=clock.now())


def _traces() -> QuerySet[UserSession]:
    """What the list of a person's sessions keeps of those that are over: address and browser."""
    found: QuerySet[UserSession] = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return found


def _end_sessions() -> int:
    return _sessions().delete()[0] + _traces().delete()[0]


def _origins() -> QuerySet[Event]:
    return Event.objects.filter(salt__isnull=False, at__lt=_before(ORIGIN_DAYS))


def _refused() -> QuerySet[Member]:
    refused = Member.objects.filter(state=Member.State.REFUSED, date_joined__lt=_before(REFUSED_DAYS))
    return refused.exclude(email__endswith=f"@{DOMAIN}")


def _invitations() -> QuerySet[Invitation]:
    return Invitation.objects.filter(expires_at__lt=_before(INVITATION_DAYS))


def _uses() -> QuerySet[Token]:
    known = Q(last_used_address__isnull=False) | ~Q(last_used_client="")
    return Token.objects.filter(known, last_used_at__lt=_before(TOKEN_USE_DAYS))


def _forget_origins() -> int:
    count = 0
    while ids := list(_origins().order_by("at").values_list("pk", flat=True)[:BATCH]):
        count += Event.objects.filter(pk__in=ids).update(address=None, client="", salt=None)
    return count


def _blank_refused() -> int:
    found = list(_refused())
    for member in found:
        blank(member)
    return len(found)


def _forget_uses() -> int:
    return _uses().update(last_used_address=None, last_used_client="")


def register() -> None:
    """Called once, when the app is ready."""
    retention.register(
        Rule(
            name="accounts.applications", what=_("Applications that were refused"), models=("accounts.Member",),
            kept=_("%(days)d days after they were made"), basis=MEMBERSHIP, days=partial(int, REFUSED_DAYS),
            due=lambda: _refused().count(), purge=_blank_refused,
        ),
        Rule(
            name="accounts.invitations", what=_("Invitations, with the address they were sent to"),
            models=("accounts.Invitation",), kept=_("%(days)d days after they expired"), basis=MEMBERSHIP,
            days=partial(int, INVITATION_DAYS), due=lambda: _invitations().count(),
            purge=lambda: _invitations().delete()[0],
        ),
        Rule(
            name="accounts.members", what=_("Members: name, e-mail address, language, role, means of logging in"),
            models=("accounts.Member", "account.EmailAddress", "account.EmailConfirmation", "mfa.Authenticator",
                    "socialaccount.SocialAccount"),
            kept=_("as long as the membership; afterwards until erasure is asked for"), basis=MEMBERSHIP,
        ),
        Rule(
            name="accounts.sessions", what=_("Sessions"),
            models=("sessions.Session", "usersessions.UserSession"), kept=_("until they end"),
            basis=SECURITY, due=lambda: _sessions().count() + _traces().count(), purge=_end_sessions,
        ),
        Rule(
            name="accounts.tokens", what=_("Tokens: from where and by which client they were last used"),
            models=("accounts.Token",), kept=_("%(days)d days after the last use"), basis=SECURITY,
            days=partial(int, TOKEN_USE_DAYS), due=lambda: _uses().count(), purge=_forget_uses,
        ),
        Rule(
            name="audit.events", what=_("The record of acts: who did what"), models=("audit.Event",),
            kept=_("as long as the platform; without a name once the person is erased"), basis=PROOF,
        ),
        Rule(
            name="audit.origins", what=_("The record of acts: from which address and client"), models=("audit.Event",),
            kept=_("%(days)d days"), basis=PROOF, days=partial(int, ORIGIN_DAYS), due=lambda: _origins().count(),
            purge=_forget_origins,
        ),
        Rule(
            name="indicators.statements", what=_("What was shared: values, comments, reports, sightings, authors"),
            models=("indicators.Indicator", "indicators.Contribution", "indicators.Report", "indicators.Sighting"),
            kept=_("as long as the community, or until the institution is erased; without a name once the person is"),
            basis=SECURITY,
        ),
        Rule(
            name="publication.entries", what=_("What machines read: values and what is said of them"),
            models=("publication.Entry",), kept=_("as long as it is shared, and 90 days after it was taken back"),
            basis=SECURITY,
        ),
        Rule(
            name="publication.erased", what=_("Which objects were erased, with the value alone: tools drop them"),
            models=("publication.Entry",), kept=_("%(days)d days"), basis=SECURITY, days=partial(int, TOLD_DAYS),
            due=lambda: told_long_enough().count(), purge=forget_tombstones,
        ),
        Rule(
            name="privacy.erasures", what=_("That an institution was erased: when, and how much went"),
            models=("privacy.Erasure",), kept=_("as long as the platform"), basis=PROOF,
        ),
    )  # fmt: skip
