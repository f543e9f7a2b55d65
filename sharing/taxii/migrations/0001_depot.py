import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import iocmarket.kernel.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("indicators", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Depot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("head", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                (
                    "institution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="depot", to="accounts.institution"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DepotObject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stix_type", models.CharField(max_length=250)),
                ("stix_id", models.UUIDField()),
                ("version", models.DateTimeField()),
                ("version_text", models.CharField(max_length=40)),
                ("date_added", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("is_first", models.BooleanField()),
                ("is_last", models.BooleanField()),
                (
                    "tlp",
                    models.SmallIntegerField(
                        choices=[(0, "CLEAR"), (1, "GREEN"), (2, "AMBER"), (3, "AMBER+STRICT"), (4, "RED")]
                    ),
                ),
                ("pap", models.SmallIntegerField(choices=[(0, "CLEAR"), (1, "GREEN"), (2, "AMBER"), (3, "RED")])),
                (
                    "refs",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "depot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="taxii.depot",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("refs", []), _negated=True), fields=["refs"], name="depot_stories"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("depot", "stix_id", "stix_type", "version"), name="depot_version_once"
                    ),
                    models.UniqueConstraint(fields=("depot", "date_added"), name="depot_strict_order"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DepotStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stix_id", models.UUIDField()),
                ("made", models.BooleanField()),
                ("said_at", models.DateTimeField()),
                (
                    "contribution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="indicators.contribution"
                    ),
                ),
                (
                    "depot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="taxii.depot",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("depot", "stix_id", "contribution"), name="depot_statement_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="DepotStatus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                ("body", models.BinaryField()),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="depot_status_age")],
            },
        ),
    ]
