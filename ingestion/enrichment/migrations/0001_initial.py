import django.db.models.deletion
from django.db import migrations, models

import iocmarket.kernel.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [("indicators", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Enrichment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("enricher", models.CharField(max_length=40)),
                ("data", models.JSONField(default=dict)),
                ("dataset_version", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(default=iocmarket.kernel.clock.now)),
                (
                    "indicator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="enrichments",
                        to="indicators.indicator",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("indicator", "enricher"), name="enrichment_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SweepPosition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("enricher", models.CharField(max_length=40, unique=True)),
                ("dataset_version", models.CharField(max_length=200)),
                ("done_up_to", models.BigIntegerField(default=0)),
            ],
        ),
    ]
