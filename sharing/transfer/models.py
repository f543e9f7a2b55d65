"""Who takes the response policy zone by transfer, and the keys that sign it. No person is named here."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from iocmarket.accounts.models import Institution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import FULL, TLP, Marking


class Transfer(models.Model):
    """One subscriber: a name server of an institution, or several that share a key. Its terms never change.

    Another answer for the same serial would be a change that no secondary ever learns of: other terms are another one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    tlp_ceiling = models.SmallIntegerField(default=int(TLP.AMBER_STRICT))
    # Options of the format, as they are written in an address.
    action = models.CharField(max_length=20, default="nxdomain")
    target = models.CharField(max_length=300, blank=True)
    # Where changes are announced: `192.0.2.1#53`, `2001:db8::1#53`.
    notify = ArrayField(models.CharField(max_length=60), default=list)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["institution", "name"], name="transfer_of_institution")]

    def __str__(self) -> str:
        return self.name

    @property
    def ceiling(self) -> Marking:
        """The strictest marking that it may carry."""
        return Marking(TLP(self.tlp_ceiling), FULL.pap).capped(self.institution.ceiling)


class TransferKey(models.Model):
    """A shared secret of a subscriber and this server (RFC 8945). Two of them while one takes the other's place."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="keys")
    # Encrypted (iocmarket/encrypted.py): a name server has to know it, so no digest will do.
    secret = models.TextField()
    created_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key_name

    @property
    def key_name(self) -> str:
        """As both sides call it: a domain name that tells nothing."""
        return f"ioc-{self.public_id.hex[:16]}"

    def opens(self, moment: datetime) -> bool:
        """Whether transfers are signed with it at that moment; the institution's state is asked beside it."""
        return self.ends_at is None or moment < self.ends_at
