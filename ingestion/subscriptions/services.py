"""Setting subscriptions up, changing, pausing, resuming and removing them: the only writer besides running.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.terms import sealed
from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, PAP, TLP
from iocmarket.outbound import OutboundError
from iocmarket.outbound.target import Target, parse

MOST = 20
"""Subscriptions of one institution."""
MINUTES_LEAST, MINUTES_MOST = 5, 10_080
_WHAT = ("kind", "url", "types", "tags", "published", "since")
"""Other answers here make another sequence of pages: the cursor begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a manager says of a subscription. `secret` None: as it was."""

    name: str
    kind: str
    url: str
    login: str = ""
    secret: str | None = field(default="", repr=False)
    types: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    published: bool = True
    since: datetime | None = None
    minutes: int = 60
    tlp: int = int(DEFAULT.tlp)
    pap: int = int(DEFAULT.pap)
    tlp_floor: int = int(TLP.CLEAR)
    pap_floor: int = int(PAP.CLEAR)
    audience: str = "community"
    circle: Circle | None = None
    permitted: bool = False
    threat_type: str = "other"

    def columns(self) -> dict[str, object]:
        """All but the credential, as they are stored."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in {"secret", "url"}}


@transaction.atomic
def create(institution: Institution, told: Told, *, author: Member, actor: Actor) -> Subscription:
    """A new one, due at once. Raises Refusal: `too_many_subscriptions`, and as `_checked`."""
    Institution.objects.select_for_update().get(pk=institution.pk)  # two at once would both count nineteen
    if Subscription.objects.filter(institution=institution).count() >= MOST:
        raise Refusal("too_many_subscriptions", f"an institution has at most {MOST} subscriptions")
    made = Subscription.objects.create(
        institution=institution, author=author, url=_checked(told), secret=sealed(told.secret or ""), **told.columns()
    )
    _record("subscription.created", made, actor)
    return made


@transaction.atomic
def amend(subscription: Subscription, told: Told, *, author: Member, actor: Actor) -> None:
    """Other terms, from the next turn on. Raises Refusal: `secret_again`, and as `_checked`."""
    row = Subscription.objects.select_for_update().get(pk=subscription.pk)
    url = _checked(told)
    if told.secret is None and row.secret and urlsplit(url).netloc != urlsplit(row.url).netloc:
        raise Refusal("secret_again", "another server gets the credential only when it is given again")
    before = {name: getattr(row, name) for name in _WHAT}
    for name, value in {**told.columns(), "url": url, "author": author}.items():
        setattr(row, name, value)
    if told.secret is not None:
        row.secret = sealed(told.secret)
    if before != {name: getattr(row, name) for name in _WHAT}:
        row.cursor = {"anew": str(uuid4())}  # unlike any other: a page that is on its way does not move it
        row.made.all().delete()  # what another filter leaves out was not taken back by anybody
    if before["url"] != row.url or before["kind"] != row.kind:
        row.taken.all().delete()
    row.next_at = min(row.next_at, clock.now())
    row.save()
    _record("subscription.amended", row, actor)


@transaction.atomic
def pause(subscription: Subscription, *, actor: Actor) -> None:
    """No further page. Pausing twice changes nothing."""
    if _switched(subscription, Subscription.State.PAUSED):
        _record("subscription.paused", subscription, actor)


@transaction.atomic
def resume(subscription: Subscription, *, author: Member, actor: Actor) -> None:
    """Go on where it stopped, at once and in the name of who resumes it; also what goes on already."""
    row = Subscription.objects.select_for_update().get(pk=subscription.pk)
    held = row.state != Subscription.State.ACTIVE
    row.state, row.author, row.failures, row.error, row.next_at = Subscription.State.ACTIVE, author, 0, "", clock.now()
    row.save(update_fields=["state", "author", "failures", "error", "next_at"])
    _record("subscription.resumed" if held else "subscription.asked", row, actor)


@transaction.atomic
def remove(subscription: Subscription, *, actor: Actor) -> None:
    """With its credential and the account of its turns; what it shared stays."""
    _record("subscription.removed", subscription, actor)
    subscription.delete()


def _switched(subscription: Subscription, state: str) -> int:
    return Subscription.objects.filter(pk=subscription.pk).exclude(state=state).update(state=state)


def _record(action: str, subscription: Subscription, actor: Actor) -> None:
    record(
        action, actor=actor, subject_type="subscription", subject_id=subscription.public_id,
        details={"server": urlsplit(subscription.url).netloc, "permitted": subscription.permitted},
    )  # fmt: skip


def _checked(told: Told) -> str:
    """The address in one spelling, ending in a slash. Raises Refusal for what cannot be a subscription."""
    if not MINUTES_LEAST <= told.minutes <= MINUTES_MOST:
        raise Refusal("bad_interval", f"every {MINUTES_LEAST} to {MINUTES_MOST} minutes")
    if max(told.tlp, told.tlp_floor) >= TLP.RED:
        raise Refusal("red_by_machine", "TLP:RED is for persons: no subscription shares it")
    if (told.audience == "circle") != (told.circle is not None):
        raise Refusal("which_circle", "the audience circle names a circle, and no other audience does")
    if not (f"{told.login}{told.secret or ''}".isascii() and f"{told.login}{told.secret or ''}".isprintable()):
        raise Refusal("bad_credential", "the credential has characters that no header carries")
    try:
        target = parse(told.url)
    except OutboundError as error:
        raise Refusal("bad_server_address", error.detail) from error
    if target.scheme != "https" and not _is_ours(target):
        raise Refusal("not_encrypted", "the credential and what is fetched travel by https alone")
    parts = urlsplit(target.url)
    path = parts.path.rstrip("/")
    path = path.removesuffix("/objects") if told.kind == Subscription.Kind.TAXII else path
    if parts.query:
        raise Refusal("bad_server_address", "the address has no question mark")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))


def _is_ours(target: Target) -> bool:
    """Whether the operator allows to reach it inside our own network."""
    allowed = settings.OUTBOUND_ALLOWED
    return target.host in allowed or f"{target.host}:{target.port}" in allowed
