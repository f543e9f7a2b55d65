"""Keys by which the platform knows a member in the address of a mail, and which mails were taken."""

from __future__ import annotations

import uuid

from django.db import models

from iocmarket.accounts.models import Member
from iocmarket.kernel import clock


class MailKey(models.Model):
    """What stands behind the plus of an address. Only its SHA-256 is kept; it is shown once, when it is made."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="mail_keys")
    created_at = models.DateTimeField(default=clock.now)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["member", "-id"], name="mail_key_of_member")]

    def __str__(self) -> str:
        return self.hint


class TakenMail(models.Model):
    """That a mail was taken, so that it is not taken again when it is delivered twice. Nothing of the mail itself."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    # SHA-256 of the Message-ID; of the whole mail where it has none.
    digest = models.BinaryField(max_length=32)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "digest"], name="mail_taken_once")]
        indexes = [models.Index(fields=["at"], name="mail_taken_at")]

    def __str__(self) -> str:
        return str(self.pk)
