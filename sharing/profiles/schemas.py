"""The shapes of what is sent and answered about profiles."""

from __future__ import annotations

from rest_framework import serializers

from iocmarket.api.shapes import Shape


class LinesChangedSchema(serializers.Serializer[None]):
    """What differs between two contents of a saved feed."""

    profile = serializers.CharField()
    format = serializers.CharField()
    after = serializers.IntegerField()
    serial = serializers.IntegerField(help_text="Of the content as it is now: what to ask with next time.")
    removed = serializers.ListField(child=serializers.CharField(), help_text="Lines that went.")
    added = serializers.ListField(child=serializers.CharField(), help_text="Lines that came.")


class PullSchema(serializers.Serializer[None]):
    """The last pull with one token."""

    token = serializers.CharField(help_text="Its name.")
    at = serializers.DateTimeField()
    status = serializers.IntegerField(help_text="200, or 304: nothing had changed.")
    sent = serializers.DateTimeField(allow_null=True, help_text="When a content was sent last.")
    serial = serializers.IntegerField()
    count = serializers.IntegerField()
    skipped = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="As it was sent, compressed or not.")


class ProfileSchema(serializers.Serializer[None]):
    """A saved feed."""

    name = serializers.CharField()
    format = serializers.CharField()
    mode = serializers.ChoiceField(["block", "detect"])
    options = serializers.DictField(child=serializers.CharField())
    tool = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    url = serializers.CharField()
    created = serializers.DateTimeField()
    changed = serializers.DateTimeField()
    pulls = PullSchema(many=True, help_text="Newest first.")


class ProfilesSchema(serializers.Serializer[None]):
    """All of them, by name."""

    feeds = ProfileSchema(many=True)


class NewProfile(Shape):
    """A feed to save."""

    name = serializers.CharField(max_length=50)
    format = serializers.CharField(max_length=40)
    options = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    tool = serializers.CharField(max_length=60, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ProfileChange(Shape):
    """What to change; the name and the format stay."""

    options = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class PolicySchema(Shape):
    """What an institution lets its tools do. What is not sent is empty: a policy is put in place as a whole."""

    matrix = serializers.DictField(
        child=serializers.DictField(child=serializers.ChoiceField(["ignore", "detect", "block"])),
        required=False,
        help_text="By threat type and IOC type; `block` where nothing stands.",
    )
    score_min = serializers.IntegerField(
        min_value=0, max_value=100, required=False, allow_null=True,
        help_text="In every feed; blocking feeds have the community's threshold besides.",
    )  # fmt: skip
    age_days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)
    cap = serializers.IntegerField(min_value=1, max_value=10_000_000, required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=50)
