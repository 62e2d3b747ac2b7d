"""Accounts made before their history was kept get its first rows, and data its one service."""

from django.db import migrations


def write_history(apps, schema_editor):
    models = {name: apps.get_model("webservice_accounts", name) for name in (
        "WebserviceAccount", "AccountPeriod", "Holding", "Grant", "DataType", "Service",
    )}
    for account in models["WebserviceAccount"].objects.iterator():
        models["AccountPeriod"].objects.create(
            account=account,
            starts_at=account.starts_at,
            ends_at=account.ends_at,
            origin=account.origin,
            granted_by_name=account.created_by_name,
            granted_at=account.created_at,
        )
        models["Holding"].objects.create(
            account=account,
            name=account.holder_name,
            identity_type=account.holder_identity_type,
            identity_number=account.holder_identity_number,
            phone=account.holder_phone,
            email=account.holder_email,
            since=account.created_at,
        )
        models["Grant"].objects.filter(account=account).update(since=account.created_at, origin=account.origin)
    if models["DataType"].objects.exists():
        service, _is_new = models["Service"].objects.get_or_create(code="data", defaults={"name": "Webservice data"})
        models["DataType"].objects.update(service=service)


class Migration(migrations.Migration):
    dependencies = [("webservice_accounts", "0002_living_accounts")]
    operations = [migrations.RunPython(write_history, migrations.RunPython.noop)]
