"""Institutions, members and tokens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Capability, Role, capabilities_of
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL, PARTNER, PROVIDER, PUBLIC, TLP, Marking


class Institution(models.Model):
    """A member organisation. Only an approved one reads or shares anything."""

    class State(models.TextChoices):
        """The life of an institution (domain.md, Nouns)."""

        APPLIED = "applied", _("Applied")
        VOUCHED = "vouched", _("Vouched for")
        APPROVED = "approved", _("Approved")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left")

    class Kind(models.TextChoices):
        """A member of the community, or an outside organisation that reads under an agreement (domain.md, Nouns)."""

        MEMBER = "member", _("Member")
        PARTNER = "partner", _("Partner")
        # One row at most, without a name: anybody, reading the public feed while it is open (opening.py).
        PUBLIC = "public", _("The public")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MEMBER)
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    created_at = models.DateTimeField(default=clock.now)
    # What was withdrawn before this moment is never told to the institution (domain.md, Views).
    approved_at = models.DateTimeField(null=True, blank=True)
    contact_email = models.EmailField(blank=True)
    # The last time that a manager confirmed contacts and assets; not confirmed in time, it may only read.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    read_only_since = models.DateTimeField(null=True, blank=True)
    # Days before the confirmation is due (recertifying.py), or before the agreement of a partner ends (expiring.py), at
    # which people were last reminded of it; none since the last one.
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    # Until when its tokens work although none of its managers has accepted the charter that holds; empty once one has.
    charter_due_at = models.DateTimeField(null=True, blank=True)
    # Of a partner: what was agreed, and until when its keys open anything.
    agreement = models.TextField(blank=True, max_length=2000)
    agreement_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="institution_name_any_case"),
            models.UniqueConstraint(fields=["kind"], condition=models.Q(kind="public"), name="institution_one_public"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_approved(self) -> bool:
        """Whether it is a member of the community whose people and machines may use the platform."""
        return self.state == self.State.APPROVED and self.kind == self.Kind.MEMBER

    @property
    def reads_community_only(self) -> bool:
        """Whether nothing can be addressed to it: partners and the public read what the whole community reads."""
        return self.kind != self.Kind.MEMBER

    @property
    def ceiling(self) -> Marking:
        """The strictest marking that any exit may carry to it (domain.md, Audience)."""
        return {self.Kind.PARTNER.value: PARTNER, self.Kind.PUBLIC.value: PUBLIC}.get(self.kind, FULL)

    def opens_to_tokens(self, moment: datetime) -> bool:
        """Whether its tokens open anything at that moment: those of a partner until its agreement ends."""
        if self.kind != self.Kind.PARTNER:
            return self.is_approved
        agreed = self.agreement_until is not None and moment < self.agreement_until
        return self.state == self.State.APPROVED and agreed

    def is_bound(self, moment: datetime) -> bool:
        """Whether its tokens open anything as far as the charter goes: accepted by a manager, or still time to."""
        return self.charter_due_at is None or moment < self.charter_due_at

    @property
    def is_read_only(self) -> bool:
        """Whether it did not confirm its contacts and assets in time: until it does, it reads and says nothing."""
        return self.read_only_since is not None


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
    # Whether it invites and removes others. The founder does; where none does, the longest member (circles.managing).
    manages = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "circle"], name="circle_member_once")]

    def __str__(self) -> str:
        return f"{self.circle_id}/{self.institution_id}"


class CircleInvitation(models.Model):
    """An institution asked into a circle. The answer deletes the row: what was answered stands in the journal."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="invitations")
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="circle_invitations")
    invited_by = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "circle"], name="circle_invited_once")]

    def __str__(self) -> str:
        return f"{self.circle_id}/{self.institution_id}"


class Asset(models.Model):
    """Something an institution owns. Verified assets never enter a block feed, whoever submits them."""

    class Kind(models.TextChoices):
        """What is owned."""

        DOMAIN = "domain", _("Domain")
        NETWORK = "network", _("Network")
        ASN = "asn", _("Autonomous system")
        MAIL_DOMAIN = "mail-domain", _("Mail domain")

    class Proof(models.TextChoices):
        """How it was shown that the institution owns it."""

        DNS = "dns", _("a record in the DNS")
        ADMINISTRATOR = "administrator", _("an administrator")

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="assets")
    # The default of the database gives each row that was there before an id of its own.
    public_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=255)
    declared_at = models.DateTimeField(default=clock.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    proof = models.CharField(max_length=14, choices=Proof.choices, blank=True)
    # What the institution publishes in its DNS to show that the name is its own.
    challenge = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # When its record is looked for next: at once when somebody asks, and again and again once it was found.
    check_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    # How often in a row a record that had been found was not there (asset_checks.FAILURES).
    failures = models.PositiveSmallIntegerField(default=0)
    # Why an administrator said no, or took the verification back.
    refusal = models.TextField(blank=True, max_length=2000)

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
        REMOVED = "removed", _("Removed")

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
    # Of letters and pages (languages.py); empty until the person applies, accepts an invitation or logs in.
    language = models.CharField(max_length=5, blank=True, default="")
    # Sessions carry it: a higher number ends those that began before.
    session_generation = models.PositiveIntegerField(default=0, editable=False)

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

    def may(self, capability: Capability) -> bool:
        """Whether this person may do that now. Somebody who is not let in may do nothing."""
        return self.is_approved and capability in capabilities_of(self.role, administrator=self.is_administrator)

    def get_session_auth_hash(self) -> str:
        """What a session keeps and each request compares: `people.end_sessions` changes it, and all are over."""
        return f"{super().get_session_auth_hash()}.{self.session_generation}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under the server's earlier keys."""
        for found in super().get_session_auth_fallback_hash():
            yield f"{found}.{self.session_generation}"


class Invitation(models.Model):
    """A link by which a manager lets a colleague in. Only the SHA-256 of its secret is kept."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, unique=True)
    email = models.EmailField()
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.READER)
    made_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    member = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return str(self.public_id)


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
    # A feed key: it opens this one feed by its address and nothing else; empty for a token.
    feed = models.CharField(max_length=60, blank=True, default="")
    # Networks (CIDR) from which it may be used; none means anywhere.
    networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    # The token that takes this one's place while both still work.
    replaced_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaces")
    reminded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    last_used_client = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["institution", "-created_at"], name="token_of_institution")]

    def __str__(self) -> str:
        return self.name

    @property
    def ceiling(self) -> Marking:
        """The strictest marking that this token may ever carry."""
        own = Marking(TLP(self.tlp_ceiling), FULL.pap).capped(self.institution.ceiling)
        return own if self.operated_by == self.OperatedBy.SELF else own.capped(PROVIDER)

    def is_usable(self, moment: datetime) -> bool:
        """Whether the token opens anything now; the institution's state is asked beside it."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)


class Switch(models.Model):
    """Something that the community has switched on; without a row it is off."""

    class Name(models.TextChoices):
        """What can be switched."""

        FEED_KEYS = "feed-keys", _("Feed keys")

    name = models.CharField(max_length=20, choices=Name.choices, primary_key=True)
    on_since = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name
