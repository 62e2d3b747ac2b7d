"""`manage.py remove_demo`: takes the demo people, and all they did, out again."""

from typing import Any

from django.core.management.base import BaseCommand

from config import demo


class Command(BaseCommand):
    """Says how many people went."""

    help = "Remove the demo people and every request they made."

    def handle(self, *args: Any, **options: Any) -> None:
        removed = demo.remove()
        self.stdout.write(f"removed: {removed.deleted} demo people and their requests")
        if removed.retired:
            self.stdout.write(
                "They also acted on requests of others, whose records keep their names. "
                f"Deactivated, without password and roles: {', '.join(removed.retired)}"
            )
