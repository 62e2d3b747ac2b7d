"""`python -m benchmarks.peers.tokens`: the peers' database, and the tokens that are asked about (JSON on stdout)."""

import json
import os
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application  # noqa: E402

call_command("migrate", verbosity=0)
soon = timezone.now() + timedelta(days=1)
secret = "a-client-secret-for-a-measurement"  # noqa: S105


def application(name: str) -> Application:
    """A confidential client, with the secret hashed as the library does by default."""
    row = Application(
        name=name,
        client_id=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
    )
    row.save()
    return row


gateway, consumer = application("gateway"), application("consumer")
AccessToken.objects.create(application=gateway, token="caller-token", scope="introspection", expires=soon)  # noqa: S106
AccessToken.objects.create(application=consumer, token="asked-token", scope="mahasiswa-aktif", expires=soon)  # noqa: S106
print(json.dumps({"caller": "caller-token", "asked": "asked-token"}))
