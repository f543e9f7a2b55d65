"""Who manages a circle, who is asked into one, and what became of the proof of an asset."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Min

from iocmarket.kernel import clock


def founders_manage(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The first membership of a circle is its founder's."""
    del editor
    memberships = apps.get_model("accounts", "CircleMembership").objects
    first = memberships.values("circle").annotate(first=Min("pk")).values_list("first", flat=True)
    memberships.filter(pk__in=list(first)).update(manages=True)


class Migration(migrations.Migration):
    """Columns, a table, and the founders of the circles that are there."""

    dependencies = [("accounts", "0007_addresses")]

    operations = [
        migrations.AddField("circlemembership", "manages", models.BooleanField(default=False)),
        migrations.RunPython(founders_manage, migrations.RunPython.noop),
        migrations.CreateModel(
            name="CircleInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(default=clock.now)),
                ("expires_at", models.DateTimeField()),
                (
                    "circle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="accounts.circle"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="circle_invitations",
                        to="accounts.institution",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "circle"), name="circle_invited_once"),
                ],
            },
        ),
        migrations.AddField(
            "asset",
            "check_due_at",
            models.DateTimeField(blank=True, db_index=True, null=True),
        ),
        migrations.AddField("asset", "failures", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(
            "asset", "refusal", models.TextField(blank=True, default="", max_length=2000), preserve_default=False
        ),
    ]
