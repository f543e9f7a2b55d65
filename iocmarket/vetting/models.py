"""Applications with their vouches and questions, the charter with its acceptances, and the rules of vetting."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from iocmarket.accounts.models import Institution, Member
from iocmarket.kernel import clock

TEXT_MAX = 2000
CHARTER_MAX = 50_000


class Rules(models.Model):
    """What the community has decided about vetting: one row, made when it is first changed."""

    vouches_needed = models.PositiveSmallIntegerField(default=2)
    charter_grace_days = models.PositiveSmallIntegerField(default=30)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="rules_of_vetting_once")]

    def __str__(self) -> str:
        return f"{self.vouches_needed} / {self.charter_grace_days}"


class Charter(models.Model):
    """One version of the charter, in both languages. A version that was published never changes."""

    version = models.PositiveIntegerField(unique=True)
    text_fr = models.TextField(max_length=CHARTER_MAX)
    text_en = models.TextField(max_length=CHARTER_MAX)
    published_at = models.DateTimeField(default=clock.now)
    published_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return str(self.version)

    def text(self, language: str) -> str:
        """In that language; French for any that it does not have."""
        return self.text_en if language == "en" else self.text_fr


class Acceptance(models.Model):
    """Who accepted which version of the charter, and when."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="acceptances")
    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="acceptances")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "charter"], name="charter_accepted_once")]

    def __str__(self) -> str:
        return f"{self.member_id}/{self.charter_id}"


class Application(models.Model):
    """What a person told when asking for access. Whether it was answered is the member's state.

    Nobody but the applicant sees it before `verified_at`: until then anybody may have typed that address.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="application")
    institution_name = models.CharField(max_length=200)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    contact_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.institution_name


class Vouch(models.Model):
    """A member's word for an applicant, in the name of the own institution: one for each institution."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="vouches")
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="vouches")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="vouches")
    words = models.TextField(max_length=TEXT_MAX)
    at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "institution"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="vouch_once_per_institution",
            )
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} → {self.application_id}"


class Question(models.Model):
    """What those who decide want to know, and what the applicant answered."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    question = models.TextField(max_length=TEXT_MAX)
    asked_at = models.DateTimeField(default=clock.now)
    answer = models.TextField(max_length=TEXT_MAX, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]

    def __str__(self) -> str:
        return self.question
