import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import iocmarket.kernel.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0011_member_language"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("kind", models.CharField(choices=[("taxii", "TAXII 2.1"), ("misp", "MISP")], max_length=10)),
                ("url", models.CharField(max_length=2000)),
                ("login", models.CharField(blank=True, max_length=200)),
                ("secret", models.TextField(blank=True)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                ("published", models.BooleanField(default=True)),
                ("since", models.DateTimeField(null=True)),
                ("minutes", models.IntegerField(default=60)),
                ("tlp", models.SmallIntegerField(default=2)),
                ("pap", models.SmallIntegerField(default=1)),
                ("tlp_floor", models.SmallIntegerField(default=0)),
                ("pap_floor", models.SmallIntegerField(default=0)),
                ("audience", models.CharField(default="community", max_length=12)),
                ("permitted", models.BooleanField(default=False)),
                ("threat_type", models.CharField(default="other", max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "active"), ("paused", "paused"), ("stopped", "stopped")],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                ("next_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                ("cursor", models.JSONField(default=dict)),
                ("failures", models.IntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=40)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "circle",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.circle"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="accounts.institution",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TakenEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BinaryField(max_length=32)),
                ("version", models.BinaryField(max_length=32)),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taken",
                        to="subscriptions.subscription",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("pages", models.IntegerField(default=0)),
                ("received", models.IntegerField(default=0)),
                ("accepted", models.IntegerField(default=0)),
                ("refreshed", models.IntegerField(default=0)),
                ("refused", models.IntegerField(default=0)),
                ("queued", models.IntegerField(default=0)),
                ("unread", models.IntegerField(default=0)),
                ("reasons", models.JSONField(default=dict)),
                (
                    "submissions",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("more", models.BooleanField(default=False)),
                ("error", models.CharField(blank=True, max_length=40)),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="turns",
                        to="subscriptions.subscription",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(condition=models.Q(("state", "active")), fields=["next_at"], name="subscription_due"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 5)), name="subscription_not_too_often"
            ),
        ),
        migrations.AddConstraint(
            model_name="takenevent",
            constraint=models.UniqueConstraint(fields=("subscription", "key"), name="event_taken_once"),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(fields=["subscription", "-id"], name="turn_of_subscription"),
        ),
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(fields=["began_at"], name="turn_age"),
        ),
    ]
