from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_parts_of_a_step"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="close_requested_vote",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
