"""What is different from life while a history is simulated. Each difference stands here, and ends with the simulation.

Nobody is written to: a mail is a row that says it was sent at its simulated time, only to
simulated addresses, with its real subject and without its text. No worker and no outside
service hears of anything. All letters share one printed page. Numbers that are random in
life come from the seed.
"""

import gc
import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, partial
from random import Random
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.template import Context, Template
from django.template.loader import get_template
from django.utils import translation

from accounts import mail, notices, permissions
from accounts.models import Institution, Notice, OutgoingMail, Substitution, User
from accounts.nudge import Broker
from accounts.permissions import holders
from accounts.roles import Role
from accounts.selectors import institution
from config.simulation.cast import DOMAIN
from requests_app import messages, policies, renewals, reply_papers, selectors, working_time
from requests_app.letters.papers import Letterhead, Paragraph, ReplyLetter, Signatory
from requests_app.letters.render import render
from requests_app.models import AccessRequest, Document
from requests_app.models.access_request import new_reference
from requests_app.steps import clock, digests, request_letter
from requests_app.uploads import Inspected, inspect
from webservice_accounts import messages as account_messages
from webservice_accounts import provisioners

MAIL_TEXT = "Surel dari riwayat simulasi. Surel ini tidak pernah dikirim."
FOLDER = "simulasi"
_SUBJECT = re.compile(r"{% block subject %}(.*?){% endblock %}", re.DOTALL)


@dataclass
class Post:
    """Mails and notices of the simulation until they are written, many at a time."""

    until: datetime
    mails: dict[str, OutgoingMail] = field(default_factory=dict)
    notices: dict[tuple[int, str], Notice] = field(default_factory=dict)

    def queue(self, *, key: str, to: str, now: datetime, **words: Any) -> OutgoingMail:
        """In place of `mail.queue`: a row that was sent. One to a real address is forgotten."""
        key = key if len(key) <= 150 else hashlib.sha256(key.encode()).hexdigest()
        row = OutgoingMail(
            key=key,
            to=to,
            queued_at=now,
            next_try_at=now,
            sent_at=now,
            state=OutgoingMail.State.SENT,
            attempts=1,
            **words | {"subject": " ".join(words["subject"].split())[:250]},
        )
        return self.mails.setdefault(key, row) if to.endswith(f"@{DOMAIN}") else row

    def tell(self, user: User, *, key: str, text: str, url: str, now: datetime) -> None:
        """In place of `notices.tell`: simulated people read theirs the next day."""
        if user.email.endswith(f"@{DOMAIN}"):
            read_at = now + timedelta(days=1)
            row = Notice(
                user=user, key=key, text=text[:300], url=url, at=now, read_at=read_at if read_at < self.until else None
            )
            self.notices.setdefault((user.pk, key), row)

    def queue_all(self, letters: Iterable[mail.Letter], *, now: datetime) -> None:
        """In place of `mail.queue_all`."""
        for one in letters:
            self.queue(**vars(one), now=now)

    def tell_all(self, lines: Iterable[tuple[User, str, str, str]], *, now: datetime) -> None:
        """In place of `notices.tell_all`."""
        for user, key, text, url in lines:
            self.tell(user, key=key, text=text, url=url, now=now)

    def write(self) -> None:
        """Put what was gathered into the database."""
        OutgoingMail.objects.bulk_create(self.mails.values(), ignore_conflicts=True, batch_size=500)
        Notice.objects.bulk_create(self.notices.values(), ignore_conflicts=True, batch_size=500)
        self.mails, self.notices = {}, {}


@cache
def _subject(template: str, language: str) -> Template:
    """The subject line of a mail alone: composing the whole is most of the work of a simulated act."""
    source = get_template(f"emails/{language}/{template}.txt").template.source  # type: ignore[attr-defined]
    found = _SUBJECT.search(source)
    return Template("{% autoescape off %}" + (found[1] if found else template) + "{% endautoescape %}")


def compose(template: str, *, language: str, context: Any, house: Institution) -> tuple[str, str]:
    """In place of `mail.compose`: the real subject, and a text that says what it is."""
    with translation.override(language):
        return _subject(template, language).render(Context({"house": house, **context})).strip(), MAIL_TEXT


class SharedFiles(FileSystemStorage):
    """Keeps the same bytes once, whatever they are to be called."""

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        """The name of the one file with these bytes."""
        content.seek(0)
        name = f"{FOLDER}/{hashlib.sha256(content.read()).hexdigest()[:32]}.pdf"
        content.seek(0)
        return name if self.exists(name) else super().save(name, content, max_length)


@dataclass
class Stage:
    """What the stories need of it."""

    post: Post
    calendar: Any
    letter: bytes
    inspected: Inspected


@contextmanager
def set_up(rng: Random, *, start: datetime, until: datetime) -> Iterator[Stage]:
    """The stage while the block runs; afterwards everything is as in life."""
    calendar, rules, house = working_time.working_calendar(), working_time.rules(), institution()
    post = Post(until)
    letter = _page(house, "Permohonan akses webservice", "Contoh surat permohonan dari riwayat simulasi.", start)
    reply = _page(house, "Balasan permohonan akses webservice", "Contoh surat balasan dari riwayat simulasi.", start)
    on_stage = cache(partial(_of_the_cast, among=holders))
    absences = cache(permissions.absences)
    with ExitStack() as stack:
        stack.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(100_000, 50, 100)  # rows come and go by the million and leave few circles
        for place, name, other in (
            (settings, "DEBUG", False),  # Django then notes every query, which takes SQLite another query
            (mail, "compose", partial(compose, house=house)),
            (mail, "queue", post.queue),
            (mail, "queue_all", post.queue_all),
            (notices, "tell", post.tell),
            (notices, "tell_all", post.tell_all),
            (messages, "holders", on_stage),
            (clock, "holders", on_stage),
            (account_messages, "holders", on_stage),
            (digests, "_waited_for", partial(_of_the_cast, among=digests._waited_for)),
            (digests, "holders", on_stage),
            (User, "roles", property(_once(_roles))),
            (AccessRequest.created_by, "get_object", _person("created_by_id")),
            (AccessRequest.assignee, "get_object", _person("assignee_id")),
            (permissions, "absences", absences),
            (policies, "absences_of", lambda _person, today: absences(today)),
            (permissions, "substitutions_of", _substitutions()),
            (messages, "_due_at", lambda _request: None),  # said in no subject
            (clock, "institution", lambda: house),
            (selectors, "institution", lambda: house),
            (renewals, "institution", lambda: house),
            (provisioners, "announce", _say_nothing),
            (Broker, "silent_until", math.inf),
            (working_time, "working_calendar", lambda: calendar),
            (working_time, "rules", lambda: rules),
            (reply_papers, "typeset", lambda *_args, **_words: reply),
            (request_letter, "new_reference", partial(new_reference, choose=rng.choice)),
            (Document._meta.get_field("file"), "storage", SharedFiles()),
        ):
            _swap(stack, place, name, other)
        yield Stage(post, calendar, letter, inspect(ContentFile(letter), file_name="surat-permohonan.pdf"))
        post.write()


def _swap(stack: ExitStack, place: Any, name: str, other: Any) -> None:
    """Put `other` there until the stack is left; AttributeError when nothing of that name is there."""
    stack.callback(setattr, place, name, getattr(place, name))
    setattr(place, name, other)


def _of_the_cast(*asked: Any, among: Callable[..., Iterable[User]]) -> list[User]:
    """The simulated ones of those people: what happens in a simulation concerns nobody real."""
    return [person for person in among(*asked) if person.email.endswith(f"@{DOMAIN}")]


def _substitutions() -> Callable[[User, date], list[Substitution]]:
    """In place of `permissions.substitutions_of`: read once a day for everybody; nobody goes away on the day itself."""
    known: dict[date, dict[int, list[Substitution]]] = {}

    def answer(person: User, today: date) -> list[Substitution]:
        if today not in known:
            rows = Substitution.objects.filter(starts_on__lte=today, ends_on__gte=today, absent__is_active=True)
            known[today] = {}
            for row in rows.select_related("absent").prefetch_related("absent__role_grants"):
                known[today].setdefault(row.substitute_id, []).append(row)
        return known[today].get(person.pk, [])

    return answer


def _once(ask: Callable[[User], Any]) -> Callable[[User], Any]:
    """Ask about each person once, and not for every copy of the row: nobody's role changes meanwhile."""
    known: dict[int, Any] = {}

    def answer(person: User) -> Any:
        if person.pk not in known:
            known[person.pk] = ask(person)
        return known[person.pk]

    return answer


def _person(column: str) -> Callable[[AccessRequest], User]:
    """Who is meant by that column, read once."""
    known: dict[int, User] = {}

    def answer(request: AccessRequest) -> User:
        pk = getattr(request, column)
        if pk not in known:
            known[pk] = User.objects.get(pk=pk)
        return known[pk]

    return answer


def _roles(person: User) -> frozenset[Role]:
    return frozenset(Role(grant.role) for grant in person.role_grants.all())


def _say_nothing(*_args: Any, **_words: Any) -> None:
    """No outside service hears of simulated accounts."""


def _page(house: Institution, subject: str, text: str, now: datetime) -> bytes:
    paper = ReplyLetter(
        letterhead=Letterhead(house.ministry, house.name, (house.service_unit,), tuple(house.address.splitlines())),
        number="SIMULASI",
        date=now.date(),
        subject=subject,
        recipient_lines=(house.signatory_title, house.name),
        blocks=(Paragraph(text), Paragraph("Semua surat dalam riwayat simulasi memakai halaman ini.")),
        signatory=Signatory(title=house.signatory_title, name="Simulasi", nip="-"),
    )
    return render("reply", paper.to_data(), now=now)
