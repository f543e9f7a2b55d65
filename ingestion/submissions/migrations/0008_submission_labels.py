"""What headings of a long text say of the lines after them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0007_lighter_writing")]

    operations = [
        migrations.AddField(model_name="submission", name="labels", field=models.JSONField(default=dict)),
    ]
