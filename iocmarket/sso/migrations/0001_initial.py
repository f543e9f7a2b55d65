"""Providers of a federation that the operator keeps in the database, and for whom each speaks."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0005_trust"),
    ]

    operations = [
        migrations.CreateModel(
            name="FederationProvider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=200)),
                ("protocol", models.CharField(max_length=4)),
                ("issuer", models.CharField(max_length=200, unique=True)),
                ("enabled", models.BooleanField(default=True)),
                ("secret", models.CharField(blank=True, max_length=500)),
                ("settings", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="FederationScope",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.CharField(max_length=253)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scopes", to="sso.federationprovider"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("provider", "value"), name="federation_scope_once")],
            },
        ),
    ]
