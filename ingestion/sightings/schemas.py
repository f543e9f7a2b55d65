"""The shape of the request, for the OpenAPI document alone: bodies are read in drafts.py."""

from __future__ import annotations

from rest_framework import serializers

from iocmarket.indicators.sightings import COUNT_MAX, ITEMS_MAX, SOURCE_MAX


class ReportSchema(serializers.Serializer[None]):
    """What was met of one value, which is named by itself or by its id."""

    value = serializers.CharField(required=False, help_text="Defanged or not.")
    indicator = serializers.UUIDField(required=False)
    type = serializers.CharField(required=False, help_text="Its IOC type, where the value alone does not say.")
    kind = serializers.ChoiceField(["seen", "false-positive", "expired"])
    count = serializers.IntegerField(required=False, min_value=1, max_value=COUNT_MAX)
    seen_at = serializers.DateTimeField(required=False, help_text="Now by default; never in the future.")
    source = serializers.CharField(required=False, max_length=SOURCE_MAX)  # type: ignore[assignment]


class ReportsSchema(serializers.Serializer[None]):
    """Reports, answered one by one."""

    sightings = serializers.ListField(child=ReportSchema(), max_length=ITEMS_MAX)
