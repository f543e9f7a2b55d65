"""Hooks and deliveries as the API tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation
from rest_framework import serializers

from iocmarket.accounts.models import Token
from iocmarket.api.shapes import Shape
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import TLP
from sharing.push.models import Delivery, Hook
from sharing.push.reasons import said
from sharing.push.services import Told

_TLPS = [level.label for level in TLP if level < TLP.RED]


class HookRequestSchema(Shape):
    """What a hook is to be."""

    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=2000, help_text="https; of an index its `_bulk` address.")
    kind = serializers.ChoiceField(Hook.Kind.values, required=False)
    operated_by = serializers.ChoiceField(
        Token.OperatedBy.choices, required=False,
        help_text="Whose hands the target is in. Of a provider's, which is the default, nothing above TLP:AMBER or "
        "PAP:AMBER is sent there.",
    )  # fmt: skip
    auth = serializers.ChoiceField(Hook.Auth.values, required=False, help_text="Of an index alone.")
    login = serializers.CharField(max_length=200, required=False, allow_blank=True)
    secret = serializers.CharField(max_length=2000, required=False, allow_blank=True, write_only=True)
    types = serializers.ListField(child=serializers.CharField(max_length=30), required=False, max_length=100)
    threat_types = serializers.ListField(child=serializers.CharField(max_length=24), required=False, max_length=100)
    score_min = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)
    tlp_max = serializers.ChoiceField(_TLPS, required=False)
    from_start = serializers.BooleanField(required=False, help_text="Also what was there before the hook was made.")


class HookChangeSchema(HookRequestSchema):
    """What is to be another; what is not named stays."""

    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=2000, required=False)
    state = serializers.ChoiceField(
        [Hook.State.ACTIVE.value, Hook.State.PAUSED.value], required=False, help_text="Pause it, or let it go on."
    )


class HookSchema(serializers.Serializer[None]):
    """One hook, without its secret."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Hook.Kind.values)
    url = serializers.CharField()
    operated_by = serializers.ChoiceField(Token.OperatedBy.choices)
    auth = serializers.ChoiceField(Hook.Auth.values)
    login = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField())
    threat_types = serializers.ListField(child=serializers.CharField())
    score_min = serializers.IntegerField(allow_null=True)
    tlp_max = serializers.ChoiceField(_TLPS)
    from_start = serializers.BooleanField()
    state = serializers.ChoiceField(Hook.State.values)
    error = serializers.CharField(help_text="Code of the last failure; empty once something arrived.")
    why = serializers.CharField(help_text="The same as a sentence.")
    waiting = serializers.IntegerField(help_text="Deliveries that are on their way.")
    dead = serializers.IntegerField(help_text="Deliveries that were given up.")
    created = serializers.DateTimeField()


class NewHookSchema(HookSchema):
    """A hook with the secret that signs, which no other answer has."""

    secret = serializers.CharField(help_text="`whsec_…` of the Standard Webhooks specification; empty for an index.")


class HooksSchema(serializers.Serializer[None]):
    """The hooks of an institution, by name."""

    webhooks = HookSchema(many=True)


class DeliverySchema(serializers.Serializer[None]):
    """One delivery, in figures: the values are in none of our answers about it."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(Delivery.State.values)
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="What the target answered last.")
    error = serializers.CharField()
    why = serializers.CharField()
    refused = serializers.IntegerField(help_text="Documents that an index refused for good.")
    refusals = serializers.DictField(child=serializers.IntegerField(), help_text="The same by kind of error.")
    made = serializers.DateTimeField()
    next = serializers.DateTimeField(allow_null=True)
    ended = serializers.DateTimeField(allow_null=True)


class DeliveriesSchema(serializers.Serializer[None]):
    """The newest deliveries, or those that were given up."""

    deliveries = DeliverySchema(many=True)


def told_of(given: dict[str, Any], held: Hook | None = None) -> Told:
    """What a request says, beside what is there already."""
    names = [name for name in Told.__dataclass_fields__ if name != "secret"]
    before = {name: getattr(held, name) for name in names} if held else {}
    named = {name: given[name] for name in (*names, "secret") if name in given}
    if "tlp_max" in named:
        named["tlp_max"] = int(TLP.parse(named["tlp_max"]))
    return Told(**{**before, **named})


def hook_document(hook: Hook) -> dict[str, Any]:
    """One hook. Two statements."""
    states = list(hook.deliveries.exclude(state=Delivery.State.DELIVERED).values_list("state", flat=True))
    return {
        "id": str(hook.public_id),
        "name": hook.name,
        "kind": hook.kind,
        "url": hook.url,
        "operated_by": hook.operated_by,
        "auth": hook.auth,
        "login": hook.login,
        "types": hook.types,
        "threat_types": hook.threat_types,
        "score_min": hook.score_min,
        "tlp_max": TLP(hook.tlp_max).label,
        "from_start": hook.from_start,
        "state": hook.state,
        "error": hook.error,
        "why": _english(hook.error),
        "waiting": states.count(Delivery.State.WAITING),
        "dead": states.count(Delivery.State.DEAD),
        "created": stamp(hook.created_at),
    }


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """One delivery."""
    waiting = delivery.state == Delivery.State.WAITING
    return {
        "id": str(delivery.public_id),
        "state": delivery.state,
        "added": delivery.added,
        "changed": delivery.changed,
        "removed": delivery.removed,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "why": _english(delivery.error),
        "refused": delivery.refused,
        "refusals": delivery.refusals,
        "made": stamp(delivery.made_at),
        "next": stamp(delivery.next_at) if waiting else None,
        "ended": _moment(delivery.ended_at),
    }


def _english(code: str) -> str:
    with translation.override("en"):
        return said(code)


def _moment(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None
