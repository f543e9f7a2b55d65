"""On which terms what was fetched is shared: how it is asked for, and what its items carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from cryptography.fernet import InvalidToken

from ingestion.readers.base import Row
from ingestion.readers.files import FileContext, FileReader, Opened, Origin, Source, Stolen, Tale, Told
from ingestion.submissions.choices import QUERY, Choices, read_choices
from ingestion.subscriptions.asking import Access, PullError
from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.paging import Wish
from iocmarket.encrypted import cipher
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP

PURPOSE = "subscription"


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for everything of a subscription."""

    choices: Choices
    given: Mapping[str, Any]
    tlp_floor: TLP
    pap_floor: PAP
    origin: Origin


def wish_of(subscription: Subscription) -> Wish:
    """What it asks for. Raises PullError when its credential is of a key that is gone."""
    since = subscription.since.astimezone(UTC) if subscription.since else None
    return Wish(
        access=Access(subscription.url, subscription.login, _secret(subscription)),
        types=tuple(subscription.types),
        tags=tuple(subscription.tags),
        published=subscription.published,
        since=since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else "",
        since_epoch=int(since.timestamp()) if since else 0,
    )


def sealed(secret: str) -> str:
    """A credential as it is stored."""
    return cipher(PURPOSE).encrypt(secret.encode()).decode() if secret else ""


def _secret(subscription: Subscription) -> str:
    try:
        return cipher(PURPOSE).decrypt(subscription.secret.encode()).decode() if subscription.secret else ""
    except InvalidToken as error:
        raise PullError("credential_lost", stops=True) from error


def terms_of(subscription: Subscription) -> Terms:
    """What its items carry. Raises PullError when its circle is gone."""
    if subscription.audience == "circle" and subscription.circle is None:
        raise PullError("circle_gone", stops=True)
    tlp_floor, pap_floor = TLP(subscription.tlp_floor), PAP(subscription.pap_floor)
    given = {
        "tlp": max(TLP(subscription.tlp), tlp_floor).label,
        "pap": max(PAP(subscription.pap), pap_floor).label,
        "audience": subscription.audience,
        "circle": str(subscription.circle.public_id) if subscription.circle else None,
        "threat_type": subscription.threat_type,
    }
    said = {name: text for name, text in given.items() if text}
    try:
        choices = read_choices(said, base=Choices(), where=QUERY, own=False)
    except Refusal as refusal:
        raise PullError("terms_refused", stops=True) from refusal
    return Terms(
        choices, said, tlp_floor, pap_floor, Origin.PERMITTED if subscription.permitted else Origin.OTHER
    )  # fmt: skip


class Floored(FileReader):
    """A reader whose items carry no less than the floors."""

    def __init__(self, reader: FileReader, terms: Terms) -> None:
        self.name = reader.name  # type: ignore[misc]  # of an instance, as the reader's own are of its class
        self.size_max = reader.size_max  # type: ignore[misc]  # same
        self._reader = reader
        self._terms = terms

    def opened(self, source: Source, context: FileContext) -> Opened:
        """As the reader itself; raises the same."""
        found = self._reader.opened(source, context)
        return Opened(
            items=self._items(found),
            tale=self._tale(found.tale) if found.tale else None,
            silent=found.silent,
            stories=tuple(map(self._tale, found.stories)),
        )

    def _items(self, found: Opened) -> Iterator[Row | Told | Stolen]:
        for item in found.items:
            yield replace(item, said=self._said(item.said)) if isinstance(item, Told) else item

    def _tale(self, tale: Tale) -> Tale:
        return replace(tale, said=self._said(tale.said))

    def _said(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an item does not say, the defaults say, which are not under the floors."""
        raised: dict[str, Any] = {}
        if "tlp" in said:
            raised["tlp"] = max(TLP.parse(str(said["tlp"])), self._terms.tlp_floor).label
        if "pap" in said:
            raised["pap"] = max(PAP.parse(str(said["pap"])), self._terms.pap_floor).label
        return {**said, **raised}
