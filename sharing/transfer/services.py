"""Making subscribers of the zone and their keys, changing keys, ending them: the only writer."""

from __future__ import annotations

import base64
import ipaddress
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.http import QueryDict

from iocmarket.accounts.models import Institution
from iocmarket.audit.services import Actor, record
from iocmarket.encrypted import cipher
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.outbound.addresses import is_open
from sharing.feeds.formats.base import formats
from sharing.feeds.options import Options, read_options
from sharing.transfer.models import Transfer, TransferKey

MOST = 20
"""Subscribers of one institution: each has a zone of its own in the server's memory."""
NOTIFIED = 8
"""Addresses that are told of a change of one zone."""
OVERLAP_DAYS = 30
"""So long at most an old key goes on beside the new one."""
DNS_PORT = 53
_PURPOSE = "transfer"
_OCTETS = 32  # as long as what HMAC-SHA256 gives (RFC 8945 section 6)


@dataclass(frozen=True, slots=True)
class Made:
    """A key, with its secret: shown once."""

    key: TransferKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One that is served now, with its keys: (name, secret)."""

    transfer: Transfer
    keys: tuple[tuple[str, str], ...] = field(repr=False)


@transaction.atomic
def create(
    institution: Institution,
    *,
    name: str,
    actor: Actor,
    tlp_ceiling: TLP = TLP.AMBER_STRICT,
    action: str = "",
    target: str = "",
    notify: list[str] | None = None,
) -> Made:
    """A subscriber and its first key.

    Raises Refusal: `too_many_transfers`, `red_in_a_zone`, `bad_garden`, `bad_notify`, `notify_closed`.
    """
    Institution.objects.select_for_update().get(pk=institution.pk)  # two at once would both count nineteen
    if Transfer.objects.filter(institution=institution).count() >= MOST:
        raise Refusal("too_many_transfers", f"an institution has at most {MOST} subscribers of the zone")
    if tlp_ceiling >= TLP.RED:
        raise Refusal("red_in_a_zone", "TLP:RED is for persons: no zone carries it")
    options = options_of(action, target)
    made = Transfer.objects.create(
        institution=institution, name=name, tlp_ceiling=int(tlp_ceiling), notify=_places(notify or []),
        action=options.own["action"], target=options.own["target"],
    )  # fmt: skip
    key = _drawn(made)
    _record("transfer.created", made, actor)
    return key


@transaction.atomic
def rotate(transfer: Transfer, *, overlap: timedelta, actor: Actor) -> Made:
    """A new key; those before it end after the overlap, or when they would have ended."""
    row = Transfer.objects.select_for_update().get(pk=transfer.pk)
    ends = clock.now() + min(max(overlap, timedelta()), timedelta(days=OVERLAP_DAYS))
    row.keys.filter(ends_at__isnull=True).update(ends_at=ends)
    row.keys.filter(ends_at__gt=ends).update(ends_at=ends)
    row.keys.filter(ends_at__lte=clock.now()).delete()
    key = _drawn(row)
    _record("transfer.rotated", row, actor)
    return key


@transaction.atomic
def remove(transfer: Transfer, *, actor: Actor) -> None:
    """With its keys: the server answers none of them any more, within a second or two."""
    _record("transfer.removed", transfer, actor)
    transfer.delete()


def served(moment: datetime) -> list[Subscriber]:
    """Those that may take the zone now, with the keys that may sign it. Constant number of statements."""
    listed = Transfer.objects.select_related("institution").prefetch_related("keys").order_by("pk")
    found = []
    for transfer in listed:
        if not (transfer.institution.opens_to_tokens(moment) and transfer.institution.is_bound(moment)):
            continue
        opening = [key for key in sorted(transfer.keys.all(), key=lambda key: key.pk) if key.opens(moment)]
        keys = tuple((key.key_name, secret) for key in opening if (secret := _secret_of(key)))
        if keys:
            found.append(Subscriber(transfer, keys))
    return found


def options_of(action: str, target: str) -> Options:
    """The options of the zone. Raises Refusal: `bad_garden`."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (("action", action), ("target", target)) if value})
    try:
        return read_options(query, formats["rpz"])
    except Refusal as refusal:
        raise Refusal("bad_garden", refusal.detail) from refusal


def _drawn(transfer: Transfer) -> Made:
    secret = base64.b64encode(secrets.token_bytes(_OCTETS)).decode()
    sealed = cipher(_PURPOSE).encrypt(secret.encode()).decode()
    return Made(TransferKey.objects.create(transfer=transfer, secret=sealed), secret)


def _secret_of(key: TransferKey) -> str:
    """Empty when no key of the program opens it any more: then nothing is signed with it."""
    try:
        return cipher(_PURPOSE).decrypt(key.secret.encode()).decode()
    except InvalidToken:
        return ""


def _places(given: list[str]) -> list[str]:
    """Addresses and ports in one spelling. Raises Refusal: `bad_notify`, `notify_closed`."""
    if len(given) > NOTIFIED:
        raise Refusal("bad_notify", f"at most {NOTIFIED} addresses are told of a change")
    return list(dict.fromkeys(map(_place, given)))


def _place(text: str) -> str:
    host, port_text = _parted(text.strip())
    try:
        address, port = ipaddress.ip_address(host), int(port_text or DNS_PORT)
    except ValueError as error:
        raise Refusal("bad_notify", f"{text[:60]!r} is no address of a name server, such as 192.0.2.53") from error
    if not 0 < port < 2**16 or "%" in host:
        raise Refusal("bad_notify", f"{text[:60]!r} is no address and port of a name server")
    allowed = settings.OUTBOUND_ALLOWED
    if not is_open(address) and str(address) not in allowed and f"{address}:{port}" not in allowed:
        raise Refusal("notify_closed", f"{address} lies in a network that the platform does not reach out to")
    return f"{address}#{port}"


def _parted(text: str) -> tuple[str, str]:
    """Address and port of `192.0.2.1#53`, `192.0.2.1:53`, `[2001:db8::1]:53` or an address alone."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.lstrip(":#")
    host, _, port = text.partition("#" if "#" in text or text.count(":") > 1 else ":")
    return host, port


def _record(action: str, transfer: Transfer, actor: Actor) -> None:
    record(action, actor=actor, subject_type="transfer", subject_id=transfer.public_id, details={"name": transfer.name})
