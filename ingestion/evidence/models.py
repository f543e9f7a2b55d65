"""Cases, who is let into them, uploads on their way, archives, what became of each artefact, and the chain of custody.

Nothing here is visible but through `visible_to`: a case exists for its institution and for the guests it names, and for
nobody else. No row holds a byte of an archive; the files are in the storage `evidence` (storing.py).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Indicator
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from iocmarket.publication.models import View


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases by who asks."""

    def owned_by(self, viewer: Viewer) -> CaseQuerySet:
        """Those of the viewer's own institution that its exit may carry."""
        if viewer.community_only:
            return self.none()
        return self.filter(institution_id=viewer.institution_id, tlp__lte=viewer.ceiling.tlp)

    def visible_to(self, viewer: Viewer) -> CaseQuerySet:
        """Those, and the ones that the person was invited into by name while their institution is a member."""
        if viewer.community_only:
            return self.none()
        seen = Q(institution_id=viewer.institution_id)
        if viewer.member_id is not None:
            invited = Guest.objects.filter(member_id=viewer.member_id).values("case_id")
            seen |= Q(pk__in=invited, institution__state=Institution.State.APPROVED)
        return self.filter(seen, tlp__lte=viewer.ceiling.tlp)


class Case(models.Model):
    """An incident that archives belong to. Its title is for its readers: it is in no log and in no record of acts."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="cases")
    # Of whoever opened it; empty when a machine did.
    member = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=200)
    # What processing writes into each record (design, section 5): never RED, which names persons.
    tlp = models.SmallIntegerField(default=int(TLP.AMBER_STRICT))
    created_at = models.DateTimeField(default=clock.now)

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["institution", "-id"], name="case_of_institution")]
        constraints = [models.CheckConstraint(condition=Q(tlp__lt=TLP.RED), name="case_is_not_red")]

    def __str__(self) -> str:
        return str(self.public_id)


class Guest(models.Model):
    """A person of another institution who may read one case."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="guests", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    invited_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "member"], name="guest_once")]

    def __str__(self) -> str:
        return str(self.public_id)


class ArchiveQuerySet(models.QuerySet["Archive"]):
    """Archives by who asks."""

    def visible_to(self, viewer: Viewer) -> ArchiveQuerySet:
        """Those of the cases that the viewer sees."""
        return self.filter(case__in=Case.objects.visible_to(viewer))

    def owned_by(self, viewer: Viewer) -> ArchiveQuerySet:
        """Those of the own institution's cases."""
        return self.filter(case__in=Case.objects.owned_by(viewer))


class Archive(models.Model):
    """What a collector made on one machine, as it was received."""

    class State(models.TextChoices):
        """`received`: all bytes are here. `shredded`: none is any more; what is known of it stays."""

        RECEIVED = "received", pgettext_lazy("an archive", "received")
        PROCESSING = "processing", _("being processed")
        DONE = "done", _("processed")
        FAILED = "failed", _("failed")
        SHREDDED = "shredded", _("shredded")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="archives", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    filename = models.CharField(max_length=255)
    # Bytes as received, and their SHA-256; empty until the worker has read an upload that came in pieces.
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField(default=clock.now)

    # The upload that brought it, and the lengths of its pieces while the worker has not put them together.
    arrival = models.UUIDField()
    pieces = ArrayField(models.BigIntegerField(), default=list)
    # The name of the whole in the storage; empty before, and after it was shredded.
    stored = models.CharField(max_length=200, blank=True)
    # Whether `stored` carries an age layer of ours, which takes the place of none.
    wrapped = models.BooleanField(default=False)
    sealed_at = models.DateTimeField(null=True)
    # Of the archive, for the evidence worker alone (keys.seal); empty without any and once processing ended.
    password = models.TextField(blank=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    failure = models.CharField(max_length=40, blank=True)
    # Sign of life of whoever works on it, and how often it was begun.
    beat_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    # What processing found out about it.
    scheme = models.CharField(max_length=40, blank=True)
    layout = models.CharField(max_length=20, blank=True)
    host = models.CharField(max_length=255, blank=True)
    os = models.CharField(max_length=255, blank=True)
    key_id = models.CharField(max_length=64, blank=True)
    collected_at = models.DateTimeField(null=True)
    records = models.BigIntegerField(default=0)

    # When its records were last looked through for what is known (analysis.py), and how often that was begun.
    analysed_at = models.DateTimeField(null=True)
    analyses = models.SmallIntegerField(default=0)

    objects = ArchiveQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["case", "-id"], name="archive_of_case"),
            models.Index(
                fields=["id"], condition=Q(state__in=["received", "processing"]), name="archive_to_work_on"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.public_id)


class Upload(models.Model):
    """An archive on its way (tus 1.0). It stays until it expires, so that a client may ask how far it came."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="uploads")
    member = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    filename = models.CharField(max_length=255)
    # None: a one-shot upload that announces no length.
    size = models.BigIntegerField(null=True)
    offset = models.BigIntegerField(default=0)
    pieces = ArrayField(models.BigIntegerField(), default=list)
    password = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(db_index=True)
    archive = models.OneToOneField(Archive, on_delete=models.SET_NULL, null=True, related_name="upload")

    def __str__(self) -> str:
        return str(self.public_id)


class ArtefactState(models.Model):
    """What became of one artefact of an archive. A bad one never stops the others."""

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="artefacts", db_index=False)
    number = models.IntegerField()
    # The path on the machine, as the archive tells it.
    path = models.TextField()
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    parser = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=20)
    records = models.BigIntegerField(default=0)
    # The first of what was wrong, and how much there was in all.
    errors: models.JSONField[Any, Any] = models.JSONField(default=list)
    error_count = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["archive", "number"], name="artefact_once")]

    def __str__(self) -> str:
        return f"{self.archive_id}/{self.number}"


class FindingQuerySet(models.QuerySet["Finding"]):
    """Findings by who asks."""

    def visible_to(self, viewer: Viewer) -> FindingQuerySet:
        """Those of the archives that the viewer sees."""
        return self.filter(archive__in=Archive.objects.visible_to(viewer))

    def owned_by(self, viewer: Viewer) -> FindingQuerySet:
        """Those of the own institution's archives."""
        return self.filter(archive__in=Archive.objects.owned_by(viewer))


class Finding(models.Model):
    """Something on a machine that makes a program come back, or that a rule knows, for a person to judge.

    Its texts were chosen by whoever controlled the machine. `public_id` follows from what was found (findings/base.py),
    so that a run anew keeps what a person said.
    """

    class State(models.TextChoices):
        """What a person says of it."""

        PROPOSED = "proposed", _("to be judged")
        CONFIRMED = "confirmed", _("confirmed")
        DISMISSED = "dismissed", _("dismissed")

    public_id = models.UUIDField(unique=True, editable=False)
    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="findings", db_index=False)
    category = models.CharField(max_length=40)
    technique = models.CharField(max_length=20, blank=True)
    location = models.TextField()
    value = models.TextField(blank=True)
    command = models.TextField(blank=True)
    target_hash = models.CharField(max_length=64, blank=True)
    # `event.id` of the records that tell of it.
    records = ArrayField(models.CharField(max_length=32), default=list)
    known_good = models.CharField(max_length=200, blank=True)
    score = models.SmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    reviewer = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["archive", "-score", "id"], name="finding_of_archive")]

    def __str__(self) -> str:
        return str(self.public_id)


class HitQuerySet(models.QuerySet["Hit"]):
    """Hits by who asks."""

    def visible_to(self, viewer: Viewer) -> HitQuerySet:
        """Those in the archives that the viewer sees, of the indicators that the viewer sees now, both."""
        return self.filter(
            archive__in=Archive.objects.visible_to(viewer), indicator__in=Indicator.objects.visible_to(viewer)
        )


class Hit(models.Model):
    """An indicator that the records of an archive hold. Who may know of the indicator is asked whenever it is read."""

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="hits", db_index=False)
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="+")
    # The records that hold it, all of them; the instants of the first and the last one that has any.
    count = models.BigIntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    # What of them is a hit, as [kind, value]; and the first records: see matching.PLACES.
    keys: models.JSONField[Any, Any] = models.JSONField(default=list)
    places: models.JSONField[Any, Any] = models.JSONField(default=list)
    # Whether the indicator became known only after the archive had been processed.
    late = models.BooleanField(default=False)
    found_at = models.DateTimeField(default=clock.now)

    objects = HitQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["archive", "indicator"], name="hit_once")]

    def __str__(self) -> str:
        return f"{self.archive_id}/{self.indicator_id}"


class Followed(models.Model):
    """How far an institution's archives were compared with a view of what became known (retro.py)."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+", db_index=False)
    view = models.ForeignKey(View, on_delete=models.CASCADE, related_name="+")
    # The `date_added` of the last entry; null where there was none.
    reached = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "view"], name="followed_once")]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.view_id}"


class SharedValues(models.Model):
    """That values out of an archive were shared, and in which submission: for the institution of the case alone.

    It points from the archive to the submission by an id, never back: nothing of a submission leads to its source.
    """

    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, related_name="shared_values")
    submission = models.UUIDField(unique=True)
    count = models.IntegerField()
    at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.archive_id}/{self.submission}"


class CustodyEntry(models.Model):
    """One line of the chain of custody of a case: each holds the hash of the one before (custody.py).

    The database refuses to change a line, and to delete one unless its institution is being erased.
    """

    class Act(models.TextChoices):
        """What happened."""

        RECEIVED = "received", _("received in full")
        SEALED = "sealed", _("hashed and stored encrypted")
        PROCESSED = "processed", _("processed")
        FAILED = "failed", _("processing failed")
        SHREDDED = "shredded", _("shredded")
        INVITED = "invited", _("a guest was let in")
        PARTED = "parted", _("a guest was taken out")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="custody", db_index=False)
    position = models.IntegerField()
    archive = models.ForeignKey(Archive, on_delete=models.CASCADE, null=True, related_name="custody")
    at = models.DateTimeField(default=clock.now)
    act = models.CharField(max_length=10, choices=Act.choices)
    # Both empty: the platform itself.
    member = models.ForeignKey(Member, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    token = models.ForeignKey(Token, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    details: models.JSONField[Any, Any] = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "position"], name="custody_line_once")]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.position}"


class PlatformKey(models.Model):
    """The public half of a pair of the platform, told by the evidence worker, which alone has the other half."""

    fingerprint = models.CharField(max_length=64, unique=True)
    age_recipient = models.CharField(max_length=100)
    certificate = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.fingerprint
