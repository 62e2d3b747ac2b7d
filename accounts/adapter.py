"""How allauth behaves here: nobody signs up by themselves, and its mails wait in the outbox like all others."""

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils import timezone, translation

from accounts import mail


class AccountAdapter(DefaultAccountAdapter):  # allauth ships no types
    """What Gapura decides differently from allauth's defaults."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts of people are made by an administrator."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue instead of sending: a mail server that is down must not stop a password reset."""
        message = self.render_mail(template_prefix, email, context)
        mail.queue(
            key=f"{template_prefix}:{uuid.uuid4()}",
            to=email,
            language=translation.get_language() or "id",
            subject=str(message.subject),
            text=str(message.body),
            now=timezone.now(),
            is_confidential=True,
        )
