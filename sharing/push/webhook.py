"""A web hook: the changes as `GET changes` gives them, signed after the Standard Webhooks specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.clock import stamp
from sharing.push.contents import Piece
from sharing.push.credentials import signing_secrets
from sharing.push.models import Delivery, Hook
from sharing.push.outcomes import Arrived, raise_for
from sharing.push.signing import signature_headers
from sharing.push.targets import Target
from sharing.search.documents import row_document

EVENT, TRIAL = "indicators.changed", "webhook.test"


class WebHook(Target):
    """`{"type": "indicators.changed", "timestamp": …, "data": {"changes": […]}}`."""

    media_type = "application/json"
    separator = b","

    def part(self, piece: Piece) -> bytes:
        """One change."""
        return orjson.dumps({"action": piece.action, **_told(piece)})

    def body(self, delivery: Delivery, parts: Sequence[bytes]) -> bytes:
        """The message. Its moment is the delivery's, so that an attempt more says the same."""
        head = f'{{"type":"{EVENT}","timestamp":"{stamp(delivery.made_at)}","data":{{"changes":['
        return head.encode() + self.separator.join(parts) + b"]}}"

    def trial(self, moment: datetime) -> bytes:
        """A message of a type of its own: receivers leave types alone that they do not know."""
        return f'{{"type":"{TRIAL}","timestamp":"{stamp(moment)}","data":{{}}}}'.encode()

    def headers(self, hook: Hook, message: UUID, body: bytes, moment: datetime) -> dict[str, str]:
        """The signature."""
        return signature_headers(f"msg_{message.hex}", int(moment.timestamp()), body, signing_secrets(hook, moment))

    def read(self, status: int, headers: Mapping[str, str], body: bytes, pieces: int, moment: datetime) -> Arrived:
        """Any 2xx is a yes; what else it says is not read."""
        del body, pieces
        raise_for(status, headers, moment)
        return Arrived(status)


def _told(piece: Piece) -> dict[str, Any]:
    """What the value is now, or only its name when it is gone; of an erased one the name is gone, too."""
    if piece.row is not None:
        return row_document(piece.row)
    defanged = ioc_types[piece.type].defang(piece.value) if piece.value else None
    return {"id": str(piece.public_id), "type": piece.type, "value": piece.value or None, "defanged": defanged}
