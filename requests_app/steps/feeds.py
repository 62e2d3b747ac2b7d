"""A private address for somebody's calendar program: made, read, revoked."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts.models import User
from accounts.wording import N_
from requests_app.feeds import Kind, sha256_of
from requests_app.models import CalendarFeed

SECRET_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)
"""A program that asks more often than that does not cause a write each time."""


@sensitive_variables("secret")
@transaction.atomic
def make(person: User, kind: Kind, *, now: datetime) -> str:
    """The secret of a new address of `person`, given once and kept as SHA-256; an earlier one of that kind ends."""
    User.objects.select_for_update().get(pk=person.pk)  # two clicks at once: one after the other
    CalendarFeed.objects.filter(person=person, kind=kind, revoked_at__isnull=True).update(revoked_at=now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    CalendarFeed.objects.create(person=person, kind=kind, secret_sha256=sha256_of(secret), created_at=now)
    _record(person, "make_feed", N_("{actor} membuat alamat langganan: {kind}."), kind, now)
    return secret


@transaction.atomic
def revoke(person: User, kind: Kind, *, now: datetime) -> bool:
    """The address answers no longer; False when there was none."""
    ended = CalendarFeed.objects.filter(person=person, kind=kind, revoked_at__isnull=True).update(revoked_at=now)
    if ended:
        _record(person, "revoke_feed", N_("{actor} mencabut alamat langganan: {kind}."), kind, now)
    return bool(ended)


def note_read(feed: CalendarFeed, *, now: datetime) -> None:
    """A program read it."""
    not_just_now = Q(last_read_at__isnull=True) | Q(last_read_at__lte=now - NOTED_EVERY)
    CalendarFeed.objects.filter(not_just_now, pk=feed.pk).update(last_read_at=now)


KIND_WORDS = {Kind.CALENDAR: "kalender kerja", Kind.DEADLINES: "batas waktu"}
"""How the record says it."""


def _record(person: User, verb: str, sentence: str, kind: Kind, now: datetime) -> None:
    audit.record(f"user:{person.pk}", verb, sentence, by=person, now=now, data={"kind": KIND_WORDS[kind]})
