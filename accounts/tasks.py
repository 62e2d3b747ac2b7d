"""Asked for by a service, after commit."""

import hashlib
import smtplib
from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.models import OutgoingMail

FIRST_RETRY = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=48)

State = OutgoingMail.State


@shared_task
def send_mail(mail_id: int) -> None:
    """Send one waiting mail. Does nothing when it is sent, given up, or in another worker's hands."""
    deliver(mail_id, now=timezone.now())


def deliver(mail_id: int, *, now: datetime) -> bool:
    """Claim the row, send, and mark it sent only when the server took it. True when it was sent.

    A refusal for good (SMTP 5xx) or 48 hours of trying ends as FAILED with the reason;
    anything else waits and is tried again after 1, 2, 4 ... minutes, at most an hour.
    """
    claimed = OutgoingMail.objects.filter(pk=mail_id, state=State.WAITING, next_try_at__lte=now).update(
        state=State.SENDING, sending_since=now
    )
    if not claimed:
        return False
    mail = OutgoingMail.objects.get(pk=mail_id)
    mail.attempts += 1
    try:
        _message(mail).send()
    except Exception as error:
        mail.last_error = f"{type(error).__name__}: {error}"[:300]
        if _is_final(error) or now - mail.queued_at > GIVE_UP_AFTER:
            mail.state = State.FAILED
        else:
            mail.state = State.WAITING
            mail.next_try_at = now + min(FIRST_RETRY * 2 ** (mail.attempts - 1), timedelta(hours=1))
    else:
        mail.state, mail.sent_at, mail.last_error = State.SENT, now, ""
        if mail.is_confidential:
            mail.text = ""
    mail.sending_since = None
    # By name: a row that was removed meanwhile is not written again.
    OutgoingMail.objects.filter(pk=mail.pk).update(
        **{
            name: getattr(mail, name)
            for name in ("state", "attempts", "last_error", "next_try_at", "sent_at", "text", "sending_since")
        }
    )
    return mail.state == State.SENT


def _message(mail: OutgoingMail) -> EmailMessage:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    identity = hashlib.sha256(mail.key.encode()).hexdigest()[:32]
    message = EmailMessage(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        # The same mail sent twice after a crash is recognisable as one.
        headers={"Message-ID": f"<{identity}@{domain}>", "Content-Language": mail.language},
    )
    if mail.attachment:
        with default_storage.open(mail.attachment) as file:
            message.attach(mail.attachment_name, file.read(), "application/pdf")
    return message


def _is_final(error: Exception) -> bool:
    """Whether trying again can only annoy: the server said 5xx, or the message itself is malformed."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
    return isinstance(error, ValueError)  # BadHeaderError among them
