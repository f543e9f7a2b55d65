"""Each kind of hook and what it speaks."""

from __future__ import annotations

from sharing.push.bulk import Bulk
from sharing.push.models import Hook
from sharing.push.targets import Target
from sharing.push.webhook import WebHook

TARGETS: dict[str, Target] = {Hook.Kind.WEBHOOK.value: WebHook(), Hook.Kind.BULK.value: Bulk()}
