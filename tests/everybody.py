"""Everybody who could ask for a page, and something to ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.cookies import Morsel
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Notice, Substitution, User
from accounts.roles import Role
from requests_app.models import AccessRequest
from requests_app.sop import Status
from tests import factories
from webservice_accounts import handover

PEOPLE = {
    "N": "nobody: not signed in",
    "U": "staff of the unit that asks",
    "V": "staff of another unit",
    "H": "helpdesk",
    "K": "head (kepala)",
    "P": "PSI; who made the account where there is one",
    "A": "administrator",
    "I": "auditor (internal, reads only)",
    "R": "the responsible person, signed in, without a role",
}

SITUATIONS = {
    "draft": Status.DRAFT,
    "sent": Status.SUBMITTED,
    "back": Status.RETURNED,
    "agenda": Status.REGISTERED,
    "head": Status.AWAITING_DISPOSITION,
    "psi": Status.DISPOSED,
    "late": Status.DISPOSED,  # and its deadline has passed
    "asked": Status.CLARIFICATION,
    "owner": Status.CONSENT,
    "made": Status.ACCOUNT_CREATED,
    "told": Status.INFORMED,
    "opened": Status.INFORMED,  # and the key was opened
    "reply": Status.REPLY_DRAFTING,
    "sign": Status.REPLY_APPROVAL,
    "signed": Status.REPLY_APPROVED,
    "done": Status.FINISHED,
}
"""What a request is like when it is asked for; "-" where no request is needed."""

SAME_ADDRESS = {"issued_letter": "document"}
"""Rows that are about another thing behind the same address."""

CANARY = "KENARI-"
"""Stands in everything that the unit wrote; nobody of another unit may ever read it."""


@dataclass
class World:
    """The people by their letter, and what stands in the addresses."""

    people: dict[str, User | None]
    words: dict[str, Any]
    sessions: dict[str, "Morsel[str]"] = field(default_factory=dict)
    """The cookies of those who signed in once for all their clients; see `sign_in`."""

    def client(self, letter: str, **options: Any) -> Client:
        """A browser of this person, signed in."""
        client, person = Client(**options), self.people[letter]
        if letter in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[letter]
        elif person:
            client.force_login(person)
        return client

    def sign_in(self) -> None:
        """Sign everybody in, in the transaction of now: their later clients share that session."""
        for letter, person in self.people.items():
            if person:
                self.sessions[letter] = self.client(letter).cookies[settings.SESSION_COOKIE_NAME]

    def path(self, name: str) -> str:
        """The address of that name, filled in with what it needs."""
        pattern = dict(addresses())[name]
        words = self.words | ({"key": self.words["issued"]} if name == "issued_letter" else {})
        needs = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
        return reverse(SAME_ADDRESS.get(name, name), kwargs={word: words[word] for word in needs})


def build(situation: str, *, language: str = "id") -> World:
    """A request with canaries in it, in one situation; everybody reads `language` and has read their notices."""
    unit = factories.UnitFactory(name=f"{CANARY}FAKULTAS")
    office = factories.UnitFactory(name="UPT TIK")
    roles = {"H": Role.HELPDESK, "K": Role.HEAD, "P": Role.PSI, "A": Role.ADMINISTRATOR, "I": Role.AUDITOR}
    people: dict[str, User | None] = {letter: factories.person(role, unit=office) for letter, role in roles.items()}
    unit_staff = factories.person(Role.UNIT_STAFF, unit=unit, full_name=f"{CANARY}STAF")
    people |= {
        "N": None,
        "U": unit_staff,
        "V": factories.person(Role.UNIT_STAFF),
        "R": factories.person(None, email="pj@usk.ac.id", unit=unit, full_name=f"{CANARY}PJ"),
    }
    factories.the_institution()
    factories.DataTypeFactory(owner=office)
    substitution = Substitution.objects.create(
        absent=people["K"],
        substitute=factories.person(None, unit=office),
        starts_on=timezone.localdate() + timedelta(days=1),
        ends_on=timezone.localdate() + timedelta(days=2),
    )
    User.objects.update(language=language)
    words: dict[str, Any] = {"part": "person", "pk": substitution.pk}
    if situation != "-":
        words |= words_of(a_request(situation, User.objects.get(pk=unit_staff.pk)))
    Notice.objects.update(read_at=timezone.now())
    known = {letter: person and User.objects.get(pk=person.pk) for letter, person in people.items()}
    return World(known, words)


def a_request(situation: str, by: User) -> AccessRequest:
    """One with canaries in all its texts."""
    texts = ("person_name", "application", "purpose", "letter_number", "letter_subject")
    item = factories.a_request(
        SITUATIONS[situation], by=by, email="pj@usk.ac.id", **{name: f"{CANARY}{name}" for name in texts}
    )
    if situation == "late":
        item.entries.filter(left_at=None).update(due_at=timezone.now() - timedelta(minutes=5))
    if situation == "opened":
        holder = handover.ProvenHolder(item.account_id, item.person_name)
        handover.reveal(item.account, by=holder, now=timezone.now())
    return AccessRequest.objects.get(pk=item.pk)


def words_of(item: AccessRequest) -> dict[str, Any]:
    """What an address can ask of this request."""
    words = {
        "reference": item.reference,
        "key": item.documents.earliest("pk").key,
        "run": item.entries.order_by("pk").last().pk,
    }
    if issued := item.documents.filter(kind="reply_letter").first():
        words["issued"] = issued.key
    if item.account:
        words["username"] = item.account.username
        words["ticket"] = handover.issue_ticket(item.account, now=timezone.now())
    return words


@cache
def addresses() -> tuple[tuple[str, str], ...]:
    """Name and pattern of every address there is, and of the rows that share one."""

    def walk(patterns: list[URLPattern | URLResolver], before: str, space: str) -> Iterator[tuple[str, str]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                inside = f"{space}{one.namespace}:" if one.namespace else space
                yield from walk(one.url_patterns, before + str(one.pattern), inside)
            else:
                yield f"{space}{one.name}", before + str(one.pattern)

    known = list(walk(get_resolver().url_patterns, "", ""))
    return (*known, *((row, dict(known)[name]) for row, name in SAME_ADDRESS.items()))
