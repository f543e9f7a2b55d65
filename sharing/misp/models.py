"""Event, Attribute, Followed: the names under which MISP clients know what a view says.

Clients keep what they read under its uuid and number for years, and name it by them. So both are drawn at random and
stored: one for each contribution in each view, since the same statement read in two views is two statements to two
audiences (domain.md, Views), and one for each event, which is a report, or what an institution said on a day.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution, Indicator, Report
from iocmarket.publication.models import View

NUMBER_MAX = 2**31 - 1
"""MISP's numbers are 32-bit integers with a sign, and clients convert them."""


class Followed(models.Model):
    """Up to where the entries of a view have their names; made when somebody first reads the view as MISP."""

    view = models.OneToOneField(View, on_delete=models.CASCADE, primary_key=True, related_name="followed")
    upto = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.view_id} {self.upto}"


class Event(models.Model):
    """A report as a view tells it; or what one institution said there on one day without a report.

    `speaker` is the institution's public id, not a key: an institution that merges or leaves must not change names.
    Without report and speaker: what anonymous ones said on that day, together (domain.md, rule 6).
    """

    view = models.ForeignKey(View, on_delete=models.CASCADE, related_name="+", db_index=False)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, null=True, related_name="+")
    speaker = models.UUIDField(null=True)
    day = models.DateField(null=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    number = models.IntegerField(unique=True)
    # The newest `date_added` among the entries of its attributes.
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["view", "report"], condition=Q(report__isnull=False), name="misp_event_of_report"
            ),
            models.UniqueConstraint(
                fields=["view", "speaker", "day"],
                condition=Q(report__isnull=True),
                nulls_distinct=False,
                name="misp_event_of_day",
            ),
        ]
        indexes = [models.Index(fields=["view", "changed_at", "id"], name="misp_event_turn")]

    def __str__(self) -> str:
        return str(self.uuid)


class Attribute(models.Model):
    """One contribution as a view tells it."""

    view = models.ForeignKey(View, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="attributes")
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="+")
    # No index of its own: the one below begins with it.
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="misp_names", db_index=False)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    number = models.IntegerField(unique=True)
    # When the statement was found to be in the view no more.
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contribution", "view"], name="misp_attribute_once"),
        ]
        indexes = [
            models.Index(fields=["indicator", "view"], name="misp_attribute_of_value"),
            models.Index(fields=["gone_at"], condition=Q(gone_at__isnull=False), name="misp_attribute_gone"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class FolderEvent(models.Model):
    """An event in the folder of a saved feed, as it was told last: when what of it is in the folder changed.

    Options, scores and limits move values in and out of a folder without any publication; a consumer fetches an event
    again only when its moment is a later one.
    """

    profile = models.ForeignKey("profiles.FeedProfile", on_delete=models.CASCADE, related_name="+", db_index=False)
    # The exit by which it was read; the options are the profile's, and what they change is what is noted here.
    ceiling_tlp = models.SmallIntegerField()
    ceiling_pap = models.SmallIntegerField()
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    # Of the names of its attributes in the folder, and which of them have left; empty when none is in it.
    digest = models.BinaryField(max_length=16)
    # Null while it is as it was told first: its own moment says everything.
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "ceiling_tlp", "ceiling_pap", "event"], name="misp_folder_event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.event_id}"


class MovedFor(models.Model):
    """An exit that is read as MISP, and which values had `to_ids` for it when that was looked at last (moved.py)."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    ceiling_tlp = models.SmallIntegerField()
    ceiling_pap = models.SmallIntegerField()
    community_only = models.BooleanField()
    detecting = models.BooleanField()
    read_at = models.DateTimeField()
    # The last moment at which a value moved; null while none has.
    moved_at = models.DateTimeField(null=True)
    # Digest of what decides on all values; up to where each view was read, in microseconds; what was contested.
    inputs = models.BinaryField(max_length=32, default=b"")
    heads = models.JSONField(default=dict)
    contested = models.JSONField(default=list)
    # Keys of indicators, eight bytes each in ascending order, deflated; null before the first look.
    decided = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "ceiling_tlp", "ceiling_pap", "community_only", "detecting"],
                name="misp_moved_for_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.ceiling_tlp}/{self.ceiling_pap}"


class Moved(models.Model):
    """A value whose `to_ids` changed for an exit without a new version of an entry: when that was noticed last."""

    exit = models.ForeignKey(MovedFor, on_delete=models.CASCADE, related_name="moved", db_index=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="+")
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exit", "indicator"], name="misp_moved_once")]
        indexes = [models.Index(fields=["exit", "moved_at"], name="misp_moved_turn")]

    def __str__(self) -> str:
        return f"{self.exit_id} {self.moved_at}"


# A package of its own holds what clients wrote; Django finds the models of an app here.
from sharing.misp.writing.models import WrittenAttribute, WrittenEvent  # noqa: E402

__all__ = [
    "NUMBER_MAX",
    "Attribute",
    "Event",
    "FolderEvent",
    "Followed",
    "Moved",
    "MovedFor",
    "WrittenAttribute",
    "WrittenEvent",
]
