"""The shapes of answers, for the OpenAPI document alone: a feed in its format's own media type, or the explanation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers

from sharing.feeds.formats.base import formats


class ReasonSchema(serializers.Serializer[None]):
    """One reason, and how many values were left out for it."""

    reason = serializers.CharField()
    count = serializers.IntegerField(min_value=0)
    sentence = serializers.CharField()


class LeftOutSchema(serializers.Serializer[None]):
    """One value that was left out."""

    indicator = serializers.UUIDField()
    type = serializers.CharField()
    value = serializers.CharField()
    tlp = serializers.CharField()
    pap = serializers.CharField()
    reason = serializers.CharField()


class ExplanationSchema(serializers.Serializer[None]):
    """`?explain=1` (sharing/feeds/explain.py)."""

    format = serializers.CharField()
    mode = serializers.ChoiceField(["block", "detect"])
    count = serializers.IntegerField(min_value=0, help_text="Values that the feed holds.")
    skipped = serializers.IntegerField(min_value=0, help_text="Values that were left out.")
    reasons = ReasonSchema(many=True)
    values = LeftOutSchema(many=True, help_text="Some of them.")


def feed_answers() -> dict[Any, Any]:
    """What a door to the feeds answers with 200, 304, 406 and 503; each registered format adds its media type."""
    said: dict[Any, Any] = {(200, "application/json"): ExplanationSchema, 304: None}
    said |= {406: OpenApiTypes.OBJECT, 503: OpenApiTypes.OBJECT}
    for media in sorted({fmt.media_type.partition(";")[0] for fmt in formats}):
        said[200, media] = OpenApiTypes.OBJECT if media.endswith("json") else OpenApiTypes.BINARY
    return said
