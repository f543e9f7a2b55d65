"""Institutions, members and tokens."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Role
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL, PROVIDER, TLP, Marking


class Institution(models.Model):
    """A member organisation. Only an approved one reads or shares anything."""

    class State(models.TextChoices):
        """The life of an institution (domain.md, Nouns)."""

        APPLIED = "applied", _("Applied")
        VOUCHED = "vouched", _("Vouched for")
        APPROVED = "approved", _("Approved")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    created_at = models.DateTimeField(default=clock.now)
    # What was withdrawn before this moment is never told to the institution (domain.md, Views).
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="institution_name_any_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_approved(self) -> bool:
        """Whether its people and machines may use the platform."""
        return self.state == self.State.APPROVED


class Circle(models.Model):
    """A sharing group of institutions (MISP's sharing group).

    Names are unique among the circles of one institution, not on the platform: a name that is taken would tell of a
    circle that is none of the asker's business.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)
    institutions = models.ManyToManyField(Institution, through="CircleMembership", related_name="circles")

    def __str__(self) -> str:
        return self.name


class CircleMembership(models.Model):
    """An institution in a circle, from one moment on. Leaving deletes the row: what was readable is lost at once."""

    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="memberships")
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="circle_memberships")
    # What was withdrawn before this moment is never told to the institution (domain.md, Views).
    joined_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "circle"], name="circle_member_once")]

    def __str__(self) -> str:
        return f"{self.circle_id}/{self.institution_id}"


class Asset(models.Model):
    """Something an institution owns. Verified assets never enter a block feed, whoever submits them."""

    class Kind(models.TextChoices):
        """What is owned."""

        DOMAIN = "domain", _("Domain")
        NETWORK = "network", _("Network")
        ASN = "asn", _("Autonomous system")

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="assets")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=255)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "kind", "value"], name="asset_once")]

    def __str__(self) -> str:
        return self.value


class MemberManager(BaseUserManager["Member"]):
    """Makes members; log-in names are e-mail addresses in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Member:
        """Create one member. Raises ValueError without an address. Services call this, nothing else does."""
        if not email:
            raise ValueError("a member needs an e-mail address")
        member = self.model(email=email.strip().lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser, PermissionsMixin):
    """A person of one institution; the e-mail address is the log-in name."""

    class State(models.TextChoices):
        """Whether the person was let in."""

        APPLICANT = "applicant", _("Applicant")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        SUSPENDED = "suspended", _("Suspended")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="members", null=True, blank=True
    )
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.READER)
    is_administrator = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLICANT)
    why = models.TextField(blank=True, max_length=2000)
    decided_reason = models.TextField(blank=True, max_length=2000)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=clock.now)
    previous_visit_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="member_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_approved(self) -> bool:
        """Whether this person may use the platform now: let in, active, in an approved institution."""
        return (
            self.is_active
            and self.state == self.State.APPROVED
            and self.institution is not None
            and self.institution.is_approved
        )


class Token(models.Model):
    """A machine's key. Only the SHA-256 of the secret is kept; the secret is shown once, when it is made."""

    class OperatedBy(models.TextChoices):
        """Whose hands the machine is in: it bounds what the token may carry."""

        SELF = "self", _("The institution itself")
        PROVIDER = "provider", _("A provider")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    name = models.CharField(max_length=100)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="tokens")
    made_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=30))
    tlp_ceiling = models.SmallIntegerField(choices=[(x.value, x.label) for x in TLP], default=TLP.AMBER_STRICT)
    operated_by = models.CharField(max_length=10, choices=OperatedBy.choices, default=OperatedBy.SELF)
    # The key of the card that it was made with, if any: some tools need answers in a form of their own.
    tool = models.CharField(max_length=20, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["institution", "-created_at"], name="token_of_institution")]

    def __str__(self) -> str:
        return self.name

    @property
    def ceiling(self) -> Marking:
        """The strictest marking that this token may ever carry."""
        own = Marking(min(TLP(self.tlp_ceiling), FULL.tlp), FULL.pap)
        return own if self.operated_by == self.OperatedBy.SELF else own.capped(PROVIDER)

    def is_usable(self, moment: datetime) -> bool:
        """Whether the token opens anything now; the institution's state is asked beside it."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)
