"""`manage.py load_defaults`: the institution's shipped values, where nothing is set yet."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config import defaults


class Command(BaseCommand):
    """Writes what is missing and says what that was."""

    help = "Write USK's defaults (institution, units, catalogue, office hours, calendar) where nothing is set yet."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in defaults.load(now=timezone.now()):
            self.stdout.write(f"written: {line}")
