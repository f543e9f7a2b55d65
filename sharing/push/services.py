"""Setting hooks up, changing, pausing, resuming and removing them: the only writer besides sending and gathering."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from iocmarket.accounts.models import Institution, Token
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import FULL, TLP
from iocmarket.outbound import OutboundError
from iocmarket.outbound.target import Target, parse
from sharing.push.credentials import sealed
from sharing.push.models import Delivery, Hook
from sharing.push.signing import new_secret

MOST = 10
"""Hooks of one institution."""
BOTH_SIGN = timedelta(days=1)
"""For so long the secret before signs beside the new one."""
_BULK_PATH = "/_bulk"
_FILTERS = ("types", "threat_types", "score_min", "tlp_max", "from_start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a manager says of a hook. `secret`: of a `_bulk` target alone; None: as it was."""

    name: str
    url: str
    kind: str = Hook.Kind.WEBHOOK.value
    operated_by: str = Token.OperatedBy.PROVIDER.value
    auth: str = Hook.Auth.NONE.value
    login: str = ""
    secret: str | None = field(default=None, repr=False)
    types: list[str] = field(default_factory=list)
    threat_types: list[str] = field(default_factory=list)
    score_min: int | None = None
    tlp_max: int = int(FULL.tlp)
    from_start: bool = False

    def columns(self) -> dict[str, object]:
        """All but the credential, as they are stored."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "secret"}


@dataclass(frozen=True, slots=True)
class NewHook:
    """A hook with the secret that signs what it sends, which is shown once; empty where nothing is signed."""

    hook: Hook
    secret: str = field(repr=False)


@transaction.atomic
def create_hook(institution: Institution, told: Told, *, actor: Actor) -> NewHook:
    """A new one; it begins at once. Raises Refusal: `too_many_hooks`, and as `_checked`."""
    Institution.objects.select_for_update().get(pk=institution.pk)  # two at once would both count nine
    if Hook.objects.filter(institution=institution).count() >= MOST:
        raise Refusal("too_many_hooks", f"an institution has at most {MOST} hooks")
    columns = _checked(told)
    secret = new_secret() if told.kind == Hook.Kind.WEBHOOK else ""
    kept = sealed(secret or told.secret or "")
    hook = Hook.objects.create(institution=institution, **{**columns, "secret": kept})
    _record("webhook.created", hook, actor)
    return NewHook(hook, secret)


@transaction.atomic
def amend_hook(hook: Hook, told: Told, *, actor: Actor) -> Hook:
    """Another name, target or filter. A new target knows nothing: it hears as much as the first one would.

    Raises Refusal: `kind_stays`, `hook_secret_again`, and as `_checked`.
    """
    row = Hook.objects.select_for_update().get(pk=hook.pk)
    columns = _checked(told, kept=row)
    if (told.kind, told.operated_by) != (row.kind, row.operated_by):
        raise Refusal("kind_stays", "what a hook speaks and whose it is does not change: make another one")
    moved = columns["url"] != row.url
    if moved and row.secret and row.kind == Hook.Kind.BULK and told.secret is None:
        raise Refusal("hook_secret_again", "another target gets the credential only when it is given again")
    before = {name: getattr(row, name) for name in _FILTERS}
    for name, value in columns.items():
        setattr(row, name, value)
    if row.kind == Hook.Kind.BULK and told.secret is not None:
        row.secret = sealed(told.secret)
    changed = any(value != getattr(row, name) for name, value in before.items())
    if moved:
        row.generation += 1
        row.told.all().delete()
        _at_once(row)
    if changed or moved:
        row.review_after, row.seen = 0, b""
        row.cursor = "" if row.from_start else row.cursor
    row.save()
    _record("webhook.amended", row, actor)
    return row


@transaction.atomic
def renew_secret(hook: Hook, *, actor: Actor) -> NewHook:
    """Another signing secret; for a day the one before signs as well. Raises Refusal: `nothing_signed`."""
    row = Hook.objects.select_for_update().get(pk=hook.pk)
    if row.kind != Hook.Kind.WEBHOOK:
        raise Refusal("nothing_signed", "this hook signs nothing: change its credential instead")
    secret = new_secret()
    row.previous_secret, row.previous_until = row.secret, clock.now() + BOTH_SIGN
    row.secret = sealed(secret)
    row.save(update_fields=["secret", "previous_secret", "previous_until"])
    _record("webhook.secret_renewed", row, actor)
    return NewHook(row, secret)


@transaction.atomic
def pause_hook(hook: Hook, *, actor: Actor) -> None:
    """Send nothing until somebody resumes it. Pausing twice changes nothing."""
    if Hook.objects.filter(pk=hook.pk).exclude(state=Hook.State.PAUSED).update(state=Hook.State.PAUSED):
        _record("webhook.paused", hook, actor)


@transaction.atomic
def resume_hook(hook: Hook, *, actor: Actor) -> None:
    """Go on where it stands, at once; also what goes on already."""
    row = Hook.objects.select_for_update().get(pk=hook.pk)
    row.state, row.error, row.dead_in_a_row = Hook.State.ACTIVE, "", 0
    row.save(update_fields=["state", "error", "dead_in_a_row"])
    _at_once(row)
    _record("webhook.resumed", row, actor)


@transaction.atomic
def resend(delivery: Delivery, *, actor: Actor) -> None:
    """Try a delivery that was given up again, before all that came later. Raises Refusal: `not_dead`."""
    hook = Hook.objects.select_for_update().get(pk=delivery.hook_id)
    again = {"state": Delivery.State.WAITING, "attempts": 0, "ended_at": None}
    if not hook.deliveries.filter(pk=delivery.pk, state=Delivery.State.DEAD).update(**again):
        raise Refusal("not_dead", "only a delivery that was given up is sent again")
    _at_once(hook)
    _record("webhook.resent", hook, actor)


@transaction.atomic
def note_trial(hook: Hook, *, status: int | None, failure: str, actor: Actor) -> None:
    """A message was sent on trial, and how that ended."""
    _record("webhook.tried", hook, actor, status=status, failure=failure)


@transaction.atomic
def remove_hook(hook: Hook, *, actor: Actor) -> None:
    """With its secrets, its deliveries and the memory of what the target was told."""
    _record("webhook.removed", hook, actor)
    hook.delete()


def _at_once(hook: Hook) -> None:
    """What waits is tried now, with all its attempts before it."""
    hook.deliveries.filter(state=Delivery.State.WAITING).update(next_at=clock.now(), attempts=0)


def _record(action: str, hook: Hook, actor: Actor, **more: object) -> None:
    """The host stands in the journal; a path may have a secret of the receiver's own in it."""
    record(
        action, actor=actor, subject_type="webhook", subject_id=hook.public_id,
        details={"server": urlsplit(hook.url).netloc, "kind": hook.kind, **more},
    )  # fmt: skip


def _checked(told: Told, kept: Hook | None = None) -> dict[str, object]:
    """The columns, in one spelling. Raises Refusal for what cannot be a hook."""
    if unknown := sorted({*told.types} - {kind.name for kind in ioc_types}):
        raise Refusal("hook_type", f"{unknown[0][:40]!r} is no IOC type", where="types")
    if unknown := sorted({*told.threat_types} - {*ThreatType.values}):
        raise Refusal("hook_threat", f"{unknown[0][:40]!r} is no threat type", where="threat_types")
    if told.tlp_max >= TLP.RED:
        raise Refusal("red_is_not_sent", "TLP:RED is for persons: no hook sends it", where="tlp_max")
    columns = {**told.columns(), "url": _address(told)}
    _check_credential(told, kept)
    columns["types"], columns["threat_types"] = sorted({*told.types}), sorted({*told.threat_types})
    if told.kind == Hook.Kind.WEBHOOK:
        columns |= {"auth": Hook.Auth.NONE.value, "login": ""}
    return columns


def _check_credential(told: Told, kept: Hook | None) -> None:
    secret = told.secret or ""
    if not f"{told.login}{secret}".isascii() or not f"{told.login}{secret}".isprintable():
        raise Refusal("hook_credential", "the credential has characters that no header carries", where="secret")
    missing = not secret and not (told.secret is None and kept is not None and kept.secret)
    if told.kind == Hook.Kind.BULK and told.auth != Hook.Auth.NONE and missing:
        raise Refusal("hook_credential", "this way to log in needs a credential", where="secret")
    if ":" in told.login:
        raise Refusal("hook_credential", "a user name has no colon", where="login")


def _address(told: Told) -> str:
    """In one spelling. Raises Refusal: `hook_address`, `hook_not_encrypted`."""
    try:
        target = parse(told.url)
    except OutboundError as error:
        raise Refusal("hook_address", error.detail, where="url") from error
    if target.scheme != "https" and not _is_ours(target):
        raise Refusal("hook_not_encrypted", "what is sent travels by https alone", where="url")
    if told.kind == Hook.Kind.BULK and not target.path.partition("?")[0].endswith(_BULK_PATH):
        raise Refusal("not_a_bulk_address", "the address ends in /_bulk, the index before it", where="url")
    return target.url


def _is_ours(target: Target) -> bool:
    """Whether the operator allows to reach it inside our own network."""
    allowed = settings.OUTBOUND_ALLOWED
    return target.host in allowed or f"{target.host}:{target.port}" in allowed
