"""Notices under the bell."""

from datetime import datetime

from accounts.models import Notice, User


def tell(user: User, *, key: str, text: str, url: str, now: datetime) -> None:
    """Leave one line for `user`; the same `key` again leaves no second one."""
    Notice.objects.get_or_create(user=user, key=key, defaults={"text": text[:300], "url": url, "at": now})


def mark_all_read(user: User, *, now: datetime) -> int:
    """Everything under this person's bell is read; how many lines were not."""
    return user.notices.filter(read_at__isnull=True).update(read_at=now)
