"""`manage.py rotate_signing_key`: a new key for signed access tokens (only with OAUTH_ACCESS_TOKENS=jwt in use)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from webservice_accounts import signing_keys
from webservice_accounts.views.oauth import PUBLIC_FOR


class Command(BaseCommand):
    """Says which key signs from when on."""

    help = "Replace the key that signs access tokens. What the old one signed stays good to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--stolen",
            action="store_true",
            help="Withdraw the old keys at once; clients must buy new tokens.",
        )

    def handle(self, *args: Any, stolen: bool, **options: Any) -> None:
        row = signing_keys.rotate(by_name="manage.py rotate_signing_key", now=timezone.now(), stolen=stolen)
        if stolen:
            self.stdout.write(f"{row.kid} signs from now on. Gateways may trust the old keys for {PUBLIC_FOR} s more.")
        else:
            minutes = int(signing_keys.PUBLISHED_AHEAD.total_seconds() // 60)
            self.stdout.write(f"{row.kid} is published; it signs in {minutes} minutes, or at once if there was no key.")
