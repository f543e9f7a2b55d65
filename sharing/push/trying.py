"""One message on trial: signed and sent as the others are, to see what the target answers. Nothing of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

from django.utils.translation import gettext

from iocmarket.audit.services import Actor
from iocmarket.kernel import clock
from iocmarket.outbound import Limits, Outbound, OutboundError, client
from sharing.push.kinds import TARGETS
from sharing.push.models import Hook
from sharing.push.outcomes import DeliveryError
from sharing.push.reasons import said
from sharing.push.services import note_trial

LIMITS = Limits(seconds=10.0, bytes=1024 * 1024)
"""A person waits for it."""
SHOWN = 1000
"""Characters of the answer."""
_CREDENTIAL = "Authorization"


@dataclass(frozen=True, slots=True)
class Trial:
    """What was sent, and what came back."""

    sent: str
    """The headers that prove who we are, and the body; without the credential of an index."""
    status: int | None
    failure: str
    """A sentence; empty when the target has taken it."""
    answer: str
    milliseconds: int


def tried(hook: Hook, *, actor: Actor, outbound: Outbound | None = None) -> Trial:
    """Send one message. Raises nothing for what a target does."""
    moment, began = clock.now(), perf_counter()
    target = TARGETS[hook.kind]
    body, headers, status, failure, text = target.trial(moment), {}, None, "", ""
    try:
        headers = target.headers(hook, uuid4(), body, moment)
        sent = {"Content-Type": target.media_type, **headers}
        answer = (outbound or client(limits=LIMITS)).post(hook.url, body, headers=sent)
        status, text = answer.status, _shown(answer.body)
        refused = target.read(status, answer.headers, answer.body, 1, moment).refused
        failure = "target_refuses" if refused else ""
    except OutboundError as error:
        failure = f"net_{error.code}"
    except DeliveryError as error:
        failure = error.code
    milliseconds = round(1000 * (perf_counter() - began))
    note_trial(hook, status=status, failure=failure, actor=actor)
    lines = [f"{name}: {gettext('not shown') if name == _CREDENTIAL else value}" for name, value in headers.items()]
    return Trial("\n".join([*lines, "", body.decode()]), status, said(failure), text, milliseconds)


def _shown(body: bytes) -> str:
    """The beginning of an answer, whatever it is."""
    text = body[: 4 * SHOWN].decode(errors="replace")[:SHOWN]
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)
