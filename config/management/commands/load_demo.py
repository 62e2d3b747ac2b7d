"""`manage.py load_demo`: a small believable demo, only where DEBUG is on."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import demo


class Command(BaseCommand):
    """Refuses where DEBUG is off."""

    help = "Load demo people in every role and a few requests in different states (only with DEBUG on)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo accounts exist only with DEBUG on; see docs/operations.md.")
        if demo.load(now=timezone.now()):
            self.stdout.write("written: demo people and requests")
