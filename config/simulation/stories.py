"""What becomes of one letter, and of one account: a generator that acts, and says when it goes on.

What it yields is the simulated time of its next act; it is resumed then, or never, when the
history ends before.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import User
from config.simulation import words
from config.simulation.cast import Cast, House
from config.simulation.stage import Stage
from config.simulation.timing import OfficeTime, around, by_day
from requests_app import lateness
from requests_app.models import AccessRequest, AgendaEntry, LateReason
from requests_app.reply_papers import propose
from requests_app.selectors import institution
from requests_app.sop import OPEN, Status
from requests_app.steps import account, agenda, confirmation, consent, disposition, late_reasons, reply_letter
from requests_app.steps import request_letter as letters
from webservice_accounts import handover, standing
from webservice_accounts.models import WebserviceAccount

Story = Generator[datetime, datetime, None]


@dataclass
class World:
    """What all stories share."""

    cast: Cast
    stage: Stage
    office: OfficeTime
    tell: Callable[[Story, datetime], None]
    """Lets another story begin at that time."""
    wishes: list[int]
    """Accounts that their unit wants renewed, the oldest wish first."""


class Letter:
    """One request from its draft to its end."""

    def __init__(self, world: World, rng: Random, at: datetime) -> None:
        self.world, self.rng, self.at = world, rng, at
        self.cast, self.office = world.cast, world.office
        self.request: AccessRequest
        self.renewed: WebserviceAccount | None = None

    # --- time and people ------------------------------------------------------------------
    def _wait(self, until: datetime) -> Story:
        self.at = yield max(until, self.at)

    def _office(self, minutes: float, spread: float = 0.6) -> Story:
        """About so many minutes of office time pass."""
        yield from self._wait(self.office.after(self.at, around(self.rng, minutes, spread)))

    def _happens(self, percent: float) -> bool:
        return self.rng.random() * 100 < percent

    @property
    def _head(self) -> User:
        return self.cast.stands_for(self.cast.head, timezone.localdate(self.at))

    def _one_of(self, people: list[User]) -> User:
        return self.rng.choice(self.cast.there(people, timezone.localdate(self.at)) or people)

    @property
    def _helpdesk(self) -> User:
        return self._one_of(self.cast.helpdesk)

    @property
    def _psi(self) -> User:
        """Who has it, or whoever stands in for them; somebody there when nobody has it."""
        assignee = self.request.assignee
        return self.cast.stands_for(assignee, timezone.localdate(self.at)) if assignee else self._one_of(self.cast.psi)

    # --- the whole ------------------------------------------------------------------------
    def tell(self) -> Story:
        """The rows of the SOP, one after the other, as often as this letter comes through them."""
        yield from self._write()
        while self.request.status in OPEN:
            yield from {
                Status.DRAFT: self._send,
                Status.RETURNED: self._correct,
                Status.SUBMITTED: self._register,
                Status.REGISTERED: self._forward,
                Status.AWAITING_DISPOSITION: self._decide,
                Status.DISPOSED: self._make_account,
                Status.CLARIFICATION: self._answer,
                Status.CONSENT: self._consent,
                Status.ACCOUNT_CREATED: self._inform,
                Status.INFORMED: self._take_over,
                Status.REPLY_DRAFTING: self._draft_reply,
                Status.REPLY_APPROVAL: self._approve_reply,
                Status.REPLY_APPROVED: self._send_reply,
            }[Status(self.request.status)]()

    # --- SOP 1 ----------------------------------------------------------------------------
    def _write(self) -> Story:
        self.renewed = self._wanted_renewal()
        is_paper = self._happens(12) and self.office.calendar.is_open(self.at)
        house = self.cast.house_of(self.renewed.unit_id) if self.renewed else None
        self.house = house or self.rng.choices(self.cast.houses, [one.weight for one in self.cast.houses])[0]
        self.writer = self._helpdesk if is_paper else self.rng.choice(self.house.staff)
        came_at = self.at - timedelta(hours=self.rng.choice((1, 2, 20, 26))) if is_paper else None
        if self.renewed:
            self.request = letters.begin_renewal(self.renewed, by=self.writer, now=self.at, happened_at=came_at)
        else:
            key = UUID(int=self.rng.getrandbits(128), version=4)
            unit = self.house.unit
            self.request = letters.begin_draft(
                unit=unit, by=self.writer, now=self.at, start_key=key, happened_at=came_at
            )
        yield from self._wait(self.at + timedelta(seconds=around(self.rng, 240, 0.6)))
        self._fill_in()

    def _wanted_renewal(self) -> WebserviceAccount | None:
        """An account whose unit wants one more year: half of the letters are about one while there are any."""
        if not self.world.wishes or self._happens(50):
            return None
        return WebserviceAccount.objects.select_related("unit").get(pk=self.world.wishes.pop(0))

    def _fill_in(self) -> None:
        rng, request = self.rng, self.request
        self.house.letters += 1
        came = timezone.localdate(request.happened_at or self.at)
        fields: dict[str, object] = {
            "letter_number": f"{self.house.letters}/{self.house.unit.code.upper()}/TI/{self.at.year}",
            "letter_date": came - timedelta(days=rng.choice((0, 0, 1, 2))),
            "letter_subject": words.subject(rng, is_renewal=self.renewed is not None),
        }
        chosen = None
        if self.renewed is None:
            person = rng.choice(self.house.responsible)
            application = words.application(rng, self.house.unit)
            fields |= {
                "person_name": person.name,
                "identity_type": person.identity_type,
                "identity_number": person.identity_number,
                "phone": person.phone,
                "email": person.email,
                "application": application,
                "purpose": words.purpose(rng, application),
            }
            chosen = rng.sample(self.cast.data_types, min(rng.choice((1, 1, 2, 2, 3, 4)), len(self.cast.data_types)))
        letters.save_part(request, by=self.writer, now=self.at, fields=fields, data_types=chosen)
        page = ContentFile(self.world.stage.letter)
        letters.add_document(request, page, self.world.stage.inspected, by=self.writer, now=self.at)

    def _send(self) -> Story:
        if self._happens(2):
            yield from self._wait(by_day(self.at, around(self.rng, 150, 0.5)))  # forgotten, then no longer needed
            self._withdraw()
            return
        yield from self._wait(self.at + timedelta(seconds=around(self.rng, 50, 0.5)))
        self.request = letters.submit(self.request, by=self.writer, now=self.at)

    def _correct(self) -> Story:
        yield from self._wait(by_day(self.at, around(self.rng, 22, 0.9)))
        if self._happens(8):
            self._withdraw()
            return
        subject = {"letter_subject": f"{self.request.letter_subject} (perbaikan)"[:250]}
        letters.save_part(self.request, by=self.writer, now=self.at, fields=subject)
        yield from self._wait(self.at + timedelta(minutes=3))
        self.request = letters.submit(self.request, by=self.writer, now=self.at)

    def _withdraw(self) -> None:
        self.request = letters.withdraw(
            self.request, by=self.writer, now=self.at, reason=self.rng.choice(words.NO_LONGER_NEEDED)
        )

    # --- SOP 2 ----------------------------------------------------------------------------
    def _register(self) -> Story:
        yield from self._office(2.2, 0.9)
        again = AgendaEntry.objects.filter(request=self.request).exists()
        if not again and self._happens(8):
            reason = self.rng.choice(words.INCOMPLETE)
            self.request = agenda.return_to_unit(self.request, by=self._helpdesk, now=self.at, reason=reason)
            return
        came = self.request.happened_at or self.request.submitted_at or self.at
        urgency = AgendaEntry.Urgency.URGENT if self._happens(6) else AgendaEntry.Urgency.NORMAL
        self.request = agenda.register(
            self.request,
            agenda.Registration(
                received_on=timezone.localdate(came), urgency=urgency, ticked=frozenset(AgendaEntry.CHECK_LIST)
            ),
            by=self._helpdesk,
            now=self.at,
        )

    def _forward(self) -> Story:
        yield from self._office(1.2, 0.7)
        year, number = self.at.year, AgendaEntry.objects.get(request=self.request).number
        self.request = agenda.forward(
            self.request, by=self._helpdesk, now=self.at, plo_number=f"PLO-{year}-{number + 1000}"
        )

    # --- the head ---------------------------------------------------------------------------
    def _decide(self) -> Story:
        yield from self._office(100, 0.9)
        if self._happens(1.5):
            self._withdraw()
        elif self._happens(3.5) and not self.renewed:
            reason = self.rng.choice(words.REFUSALS)
            self.request = disposition.refuse(self.request, by=self._head, now=self.at, reason=reason)
        elif self._happens(3):
            reason = self.rng.choice(words.QUESTIONS)
            self.request = disposition.ask_for_clarification(self.request, by=self._head, now=self.at, reason=reason)
        else:
            self._dispose()
            if self._happens(1):
                yield from self._wait(self.at + timedelta(minutes=2))
                self.request = disposition.cancel(self.request, by=self._head, now=self.at)
                yield from self._office(6)
                self._dispose()

    def _dispose(self) -> None:
        note = self.rng.choice(words.NOTES)
        self.request = disposition.dispose(
            self.request, disposition.Instructions(note=note), by=self._head, now=self.at
        )

    # --- SOP 3 ----------------------------------------------------------------------------
    def _make_account(self) -> Story:
        if self.request.assignee is None:
            yield from self._office(30, 0.9)
            self.request = account.claim(self.request, by=self._psi, now=self.at)
            if self._happens(2):
                yield from self._office(30)
                self.request = account.release(self.request, by=self._psi, now=self.at)
                return
        if self._happens(3):
            yield from self._office(60)
            self._reassign()
        if self._happens(5):
            yield from self._office(40)
            question = self.rng.choice(words.QUESTIONS)
            self.request = account.ask_unit(self.request, by=self._psi, now=self.at, question=question)
        elif self._happens(30) and (owner := self._owner_to_ask()):
            yield from self._office(50)
            self.request = consent.ask(
                self.request, owner.unit, by=self._psi, now=self.at, question=words.consent_question(self.request)
            )
        elif self._happens(1) and not self.renewed:
            yield from self._office(60)
            reason = self.rng.choice(words.NOT_POSSIBLE)
            self.request = account.hand_back(self.request, by=self._psi, now=self.at, reason=reason)
        else:
            yield from self._office(130, 0.75)
            self._create()

    def _reassign(self) -> None:
        by, today = self._psi, timezone.localdate(self.at)
        others = [one for one in self.cast.there(self.cast.psi, today) if one not in (by, self.request.assignee)]
        if others:
            reason = self.rng.choice(words.PASSED_ON)
            self.request = account.reassign(self.request, self.rng.choice(others), by=by, now=self.at, reason=reason)

    def _owner_to_ask(self) -> House | None:
        """The simulated unit, other than the one that asks, whose data this is and which was not asked yet."""
        owners = {item.data_type.owner_id for item in self.request.items.select_related("data_type")}
        asked = set(self.request.consents.values_list("unit", flat=True))
        found = (self.cast.house_of(pk) for pk in sorted(owners - asked - {self.request.unit_id}))
        return next((house for house in found if house), None)

    def _answer(self) -> Story:
        yield from self._wait(by_day(self.at, around(self.rng, 12, 1.0)))
        text = self.rng.choice(words.ANSWERS)
        self.request = letters.answer(self.request, by=self.writer, now=self.at, text=text)

    def _consent(self) -> Story:
        yield from self._wait(by_day(self.at, around(self.rng, 16, 0.9)))
        is_given = not self._happens(10)
        said = consent.Answer(is_given, "" if is_given else self.rng.choice(words.NOT_AGREED))
        owner = self.cast.house_of(self.request.consents.get(answered_at__isnull=True).unit_id)
        if owner is None or self._happens(25):
            yield from self._office(5)
            today = timezone.localdate(self.at)
            self.request = consent.record(self.request, said, dated=today, by=self._psi, now=self.at)
        else:
            self.request = consent.answer(self.request, said, by=owner.staff[0], now=self.at)

    def _create(self) -> None:
        rng, today = self.rng, timezone.localdate(self.at)
        items = [item.data_type_id for item in self.request.items.order_by("pk")]
        against = self.request.consents.filter(is_given=False).values_list("unit", flat=True)
        refused = {
            item.data_type_id: "Unit pemilik data tidak menyetujui."
            for item in self.request.items.filter(data_type__owner__in=against)
        }
        if not refused and len(items) > 1 and self._happens(9):
            refused = {rng.choice(items): rng.choice(words.REFUSED_DATA)}
        if len(refused) == len(items):
            reason = "Unit pemilik data tidak menyetujui."
            self.request = account.hand_back(self.request, by=self._psi, now=self.at, reason=reason)
            return
        granting = account.Granting(
            username=self._user_name(),
            starts_on=today,
            networks=(f"10.{rng.randint(20, 60)}.{rng.randint(0, 254)}.0/24",),
            refused=refused,
        )
        self.request = account.create_account(self.request, granting, by=self._psi, now=self.at)

    def _user_name(self) -> str:
        wanted = f"{self.house.unit.code}-{slugify(self.request.application)}"[:34].strip("-")
        name, count = wanted, 1
        while WebserviceAccount.objects.filter(username=name).exists():
            count += 1
            name = f"{wanted}-{count}"
        return name

    # --- SOP 5 ----------------------------------------------------------------------------
    def _inform(self) -> Story:
        yield from self._office(3, 0.8)
        self.request = confirmation.inform(self.request, by=self._psi, now=self.at)

    @property
    def _account(self) -> WebserviceAccount:
        return WebserviceAccount.objects.get(requests=self.request)

    @property
    def _holder(self) -> User | handover.ProvenHolder:
        """The responsible person, signed in or with the code from the mail."""
        user = self.house.sign_in.get(self.request.email)
        return user or handover.ProvenHolder(self._account.pk, self.request.person_name)

    def _take_over(self) -> Story:
        if self._happens(6):
            yield from self._office(3 * 450)
            confirmation.resend_link(self.request, by=self._psi, now=self.at)
            yield from self._office(2 * 450, 0.3)
            reason = self.rng.choice(words.NO_ANSWER)
            self.request = confirmation.proceed_unconfirmed(self.request, by=self._psi, now=self.at, reason=reason)
            return
        yield from self._wait(by_day(self.at, around(self.rng, 4, 1.0)))
        if handover.may_open(self._account, now=self.at):
            handover.reveal(self._account, by=self._holder, now=self.at)
        yield from self._wait(by_day(self.at, around(self.rng, 0.6, 1.0)))
        if self._happens(4):
            problem = self.rng.choice(words.PROBLEMS)
            self.request = confirmation.report_problem(self.request, by=self._holder, now=self.at, problem=problem)
            return
        self.request = confirmation.confirm(self.request, by=self._holder, now=self.at)
        self.world.tell(Life(self.world, self.rng, self._account.pk, self.house).tell(), self.at)

    # --- SOP 6 ----------------------------------------------------------------------------
    def _draft_reply(self) -> Story:
        yield from self._office(100, 0.8)
        proposal = propose(self.request, institution())
        draft = reply_letter.Draft(
            proposal.recipient, proposal.subject, proposal.body, classification=proposal.classification
        )
        self.request = reply_letter.send_for_approval(self.request, draft, by=self._helpdesk, now=self.at)

    def _approve_reply(self) -> Story:
        yield from self._office(70, 1.0)
        if self._happens(4):
            reason = self.rng.choice(words.CORRECTIONS)
            self.request = reply_letter.return_reply(self.request, by=self._head, now=self.at, reason=reason)
        else:
            self.request = reply_letter.approve(self.request, by=self._head, now=self.at)

    def _send_reply(self) -> Story:
        yield from self._office(12, 0.9)
        self.request = reply_letter.send(self.request, by=self._helpdesk, now=self.at)
        self._say_why_late()

    def _say_why_late(self) -> None:
        """The head says why a row was late, most of the time."""
        if not self.request.passages.filter(is_within=False).exists():
            return
        for run in lateness.of_request(self.request, calendar=self.office.calendar, now=self.at):
            if run.reason is None and run.person and self._happens(75):
                cause = self.rng.choice(list(words.LATE))
                said = late_reasons.Reason(cause, self.rng.choice(words.LATE[LateReason.Cause(cause)]))
                late_reasons.write(self.request, run.key, said, by=self._head, now=self.at)


class Life:
    """What happens to an account after it was confirmed."""

    def __init__(self, world: World, rng: Random, account_id: int, house: House) -> None:
        self.world, self.rng, self.account_id, self.house = world, rng, account_id, house

    def _read(self) -> WebserviceAccount:
        return WebserviceAccount.objects.get(pk=self.account_id)

    def tell(self) -> Story:
        """Mostly nothing until its unit thinks of the next year."""
        rng, office, cast = self.rng, self.world.office, self.world.cast
        ends_at, fate = self._read().ends_at, rng.random() * 100
        now = yield by_day(self._read().confirmed_at or ends_at, rng.uniform(24, 200 * 24))
        psi = rng.choice(cast.there(cast.psi, timezone.localdate(now)) or cast.psi)
        if fate < 2.5 and self._read().suspended_at is None:
            standing.suspend(self._read(), by=psi, now=now, reason=rng.choice(words.SUSPENSIONS))
            now = yield office.after(now, around(rng, 1200, 0.8))
            if fate < 0.6:
                standing.revoke(self._read(), by=cast.stands_for(cast.head, timezone.localdate(now)), now=now,
                                reason=rng.choice(words.REVOCATIONS))  # fmt: skip
                return
            if self._read().suspended_at and not self._read().revoked_at:
                standing.reinstate(self._read(), by=psi, now=now, reason=rng.choice(words.REINSTATED))
        elif fate < 4:
            others = [person for person in self.house.responsible if person.email != self._read().holder_email]
            reason = rng.choice(words.MOVED)
            handover.change_holder(self._read(), rng.choice(others), reason=reason, by=psi, now=now)
            now = yield by_day(now, 20)
            if handover.may_open(self._read(), now=now):
                user = self.house.sign_in.get(self._read().holder_email)
                holder = user or handover.ProvenHolder(self.account_id, self._read().holder_name)
                handover.reveal(self._read(), by=holder, now=now)
                handover.acknowledge(self._read(), by=holder, now=now + timedelta(minutes=2))
        now = yield by_day(ends_at, -24 * rng.uniform(4, 58))
        if self._read().revoked_at or self._read().ends_at != ends_at:
            return
        if rng.random() < 0.12:
            standing.decline_renewal(self._read(), by=self.house.staff[0], now=now)
        elif rng.random() < 0.95:
            self.world.wishes.append(self.account_id)
