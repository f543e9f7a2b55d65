"""What trust needs: partners, confirmation, invitations, proofs of assets, keys with networks and successors."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import iocmarket.kernel.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_asset_asn"),
    ]

    operations = [
        migrations.AddField(
            model_name="asset",
            name="challenge",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="asset",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="asset",
            name="declared_at",
            field=models.DateTimeField(default=iocmarket.kernel.clock.now),
        ),
        migrations.AddField(
            model_name="asset",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[("dns", "a record in the DNS"), ("administrator", "an administrator")],
                max_length=14,
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="public_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=uuid.uuid4,
                editable=False,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="institution",
            name="agreement",
            field=models.TextField(blank=True, max_length=2000),
        ),
        migrations.AddField(
            model_name="institution",
            name="agreement_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="institution",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="institution",
            name="contact_email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name="institution",
            name="kind",
            field=models.CharField(
                choices=[("member", "Member"), ("partner", "Partner")], default="member", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="institution",
            name="left_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="institution",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="accounts.institution",
            ),
        ),
        migrations.AddField(
            model_name="institution",
            name="read_only_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="feed",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="token",
            name="last_used_address",
            field=models.GenericIPAddressField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="last_used_client",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="token",
            name="networks",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="token",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="replaced_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replaces",
                to="accounts.token",
            ),
        ),
        migrations.AlterField(
            model_name="asset",
            name="kind",
            field=models.CharField(
                choices=[
                    ("domain", "Domain"),
                    ("network", "Network"),
                    ("asn", "Autonomous system"),
                    ("mail-domain", "Mail domain"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="member",
            name="state",
            field=models.CharField(
                choices=[
                    ("applicant", "Applicant"),
                    ("approved", "Approved"),
                    ("refused", "Refused"),
                    ("suspended", "Suspended"),
                    ("removed", "Removed"),
                ],
                default="applicant",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[("reader", "Reader"), ("contributor", "Contributor"), ("manager", "Manager")],
                        default="reader",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="accounts.institution",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
