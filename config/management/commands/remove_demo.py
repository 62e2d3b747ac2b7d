"""`manage.py remove_demo`: takes the demo people, and all they did, out again."""

from typing import Any

from django.core.management.base import BaseCommand

from config import demo


class Command(BaseCommand):
    """Says how many people went."""

    help = "Remove the demo people and every request they made."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"removed: {demo.remove()} demo people and their requests")
