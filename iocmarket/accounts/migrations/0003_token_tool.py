from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_circles"),
    ]

    operations = [
        migrations.AddField(
            model_name="token",
            name="tool",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
    ]
