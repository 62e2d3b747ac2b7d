"""The demo goes as it came: with all it did, and without harm to what real people did meanwhile."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, OutgoingMail, RoleGrant, Substitution, User
from accounts.roles import Role
from config import checks, demo
from requests_app.models import AccessRequest
from requests_app.sop import Status
from requests_app.steps.request_letter import begin_renewal
from tests import factories
from webservice_accounts.models import WebserviceAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_people(settings: LazySettings) -> Iterator[None]:
    settings.DEBUG = True
    call_command("load_defaults", stdout=StringIO())
    demo.load(now=timezone.now())
    settings.DEBUG = False
    return


def a_real_request() -> AccessRequest:
    """A real unit's letter which the demo's helpdesk and head carried on to PSI."""
    request = factories.a_request(Status.DISPOSED)
    AccessRequest.objects.filter(pk=request.pk).update(created_by=factories.person(Role.UNIT_STAFF))
    return request


def remove() -> str:
    said = StringIO()
    call_command("remove_demo", stdout=said)
    return said.getvalue()


def test_nothing_of_the_demo_stays(demo_people: None) -> None:
    assert "removed: 9 demo people" in remove()
    assert not User.objects.exists()
    assert not AccessRequest.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_the_request_of_a_real_person_keeps_its_record_and_production_starts(demo_people: None, client: Client) -> None:
    """Somebody tried the real thing before the demo was taken out: that is no reason never to start."""
    helpdesk = User.objects.get(email="helpdesk@demo.usk.ac.id")
    request = a_real_request()
    assert request.entries.filter(left_by=helpdesk).exists()

    said = remove()

    assert str(helpdesk) in said
    checks.refuse_demo_accounts()
    request.refresh_from_db()
    assert request.status == Status.DISPOSED
    assert request.entries.filter(left_by=helpdesk).exists()
    assert not RoleGrant.objects.filter(user__email__endswith="@demo.usk.ac.id").exists()
    assert not Substitution.objects.exists()
    for name in ("helpdesk", "kepala"):
        assert not client.login(email=f"{name}@demo.usk.ac.id", password=demo.PASSWORD)


def test_a_retired_demo_person_is_signed_out(demo_people: None, client: Client) -> None:
    client.force_login(User.objects.get(email="helpdesk@demo.usk.ac.id"))
    a_real_request()
    remove()
    assert client.get("/").status_code == 302


def test_what_a_retired_demo_person_had_taken_is_free_again(demo_people: None) -> None:
    psi = User.objects.get(email="psi@demo.usk.ac.id")
    request = a_real_request()
    AccessRequest.objects.filter(pk=request.pk).update(assignee=psi)
    remove()
    request.refresh_from_db()
    assert request.assignee is None
    assert factories.person(Role.PSI).is_active


def test_an_account_of_the_demo_ends_soon_and_its_renewal_goes_with_it_whoever_entered_it(demo_people: None) -> None:
    account = WebserviceAccount.objects.get(username="fmipa-pustaka")
    assert 30 <= (account.ends_at - timezone.now()).days <= 45
    assert not account.renewals.exists()
    helpdesk = factories.person(Role.HELPDESK)
    begin_renewal(account, by=helpdesk, now=timezone.now(), happened_at=timezone.now())
    remove()
    assert not WebserviceAccount.objects.exists()
    assert not AccessRequest.objects.exists()
    assert not AuditEvent.objects.filter(subject__startswith="account:").exists()
    helpdesk.refresh_from_db()
