"""Who may ever do what, and what a substitute may on which day. The table of roles is written by hand."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Substitution, User
from accounts.permissions import absences, authority, authority_for_unit, has, holders, those_there, units_of
from accounts.roles import Permission, Role
from tests.factories import person

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 11, 23), date(2026, 11, 27)
DAY = timedelta(days=1)
P = Permission

MAY = {
    Role.UNIT_STAFF: {P.SEND_REQUEST},
    Role.HELPDESK: {P.SEE_EVERY_REQUEST, P.REGISTER, P.WRITE_REPLY},
    Role.HEAD: {P.SEE_EVERY_REQUEST, P.DISPOSE},
    Role.PSI: {P.SEE_EVERY_REQUEST, P.CREATE_ACCOUNT},
    Role.ADMINISTRATOR: {P.SEE_EVERY_REQUEST, P.ADMINISTER},
    Role.AUDITOR: {P.SEE_EVERY_REQUEST},
}


def fresh(user: User) -> User:
    """The same person as the next page sees them."""
    return User.objects.get(pk=user.pk)


@pytest.fixture
def head() -> User:
    return person(Role.HEAD, full_name="Dr. Maulana")


@pytest.fixture
def substitute(head: User) -> User:
    """Stands in for the head from Monday through Friday; has no role of their own."""
    user = person(None)
    Substitution.objects.create(absent=head, substitute=user, kind="Plh.", starts_on=FIRST, ends_on=LAST)
    return user


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_what_each_role_may(role: Role, permission: Permission) -> None:
    assert has(person(role), permission) == (permission in MAY[role])


def test_two_roles_may_what_either_may() -> None:
    both = person([Role.HELPDESK, Role.PSI])
    assert {permission for permission in Permission if has(both, permission)} == MAY[Role.HELPDESK] | MAY[Role.PSI]


@pytest.mark.parametrize("permission", Permission)
def test_without_a_role_an_account_or_an_active_one_nobody_may_anything(permission: Permission) -> None:
    left = person(list(Role), is_active=False)
    for user in (AnonymousUser(), person(None), left):
        assert not has(user, permission)
        assert authority(user, permission, FIRST) is None


def test_in_ones_own_right_one_acts_for_nobody(head: User) -> None:
    right = authority(head, P.DISPOSE, FIRST)
    assert right is not None
    assert (right.person, right.on_behalf_of, right.acting_for) == (head, None, "")


# --- substitutes ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "may"),
    [(FIRST - DAY, False), (FIRST, True), (FIRST + DAY, True), (LAST, True), (LAST + DAY, False)],
)
def test_a_substitute_may_from_the_first_day_through_the_last(substitute: User, day: date, may: bool) -> None:
    assert (authority(substitute, P.DISPOSE, day) is not None) == may


def test_the_record_names_the_absent_person_and_the_kind(substitute: User, head: User) -> None:
    right = authority(substitute, P.DISPOSE, FIRST)
    assert right is not None
    assert (right.person, right.on_behalf_of, right.acting_for) == (substitute, head, "Plh. menggantikan Dr. Maulana")


def test_standing_in_is_no_role_of_ones_own(substitute: User) -> None:
    assert not has(substitute, P.DISPOSE)
    assert substitute.roles == frozenset()


def test_a_substitute_may_what_the_absent_person_may_and_no_more(substitute: User) -> None:
    allowed = {permission for permission in Permission if authority(substitute, permission, FIRST)}
    assert allowed == MAY[Role.HEAD]


def test_ones_own_right_comes_before_a_borrowed_one(head: User) -> None:
    other_head = person(Role.HEAD)
    Substitution.objects.create(absent=head, substitute=other_head, starts_on=FIRST, ends_on=LAST)
    right = authority(other_head, P.DISPOSE, FIRST)
    assert right is not None
    assert right.acting_for == ""


def test_of_an_absent_person_who_has_left_nothing_can_be_borrowed(substitute: User, head: User) -> None:
    head.is_active = False
    head.save()
    assert authority(substitute, P.DISPOSE, FIRST) is None
    assert holders(P.DISPOSE, FIRST) == []


def test_of_an_absent_person_who_lost_the_role_nothing_can_be_borrowed(substitute: User, head: User) -> None:
    head.role_grants.all().delete()
    assert authority(substitute, P.DISPOSE, FIRST) is None
    assert holders(P.DISPOSE, FIRST) == []


def test_a_substitute_who_has_left_may_nothing(substitute: User, head: User) -> None:
    substitute.is_active = False
    substitute.save()
    assert authority(substitute, P.DISPOSE, FIRST) is None
    assert holders(P.DISPOSE, FIRST) == [head]


def test_what_was_borrowed_cannot_be_lent_on(substitute: User) -> None:
    third = person(None)
    Substitution.objects.create(absent=substitute, substitute=third, starts_on=FIRST, ends_on=LAST)
    assert authority(third, P.DISPOSE, FIRST) is None
    assert third not in holders(P.DISPOSE, FIRST)


# --- everybody who may -------------------------------------------------------------------------------------
def test_those_who_may_are_the_role_and_its_substitutes_of_the_day_each_once(substitute: User, head: User) -> None:
    Substitution.objects.create(absent=head, substitute=substitute, kind="Plt.", starts_on=LAST, ends_on=LAST)
    person(Role.PSI)
    assert holders(P.DISPOSE, FIRST - DAY) == [head]
    assert holders(P.DISPOSE, LAST) == [head, substitute]
    assert holders(P.DISPOSE, LAST + DAY) == [head]


def test_an_ended_substitution_ends_for_the_next_page(substitute: User) -> None:
    Substitution.objects.update(ends_on=FIRST)
    assert authority(fresh(substitute), P.DISPOSE, FIRST + DAY) is None


def test_asking_twice_about_one_day_costs_one_question(substitute: User, django_assert_num_queries) -> None:
    user = fresh(substitute)
    with django_assert_num_queries(3):  # own roles, substitutions, the absent person's roles
        for _ in range(3):
            authority(user, P.DISPOSE, FIRST)
            authority(user, P.REGISTER, FIRST)


# --- for which unit -----------------------------------------------------------------------------------------
def test_whoever_stands_in_for_somebody_of_another_unit_may_for_both() -> None:
    mine, other = person(Role.UNIT_STAFF), person(Role.UNIT_STAFF)
    Substitution.objects.create(absent=other, substitute=mine, starts_on=FIRST, ends_on=LAST)
    assert units_of(fresh(mine), P.SEND_REQUEST, FIRST) == {mine.unit_id, other.unit_id}
    assert units_of(fresh(mine), P.SEND_REQUEST, LAST + DAY) == {mine.unit_id}
    right = authority_for_unit(fresh(mine), P.SEND_REQUEST, other.unit_id, FIRST)
    assert right is not None
    assert right.holder == other
    assert authority_for_unit(fresh(mine), P.SEND_REQUEST, person().unit_id, FIRST) is None
    assert authority_for_unit(person(Role.UNIT_STAFF, unit=None), P.SEND_REQUEST, None, FIRST) is None


# --- who is there -------------------------------------------------------------------------------------------
def test_who_is_away_is_replaced_on_the_days_of_the_appointment_only(head: User, substitute: User) -> None:
    for day, there in [(FIRST - DAY, head), (FIRST, substitute), (LAST, substitute), (LAST + DAY, head)]:
        assert those_there([head], day) == [there], day


def test_nobody_is_named_twice(head: User, substitute: User) -> None:
    assert those_there([head, substitute], FIRST) == [substitute]


def test_a_substitute_who_is_away_or_has_left_is_there_for_nobody(head: User, substitute: User) -> None:
    third = person(None)
    Substitution.objects.create(absent=substitute, substitute=third, starts_on=LAST, ends_on=LAST)
    assert absences(FIRST).unattended == frozenset()
    assert absences(LAST).unattended == {head.pk}
    assert those_there([head, substitute], LAST) == [head, third]
    User.objects.filter(pk=substitute.pk).update(is_active=False)
    assert absences(FIRST).unattended == {head.pk}


def test_two_who_replace_each_other_are_there_for_nobody(head: User, substitute: User) -> None:
    Substitution.objects.create(absent=substitute, substitute=head, starts_on=FIRST, ends_on=LAST)
    assert absences(FIRST).unattended == {head.pk, substitute.pk}
