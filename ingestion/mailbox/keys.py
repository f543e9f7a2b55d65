"""Making and revoking mail keys: the only writer of them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from ingestion.mailbox.models import MailKey
from iocmarket.accounts.models import Member
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

# No capitals: mail servers may change the case of an address. 26 signs of 32 are 130 bits.
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
LENGTH = 26
KEYS_MAX = 5
"""Keys of one person that open something."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with the address that it makes, which exists nowhere else and is shown once."""

    key: MailKey
    address: str


def address_of(secret: str) -> str:
    """The address to which its owner sends."""
    local, _, domain = settings.MAILBOX_ADDRESS.partition("@")
    return f"{local}+{secret}@{domain}"


@transaction.atomic
def make_key(member: Member, *, actor: Actor) -> NewKey:
    """A new key. Raises Refusal: `mailbox_off`, `too_many_mail_keys`."""
    if not settings.MAILBOX_ADDRESS:
        raise Refusal("mailbox_off", "the community has no address for mails")
    Member.objects.select_for_update().get(pk=member.pk)  # two at once would both count four
    if MailKey.objects.filter(member=member, revoked_at=None).count() >= KEYS_MAX:
        raise Refusal("too_many_mail_keys", f"you have {KEYS_MAX} keys: revoke one")
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
    key = MailKey.objects.create(digest=_digest_of(secret), hint=secret[:4], member=member)
    record("mailkey.created", actor=actor, subject_type="member", subject_id=member.public_id, details={})
    return NewKey(key, address_of(secret))


@transaction.atomic
def revoke_key(key: MailKey, *, actor: Actor) -> None:
    """Close it. Revoking twice changes nothing."""
    if MailKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now()):
        record("mailkey.revoked", actor=actor, subject_type="member", subject_id=key.member.public_id, details={})


def key_behind(secret: str) -> MailKey | None:
    """The key that still opens something, with its member and institution."""
    if len(secret) != LENGTH or not set(secret) <= set(_ALPHABET):
        return None
    found = MailKey.objects.select_related("member__institution")
    return found.filter(digest=_digest_of(secret), revoked_at=None).first()


def key_in(address: str) -> str | None:
    """The key in an address of the mailbox: empty for the bare address, None for any other address."""
    ours, _, our_domain = settings.MAILBOX_ADDRESS.lower().partition("@")
    local, at, domain = address.lower().rpartition("@")
    if not (at and ours) or domain != our_domain:
        return None
    base, _, secret = local.partition("+")
    return secret if base == ours else None


def _digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
