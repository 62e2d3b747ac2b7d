"""Notices under the bell."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Notice, User


def tell(user: User, *, key: str, text: str, url: str, now: datetime) -> None:
    """Leave one line for `user`; the same `key` again leaves no second one."""
    Notice.objects.get_or_create(user=user, key=key, defaults={"text": text[:300], "url": url, "at": now})


def tell_all(lines: Iterable[tuple[User, str, str, str]], *, now: datetime) -> None:
    """Many lines, each as (user, key, text, url), in one statement; otherwise as `tell`."""
    Notice.objects.bulk_create(
        (Notice(user=user, key=key, text=text[:300], url=url, at=now) for user, key, text, url in lines),
        ignore_conflicts=True,
    )


def mark_all_read(user: User, *, now: datetime) -> int:
    """Everything under this person's bell is read; how many lines were not."""
    return user.notices.filter(read_at__isnull=True).update(read_at=now)
