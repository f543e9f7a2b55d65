"""Idempotency-Key: a request that is sent again because its answer got lost is not done again.

The row that holds the key is written in the transaction of the act itself: the act and its answer stand or fall
together, and a second request with the key waits at the unique constraint until the first has ended. What failed is
not kept: nothing of it was done.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from datetime import timedelta

import orjson
from django.db import OperationalError, connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.submissions.models import KeptAnswer
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.api.renderers import OrjsonRenderer
from iocmarket.api.spool import Body
from iocmarket.kernel import clock

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
LONGEST = 255
PATIENCE_SECONDS = 20
"""How long a request waits for another one with the same key."""


def once(request: Request, body: Body, *, viewer: Viewer, act: Callable[[], Response]) -> Response:
    """Act, or answer what was answered before. Raises Problem 400, or 409 for a key that means another request."""
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not 0 < len(key) <= LONGEST or not key.isprintable():
        raise Problem(400, "bad_idempotency_key", f"a key has 1 to {LONGEST} printable characters", where=HEADER)
    asked = _fingerprint(request, body)
    with transaction.atomic():
        kept, fresh = _claim(key, asked, viewer)
        if not fresh:
            return _again(kept, asked)
        answer = act()
        kept.status = answer.status_code
        kept.location = answer.headers.get("Location", "")
        kept.body = zlib.compress(OrjsonRenderer().render(answer.data), 1)
        kept.save(update_fields=["status", "location", "body"])
    return answer


def forget_old() -> int:
    """Delete what is older than 24 hours; how many."""
    return KeptAnswer.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]


def _claim(key: str, asked: bytes, viewer: Viewer) -> tuple[KeptAnswer, bool]:
    sender = f"token:{viewer.token_id}" if viewer.token_id else f"member:{viewer.member_id}"
    named = {"institution_id": viewer.institution_id, "sender": sender, "key": key}
    KeptAnswer.objects.filter(**named, created_at__lt=clock.now() - KEPT).delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{PATIENCE_SECONDS}s"])
    try:
        found = KeptAnswer.objects.get_or_create(**named, defaults={"request": asked})
    except OperationalError as error:
        detail = "a request with this key is still being answered"
        raise Problem(409, "idempotency_in_progress", detail, where=HEADER, wait=5) from error
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    return found


def _again(kept: KeptAnswer, asked: bytes) -> Response:
    if bytes(kept.request) != asked:
        detail = "this key was used for another request: another body, address or media type"
        raise Problem(409, "idempotency_conflict", detail, where=HEADER)
    headers = {"Location": kept.location} if kept.location else {}
    return Response(orjson.Fragment(zlib.decompress(bytes(kept.body))), status=kept.status, headers=headers)


def _fingerprint(request: Request, body: Body) -> bytes:
    digest = hashlib.sha256()
    for part in (request.method or "", request.get_full_path(), body.media_type, body.charset):
        digest.update(part.encode() + b"\0")
    digest.update(body.digest)
    return digest.digest()
