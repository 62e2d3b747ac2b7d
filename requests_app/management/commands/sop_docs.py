"""`manage.py sop_docs`: writes docs/sop.md from the tables of the SOP; with --check it only compares."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app.sop_document import markdown

PATH = Path("docs/sop.md")


class Command(BaseCommand):
    """Writes docs/sop.md, or compares it."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, fail when the file is out of date")
        parser.add_argument("--path", type=Path, default=settings.BASE_DIR / PATH, help="another file than docs/sop.md")

    def handle(self, *args: Any, check: bool, path: Path, **options: Any) -> None:
        wanted = markdown()
        written = path.read_text(encoding="utf-8") if path.exists() else ""
        if written == wanted:
            self.stdout.write(f"{PATH} is up to date.")
        elif check:
            raise CommandError(f"{PATH} is not what the tables of the SOP say. Run: python manage.py sop_docs")
        else:
            path.write_text(wanted, encoding="utf-8")
            self.stdout.write(f"{PATH} is written.")
