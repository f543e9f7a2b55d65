from django.db import migrations, models

# What every Dépôt holds when counting begins; writers wait for the row, as they do for each other.
COUNT = """
UPDATE taxii_depot depot SET objects_held = held.objects, octets = held.octets
FROM (SELECT depot_id, count(*) AS objects, sum(length(body)) AS octets FROM taxii_depotobject GROUP BY depot_id) held
WHERE held.depot_id = depot.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("taxii", "0001_depot"),
    ]

    operations = [
        migrations.AddField(
            model_name="depot",
            name="objects_held",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="depot",
            name="octets",
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
