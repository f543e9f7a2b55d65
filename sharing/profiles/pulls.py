"""What is remembered of pulls: who, when, how much. A firewall that asks every second writes once a minute."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, QuerySet
from django.http.response import HttpResponseBase

from iocmarket.kernel import clock
from sharing.profiles.models import FeedPull

GRAIN = timedelta(minutes=1)


def note_pull(profile_id: int, token_id: int | None, answer: HttpResponseBase) -> None:
    """Note a pull by a machine; a person who looks in a browser is no consumer.

    What was sent is written when it differs from what was sent before, everything else once a minute.
    """
    if token_id is None or answer.status_code not in {200, 304}:
        return
    moment, serial = clock.now(), int(answer["X-IOC-Serial"])
    held = FeedPull.objects.filter(profile_id=profile_id, token_id=token_id).values_list("at", "serial").first()
    fresh = answer.status_code == 200 and (held is None or held[1] != serial)
    if held is not None and not fresh and moment - held[0] < GRAIN:
        return
    told = {"at": moment, "status": answer.status_code}
    if answer.status_code == 200:
        told |= {
            "serial": serial, "sent_at": moment, "size": int(answer["Content-Length"]),
            "count": int(answer["X-IOC-Count"]), "skipped": int(answer["X-IOC-Skipped"]),
        }  # fmt: skip
    FeedPull.objects.update_or_create(profile_id=profile_id, token_id=token_id, defaults=told)


def pulls_of(profile_ids: list[int]) -> QuerySet[FeedPull]:
    """The last pull with each token, the newest first."""
    found = FeedPull.objects.filter(profile__in=profile_ids).select_related("token")
    return found.order_by(F("at").desc(), "pk")
