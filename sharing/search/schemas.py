"""The shapes of answers, for the OpenAPI document alone: bodies are written from dataclasses."""

from __future__ import annotations

from rest_framework import serializers


class RowSchema(serializers.Serializer[None]):
    """One value in a list."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    value = serializers.CharField()
    defanged = serializers.CharField()
    tlp = serializers.CharField()
    pap = serializers.CharField()
    state = serializers.ChoiceField(["live", "expired"])
    threat_types = serializers.ListField(child=serializers.CharField())
    score = serializers.IntegerField(min_value=0, max_value=100)
    institutions = serializers.IntegerField()
    subtree = serializers.BooleanField()
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    updated = serializers.DateTimeField()


class PageSchema(serializers.Serializer[None]):
    """A page of values."""

    indicators = RowSchema(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null on the last one.")


class ChangeSchema(serializers.Serializer[None]):
    """One value; of a removed one only its name, otherwise all that a list says of it."""

    action = serializers.ChoiceField(["added", "changed", "removed"])
    id = serializers.UUIDField()
    type = serializers.CharField()
    value = serializers.CharField()
    defanged = serializers.CharField()


class ChangesSchema(serializers.Serializer[None]):
    """Changes, oldest first."""

    changes = ChangeSchema(many=True)
    next = serializers.CharField(help_text="Cursor of the next request, also when nothing changed.")
    more = serializers.BooleanField(help_text="There is more: ask again at once.")


class InstitutionSchema(serializers.Serializer[None]):
    """A named author."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class ContributionSchema(serializers.Serializer[None]):
    """One visible statement; an anonymous one has no institution."""

    id = serializers.UUIDField()
    institution = InstitutionSchema(allow_null=True)
    mine = serializers.BooleanField()
    threat_type = serializers.CharField()
    tlp = serializers.CharField()
    pap = serializers.CharField()
    audience = serializers.CharField()
    confidence = serializers.IntegerField()
    subtree = serializers.BooleanField()
    comment = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    report = serializers.CharField(allow_null=True)
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    shared = serializers.DateTimeField()
    refreshed = serializers.DateTimeField()
    why = serializers.CharField()


class ReporterSchema(serializers.Serializer[None]):
    """What one institution met, by kind; anonymous ones are one without a name."""

    kind = serializers.ChoiceField(["seen", "false-positive", "expired"])
    institution = InstitutionSchema(allow_null=True)
    mine = serializers.BooleanField()
    count = serializers.IntegerField()
    first = serializers.DateTimeField()
    last = serializers.DateTimeField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="The latest that was given; of `seen` the own ones alone, in `mine`."
    )


class OwnSightingSchema(serializers.Serializer[None]):
    """One of the newest reports of the own institution, which `DELETE sightings/<id>` takes back."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["seen", "false-positive", "expired"])
    count = serializers.IntegerField()
    seen_at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]
    tlp = serializers.CharField()
    pap = serializers.CharField()
    audience = serializers.CharField()
    anonymous = serializers.BooleanField()


class SightingsSchema(serializers.Serializer[None]):
    """The visible sightings of a value."""

    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By kind.")
    reporters = ReporterSchema(many=True)
    mine = OwnSightingSchema(many=True)


class WhySchema(serializers.Serializer[None]):
    """One reason for which the value is shown."""

    reason = serializers.ChoiceField(["community", "recipient", "sender", "own", "circle", "named", "author"])
    sentence = serializers.CharField()


class DetailSchema(RowSchema):
    """One value with all that may be known of it."""

    contributions = ContributionSchema(many=True)
    sightings = SightingsSchema()
    enrichment = serializers.DictField()
    related = serializers.ListField(child=serializers.DictField())
    why = WhySchema(many=True)


class LookupRequestSchema(serializers.Serializer[None]):
    """Values to look up, defanged or not."""

    values = serializers.ListField(child=serializers.CharField(), max_length=10_000)


class LookupAnswerSchema(serializers.Serializer[None]):
    """One answer; unknown and hidden values have the same."""

    value = serializers.CharField(help_text="As it was asked.")
    known = serializers.BooleanField()
    type = serializers.CharField(allow_null=True)
    canonical = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="Why the text is no value.")
    indicator = serializers.UUIDField(required=False)
    tlp = serializers.CharField(required=False)
    pap = serializers.CharField(required=False)
    threat_types = serializers.ListField(child=serializers.CharField(), required=False)
    institutions = serializers.IntegerField(required=False)
    first_seen = serializers.DateTimeField(required=False)
    last_seen = serializers.DateTimeField(required=False)
    score = serializers.IntegerField(required=False)
    covered_by = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="The name above it whose statement means its sub-names too, when nothing is said of the name itself.",
    )


class LookupSchema(serializers.Serializer[None]):
    """The answers in the order of the questions."""

    results = LookupAnswerSchema(many=True)
