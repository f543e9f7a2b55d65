"""Providers that the operator keeps in the database; those of the environment stand beside them (providers.py)."""

from __future__ import annotations

from django.db import models

from iocmarket.accounts.models import Institution
from iocmarket.sso.config import ISSUER_LENGTH


class FederationProvider(models.Model):
    """One identity provider. `settings` has the words of config.py that have no column here; the secret is apart."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    protocol = models.CharField(max_length=4)
    issuer = models.CharField(max_length=ISSUER_LENGTH, unique=True)
    enabled = models.BooleanField(default=True)
    secret = models.CharField(max_length=500, blank=True)
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class FederationScope(models.Model):
    """A scope that the provider may assert, and the institution that it stands for."""

    provider = models.ForeignKey(FederationProvider, on_delete=models.CASCADE, related_name="scopes")
    value = models.CharField(max_length=253)
    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "value"], name="federation_scope_once")]

    def __str__(self) -> str:
        return self.value
