from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_life_consent_roles"),
    ]

    operations = [
        migrations.AddField(
            model_name="step",
            name="parts",
            field=models.JSONField(default=list),
        ),
    ]
