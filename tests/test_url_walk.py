"""Every address as everybody: who gets which page, and whose press of a button changes something. Written by hand.

An address that is missing in the table fails the test.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import OutgoingMail, User
from accounts.roles import Role
from requests_app.feeds import Kind
from requests_app.models import DayRow, HoursPeriodRow
from requests_app.steps import feeds
from tests import factories
from tests.everybody import CANARY, PEOPLE, SAME_ADDRESS, SITUATIONS, World, addresses, build
from tests.fingerprints import whole_database, writes

pytestmark = pytest.mark.django_db

# --- the table ---------------------------------------------------------------------------------------------
# Rows: an address and the situation it is asked in. Columns: who asks. Both are explained in `everybody.py`.
# Cells: what they get. A star: the database changed.
CELLS = {
    "in": "sent to sign in",
    "ok": 200,
    "->": "sent elsewhere (302)",
    "--": 404,
    "xx": 403,
    "no": 405,
    "ba": 400,
    "un": 503,
}

# A POST carries nothing but what the address says: no field is filled in.
WALK = """
                                 GET                                  POST
                                 N   U   V   H   K   P   A   I   R    N   U   V   H   K   P   A   I   R
home                   psi       in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
requests               psi       in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
request_new            -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  ->* ->* ok  ok  ok  ok  ok  ok
request_paper          -         in  --  --  ok  --  --  --  --  --   in  --  --  ok  --  --  --  --  --
request                draft     in  ok  --  --  --  --  --  --  --   in  ok  --  --  --  --  --  --  --
request                sent      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
request                psi       in  ok  --  ok  ok  ok* ok  ok  ok   in  ok  --  ok  ok  ok* ok  ok  ok
request                done      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
document               draft     in  ok  --  --  --  --  --  --  --   in  ok  --  --  --  --  --  --  --
document               sent      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
document               psi       in  ok  --  ok  ok  ok* ok  ok  ok   in  ok  --  ok  ok  ok* ok  ok  ok
issued_letter          signed    in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
issued_letter          done      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
request_part           draft     in  ok  --  --  --  --  --  --  --   in  ok  --  --  --  --  --  --  --
request_part           sent      in  ->  --  ->  ->  ->  ->  ->  ->   in  ok  --  ->  ->  ->  ->  ->  ->
request_part           back      in  ok  --  ->  ->  ->  ->  ->  ->   in  ok  --  ->  ->  ->  ->  ->  ->
remove_document        draft     in  ->  --  --  --  --  --  --  --   in  ->* --  --  --  --  --  --  --
remove_document        sent      in  ->  --  ->  ->  ->  ->  ->  ->   in  ok  --  ->  ->  ->  ->  ->  ->
request_summary        draft     in  ok  --  --  --  --  --  --  --   in  ->* --  --  --  --  --  --  --
request_summary        sent      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
receipt                draft     in  ->  --  --  --  --  --  --  --   in  ->  --  --  --  --  --  --  --
receipt                sent      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
receipt_pdf            draft     in  --  --  --  --  --  --  --  --   in  --  --  --  --  --  --  --  --
receipt_pdf            sent      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
withdraw               sent      in  ok  --  ->  ->  ->  ->  ->  ->   in  ->* --  ->  ->  ->  ->  ->  ->
withdraw               made      in  ->  --  ->  ->  ->  ->  ->  ->   in  ok  --  ->  ->  ->  ->  ->  ->
answer                 asked     in  ok  --  ->  ->  ->  ->  ->  ->   in  ok  --  ->  ->  ->  ->  ->  ->
agenda                 sent      in  ->  --  ok  ->  ->  ->  ->  ->   in  ->  --  ok  ->  ->  ->  ->  ->
agenda                 agenda    in  ->  --  ok  ->  ->  ->  ->  ->   in  ->  --  ok  ->  ->  ->  ->  ->
return_to_unit         sent      in  ->  --  ok  ->  ->  ->  ->  ->   in  ->  --  ok  ->  ->  ->  ->  ->
forward                agenda    in  ->  --  ok  ->  ->  ->  ->  ->   in  ->  --  ->* ->  ->  ->  ->  ->
agenda_book            agenda    in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
dashboard              psi       in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
dispositions           head      in  --  --  --  ok  --  --  --  --   in  --  --  --  ok  --  --  --  --
disposition            head      in  ->  --  ->  ok  ->  ->  ->  ->   in  ->  --  ->  ok  ->  ->  ->  ->
ask_for_clarification  head      in  ->  --  ->  ok  ->  ->  ->  ->   in  ->  --  ->  ok  ->  ->  ->  ->
refuse                 head      in  ->  --  ->  ok  ->  ->  ->  ->   in  ->  --  ->  ok  ->  ->  ->  ->
cancel_disposition     psi       in  no  no  no  no  no  no  no  no   in  ->  --  ->  ->* ->  ->  ->  ->
account_work           psi       in  ->  --  ->  ->  ok* ->  ->  ->   in  ->  --  ->  ->  ok* ->  ->  ->
claim                  psi       in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->* ->  ->  ->
release                made      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->* ->  ->  ->
ask_unit               psi       in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ok  ->  ->  ->
reassign               psi       in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ok  ->  ->  ->
ask_owner              psi       in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ok  ->  ->  ->
answer_owner           owner     in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
record_consent         owner     in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ok  ->  ->  ->
hand_back              psi       in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ok  ->  ->  ->
inform                 made      in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ->* ->  ->  ->
resend_link            told      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->* ->  ->  ->
proceed_unconfirmed    told      in  ->  --  ->  ->  ok  ->  ->  ->   in  ->  --  ->  ->  ok  ->  ->  ->
key                    psi       in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
key                    told      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
reveal                 made      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
reveal                 told      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ok*
reveal                 opened    in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
confirm                told      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
confirm                opened    in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->*
report_problem         told      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
reply                  reply     in  ->  --  ok  ->  ->  ->  ->  ->   in  ->  --  ok  ->  ->  ->  ->  ->
reply                  sign      in  ->  --  ok  ok  ok  ok  ok  ->   in  ->  --  ok  ->  ->  ->  ->  ->
reply_preview          reply     in  --  --  ok  ok  ok  ok  ok  --   in  no  no  no  no  no  no  no  no
approve_reply          sign      in  ->  --  ->  ok  ->  ->  ->  ->   in  ->  --  ->  ok  ->  ->  ->  ->
return_reply           sign      in  ->  --  ->  ok  ->  ->  ->  ->   in  ->  --  ->  ok  ->  ->  ->  ->
send_reply             signed    in  no  no  no  no  no  no  no  no   in  ->  --  ->* ->  ->  ->  ->  ->
handover               told      ok  ok  ok  ok  ok  ok  ok  ok  ->   ok  ok  ok  ok  ok  ok  ok  ok  ->
handover_code          told      ->  ->  ->  ->  ->  ->  ->  ->  ->   ->* ->* ->* ->* ->* ->* ->* ->* ->*
handover_reveal        told      ->  ->  ->  ->  ->  ->  ->  ->  ->   ->  ->  ->  ->  ->  ->  ->  ->  ->
handover_confirm       opened    ->  ->  ->  ->  ->  ->  ->  ->  ->   ->  ->  ->  ->  ->  ->  ->  ->  ->
handover_problem       told      ->  ->  ->  ->  ->  ->  ->  ->  ->   ->  ->  ->  ->  ->  ->  ->  ->  ->
accounts               told      in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
account                told      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
change_addresses       told      in  xx  --  xx  xx  ok  xx  xx  xx   in  xx  --  xx  xx  ->  xx  xx  xx
calendar               -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
add_day                -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
change_day             -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
remove_day             -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
change_week            -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
add_period             -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
change_period          -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
remove_period          -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
take_suggestions       -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
calendar_changes       -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
calendar_changed       -         in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
confirm_year           -         in  no  no  no  no  no  no  no  no   in  --  --  --  --  --  ->* --  --
unconfirm_year         -         in  no  no  no  no  no  no  no  no   in  --  --  --  --  --  ->  --  --
subscriptions          -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
make_feed              -         in  no  no  no  no  no  no  no  no   in  ok* ok* ok* ok* ok* ok* ok* ok*
revoke_feed            -         in  no  no  no  no  no  no  no  no   in  ->  ->  ->  ->  ->  ->  ->  ->
calendar_feed          -         ok* ok* ok* ok* ok* ok* ok* ok* ok*  no  no  no  no  no  no  no  no  no
deadlines_feed         -         ok* ok* ok* ok* ok* ok* ok* ok* ok*  no  no  no  no  no  no  no  no  no
clock_rules            -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  xx  xx  xx  xx  xx  ok  xx  xx
late_reason            psi       in  --  --  --  --  --  --  --  --   in  --  --  --  --  --  --  --  --
late_reason            late      in  --  --  --  ok  ok  --  --  --   in  --  --  --  ok  ok  --  --  --
monitoring_report      -         in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
monitoring_report_pdf  -         in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
monitoring_report_xlsx -         in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
sop                    -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
profile                -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
notices                psi       in  ok  ok  ok  ok  ok  ok  ok  ok   in  ->  ->  ->  ->  ->  ->  ->  ->
set_language           -         no  no  no  no  no  no  no  no  no   ->  ->  ->  ->  ->  ->  ->  ->  ->
substitutes            -         in  ok  ok  ok  ok  ok  ok  ok  ok   in  ok  ok  ok  ok  ok  ok  ok  ok
end_substitution       -         in  no  no  no  no  no  no  no  no   in  --  --  --  ->* --  ->* --  --
administration         psi       in  --  --  --  --  --  ok  --  --   in  --  --  --  --  --  ok  --  --
send_test_mail         -         in  no  no  no  no  no  no  no  no   in  --  --  --  --  --  ->* --  --
retry_mail             -         in  no  no  no  no  no  no  no  no   in  --  --  --  --  --  ->* --  --
health                 -         un  un  un  un  un  un  un  un  un   no  no  no  no  no  no  no  no  no
processing_register    told      in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
processing_register_csv  told    in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
processing_register_xlsx told    in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
service_tasks          -         in  --  --  --  --  ok  ok  --  --   in  --  --  --  --  ok  ok  --  --
service_task           -         in  --  --  --  --  ok  ok  --  --   in  --  --  --  --  ok  ok  --  --
send_service_task_again  -       in  no  no  no  no  no  no  no  no   in  --  --  --  --  ->* ->* --  --
oauth_token            -         no  no  no  no  no  no  no  no  no   ba  ba  ba  ba  ba  ba  ba  ba  ba
oauth_introspect       -         no  no  no  no  no  no  no  no  no   ba  ba  ba  ba  ba  ba  ba  ba  ba
oauth_revoke           -         no  no  no  no  no  no  no  no  no   ba  ba  ba  ba  ba  ba  ba  ba  ba
oauth_jwks             -         ok  ok  ok  ok  ok  ok  ok  ok  ok   no  no  no  no  no  no  no  no  no
oauth_metadata         -         ok  ok  ok  ok  ok  ok  ok  ok  ok   no  no  no  no  no  no  no  no  no
renew                  done      in  ok  --  ok  xx  xx  xx  xx  xx   in  ->* --  ok  xx  xx  xx  xx  xx
renew                  told      in  ok  --  ok  xx  xx  xx  xx  xx   in  ok  --  ok  xx  xx  xx  xx  xx
ending                 told      in  --  --  ok  ok  ok  ok  ok  --   in  --  --  ok  ok  ok  ok  ok  --
change_grants          told      in  xx  --  xx  xx  ok  xx  xx  xx   in  xx  --  xx  xx  ok  xx  xx  xx
change_limits          told      in  xx  --  xx  xx  ok  xx  xx  xx   in  xx  --  xx  xx  ok  xx  xx  xx
suspend_account        done      in  ok  --  xx  ok  ok  xx  xx  ok   in  ok  --  xx  ok  ok  xx  xx  ok
reinstate_account      done      in  xx  --  xx  xx  ->  xx  xx  xx   in  xx  --  xx  xx  ok  xx  xx  xx
revoke_account         done      in  xx  --  xx  ok  ok  xx  xx  xx   in  xx  --  xx  ok  ok  xx  xx  xx
decline_renewal        done      in  no  no  no  no  no  no  no  no   in  ->* --  xx  xx  ->* xx  xx  ->*
want_renewal           done      in  no  no  no  no  no  no  no  no   in  ->  --  xx  xx  ->  xx  xx  ->
keep_unused            done      in  no  no  no  no  no  no  no  no   in  ->  --  xx  xx  ->  xx  xx  ->
rotate_key             told      in  xx  --  xx  xx  ->  xx  xx  ->   in  xx  --  xx  xx  ok  xx  xx  ok
rotate_key             done      in  xx  --  xx  xx  ok  xx  xx  ok   in  xx  --  xx  xx  ok  xx  xx  ok
end_secret             done      in  no  no  no  no  no  no  no  no   in  xx  --  xx  xx  --  xx  xx  --
change_holder          done      in  xx  --  xx  xx  ok  xx  xx  xx   in  xx  --  xx  xx  ok  xx  xx  xx
account_key            done      in  ok  --  ok  ok  ok  ok  ok  ok   in  ok  --  ok  ok  ok  ok  ok  ok
account_reveal         told      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ok*
account_reveal         done      in  ->  --  ->  ->  ->  ->  ->  ->   in  ->  --  ->  ->  ->  ->  ->  ->
"""
ROWS = [line.split() for line in WALK.strip().splitlines()[2:]]
ORDER = "".join(PEOPLE)

# Not ours; what must hold of them is written below.
ALLAUTH = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reauthenticate",
    "account_email",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_login_code",
}
ADMIN = "admin:"
"""Everything under this name is the administrator's alone."""
FOR_MACHINES = "oauth_"
"""Behind these names no browser's cookie counts: who asks proves it in the request itself."""

OPEN_TO_WHO_HAS_THE_LINK = {
    "handover",
    "handover_code",
    "handover_reveal",
    "handover_confirm",
    "handover_problem",
    "calendar_feed",
    "deadlines_feed",
}
STAYS_QUIET = ("django_session",)
"""A session is written wherever somebody asks; it is nobody's record."""


# --- the walk ------------------------------------------------------------------------------------------------
def test_every_address_stands_in_the_table() -> None:
    known = {SAME_ADDRESS.get(row[0], row[0]) for row in ROWS} | ALLAUTH
    found = {name for name, _pattern in addresses() if not name.startswith(ADMIN)} - set(SAME_ADDRESS)
    assert found == known


def test_the_table_is_whole() -> None:
    assert all(len(row) == 2 + 2 * len(PEOPLE) for row in ROWS)
    assert {cell.rstrip("*") for row in ROWS for cell in row[2:]} == set(CELLS)
    assert {row[1] for row in ROWS} == {"-", *SITUATIONS}


def ask(client: Client, path: str, method: str, before: dict[str, str]) -> tuple[HttpResponse, bool]:
    """What this person gets, and whether the database is other than `before`; afterwards nothing has happened."""
    with transaction.atomic():
        with writes() as statements:
            response = getattr(client, method)(path)
            for chunk in response.streaming_content if response.streaming else ():
                assert chunk
        changed = bool(statements) and whole_database(but=STAYS_QUIET) != before
        transaction.set_rollback(True)
    return response, changed


def cell(response: HttpResponse, changed: bool) -> str:
    """How the table writes it."""
    if response.status_code == 302:
        found = "in" if response["Location"].startswith(reverse("account_login")) else "->"
    else:
        found = next(sign for sign, code in CELLS.items() if code == response.status_code)
    return found + ("*" if changed else "")


def line(cells: list[str]) -> str:
    """A row of the table to compare and to read."""
    return "  ".join(f"{letter}:{sign}" for letter, sign in zip(ORDER * 2, cells, strict=True))


@pytest.mark.parametrize("situation", ["-", *SITUATIONS])
def test_what_everybody_gets(situation: str) -> None:
    world = build(situation)
    world.sign_in()
    expected, found = {}, {}
    for name, _situation, *cells in (row for row in ROWS if row[1] == situation):
        expected[name] = line(cells)
        cache.clear()
        with transaction.atomic():
            found[name] = line(what_everybody_gets(name, world))
            transaction.set_rollback(True)
    assert found == expected


def words_of_the_calendar(name: str, reader: User | None) -> dict[str, object]:
    """Something of the calendar to ask for, and an address that `reader` made for a calendar program."""
    today = timezone.localdate()
    words: dict[str, object] = {"year": today.year, "kind": Kind.CALENDAR}
    if name in ("change_day", "remove_day"):
        words["pk"] = DayRow.objects.create(date=today, kind="national", name="Libur").pk
    if name in ("change_period", "remove_period"):
        words["pk"] = HoursPeriodRow.objects.create(name="Piket", starts_on=today, ends_on=today).pk
    if name == "calendar_changed":
        words["pk"] = audit.record("calendar", "add_day", "-", by=reader, now=timezone.now()).pk
    if name in ("calendar_feed", "deadlines_feed") and reader:
        kind = Kind.CALENDAR if name == "calendar_feed" else Kind.DEADLINES
        words["secret"] = feeds.make(reader, kind, now=timezone.now())
    return words


def what_everybody_gets(name: str, world: World) -> list[str]:
    """The cells of one row; call in a transaction that is taken back."""
    if name == "retry_mail":
        words = {"key": "x", "to": "a@usk.ac.id", "queued_at": timezone.now(), "next_try_at": timezone.now()}
        world = replace(world, words=world.words | {"pk": OutgoingMail.objects.create(state="failed", **words).pk})
    if name in ("service_task", "send_service_task_again"):
        world = replace(world, words=world.words | {"task": factories.an_outside_task().pk})
    world = replace(world, words=world.words | words_of_the_calendar(name, world.people["P"]))
    path, found = world.path(name), []
    before = whole_database(but=STAYS_QUIET)
    clients = {letter: world.client(letter) for letter in PEOPLE}
    for method in ("get", "post"):
        for letter, client in clients.items():
            response, changed = ask(client, path, method, before)
            found.append(cell(response, changed))
            if letter in "NV" and name not in OPEN_TO_WHO_HAS_THE_LINK and not response.streaming:
                assert CANARY not in response.content.decode(errors="replace"), f"{letter} reads of another unit"
    return found


@pytest.mark.parametrize("path", ["/permohonan/?q=kenari", "/akun/?q=kenari", "/permohonan/?state=disposed", "/"])
def test_another_units_staff_find_nothing_whatever_they_search_for(path: str) -> None:
    world = build("told")
    assert CANARY not in world.client("V").get(path).content.decode()
    if "kenari" in path:
        assert CANARY in world.client("U").get(path).content.decode(), "the search itself works"


OF_ONE_THING = [row[:2] for row in ROWS if row[1] != "-" and "<" in dict(addresses())[row[0]]]


@pytest.mark.parametrize("situation", sorted({at for _name, at in OF_ONE_THING}))
def test_what_does_not_exist_and_what_is_not_theirs_look_the_same(situation: str) -> None:
    world = build(situation)
    made_up = {"reference": "GP26-AAAAAA", "key": uuid.uuid4(), "username": "tidak-ada", "ticket": "uwr_" + "x" * 43}
    nowhere = World(world.people, world.words | made_up | {"issued": made_up["key"]})
    world.sign_in()
    for name in (name for name, at in OF_ONE_THING if at == situation):
        cache.clear()
        stranger = world.client("V")
        for method in ("get", "post"):
            theirs = getattr(stranger, method)(world.path(name))
            nothing = getattr(stranger, method)(nowhere.path(name))
            if name not in OPEN_TO_WHO_HAS_THE_LINK:
                assert theirs.status_code == nothing.status_code, name
            assert nothing.status_code in (404, 405), name


# --- forged forms ------------------------------------------------------------------------------------------------
EXAMPLES = {
    "app_label": "accounts",
    "content_type_id": "1",
    "key": "a-b",
    "kind": "calendar",
    "object_id": "1",
    "part": "person",
    "pk": 1,
    "reference": "GP26-AAAAAA",
    "run": 1,
    "secret": "x",
    "task": 1,
    "ticket": "x",
    "uidb36": "1",
    "url": "x",
    "username": "x",
    "year": 2026,
}


def example(pattern: str) -> str:
    """An address that fits a pattern."""

    def word(found: re.Match[str]) -> str:
        name = found["path"] or found["expression"]
        return str(uuid.UUID(int=1)) if "uuid:" in found[0] else str(EXAMPLES[name])

    filled = re.sub(r"\(\?P<(?P<expression>\w+)>[^()]*\)|<(?:\w+:)?(?P<path>\w+)>", word, pattern)
    return "/" + filled.replace("^", "").replace("$", "")


ALL_PATHS = sorted({example(pattern) for name, pattern in addresses() if not name.startswith(FOR_MACHINES)})
MACHINE_PATHS = sorted({example(pattern) for name, pattern in addresses() if name.startswith(FOR_MACHINES)})


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_address_takes_a_form_that_is_not_ours(method: str) -> None:
    administrator = Client(enforce_csrf_checks=True)
    administrator.force_login(factories.person(tuple(Role)))
    nobody = Client(enforce_csrf_checks=True)
    before = whole_database(but=STAYS_QUIET)
    for client in (administrator, nobody):
        answers = {path: getattr(client, method)(path).status_code for path in ALL_PATHS}
        assert answers == dict.fromkeys(ALL_PATHS, 403)
    assert whole_database(but=STAYS_QUIET) == before


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_signed_in_person_is_nobody_special_to_the_endpoints_for_machines(method: str) -> None:
    """They take no CSRF token, so a session must buy nothing there."""
    administrator = Client(enforce_csrf_checks=True)
    administrator.force_login(factories.person(tuple(Role)))
    for path in MACHINE_PATHS:
        theirs, nobodys = (
            getattr(client, method)(path) for client in (administrator, Client(enforce_csrf_checks=True))
        )
        assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
        assert theirs.status_code in ((200, 405) if method == "get" else (400, 405))


# --- what is not ours ------------------------------------------------------------------------------------------------
ADMIN_PATHS = sorted({example(pattern) for name, pattern in addresses() if name.startswith(ADMIN)})


def test_the_administrators_workshop_is_open_to_nobody_else() -> None:
    world = build("psi")
    assert len(ADMIN_PATHS) > 50
    for letter in ORDER.replace("A", ""):
        client = world.client(letter)
        for path in ADMIN_PATHS:
            for method in ("get", "post"):
                response = getattr(client, method)(path)
                assert response.status_code in (302, 403, 404, 405), f"{letter} {path}"
                assert CANARY not in response.content.decode(), f"{letter} {path}"


def test_the_administrator_is_let_in() -> None:
    client = build("psi").client("A")
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 200


FOR_EVERYBODY: dict[str, tuple[int, int]] = {  # to nobody, to somebody signed in
    "account_login": (200, 302),
    "account_logout": (302, 200),
    "account_signup": (200, 302),
    "account_inactive": (200, 200),
    "account_reauthenticate": (302, 200),
    "account_email": (302, 200),
    "account_email_verification_sent": (200, 200),
    "account_change_password": (302, 200),
    "account_set_password": (302, 302),
    "account_reset_password": (200, 200),
    "account_reset_password_done": (200, 200),
    "account_reset_password_from_key_done": (200, 200),
    "account_confirm_login_code": (302, 302),
}


def test_the_pages_around_signing_in_answer_and_change_nothing() -> None:
    world = build("-")
    nobody, somebody = world.client("N"), world.client("U")
    before = whole_database(but=STAYS_QUIET)
    pages = {name: (nobody.get(reverse(name)), somebody.get(reverse(name))) for name in FOR_EVERYBODY}
    found = {name: (first.status_code, second.status_code) for name, (first, second) in pages.items()}
    assert found == FOR_EVERYBODY
    assert whole_database(but=STAYS_QUIET) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("account_confirm_email", {"key": "tidak-ada"}),
        ("account_reset_password_from_key", {"uidb36": "1", "key": "x-y"}),
    ],
)
def test_a_made_up_link_of_a_mail_opens_nothing(name: str, words: dict[str, str]) -> None:
    client = build("-").client("N")
    assert client.get(reverse(name, kwargs=words)).status_code in (200, 302, 404)
    assert "_auth_user_id" not in client.session


NOT_FOUND: Callable[[str], str] = "/permohonan/{}/".format


@pytest.mark.parametrize(
    "path",
    [
        NOT_FOUND("..%2f..%2fetc%2fpasswd"),
        NOT_FOUND("GP26-" + "A" * 300),
        NOT_FOUND("GP26-%00AAAAA"),
        NOT_FOUND("🎓"),
        "/berkas/bukan-uuid/",
        "/akun/tidak-ada/",
        "/tidak/ada/",
    ],
)
def test_an_address_that_leads_nowhere_says_so(path: str) -> None:
    world = build("-")
    assert world.client("N").get(path).status_code in (302, 404)
    assert [world.client(letter).get(path).status_code for letter in "UA"] == [404, 404]
