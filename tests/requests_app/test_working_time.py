"""The stored rules of the clock: which one counts for a clock that started at an instant. Times in WIB."""

from datetime import datetime, timedelta

import pytest

from accounts.roles import Role
from requests_app import sla, working_time
from requests_app.models import ClockRule
from requests_app.sla import WIB, Reading, Rule
from requests_app.working_time import ROWS_WITH_RULES, Rules
from tests.factories import person

TENTH = datetime(2026, 11, 10, 8, 0, tzinfo=WIB)
TWENTIETH = datetime(2026, 11, 20, 8, 0, tzinfo=WIB)
AN_INSTANT = timedelta(microseconds=1)
FIRST = Rule(Reading.END_OF_DAY, effective_from=TENTH)
SECOND = Rule(Reading.SAME_TIME, warn_ahead=timedelta(hours=1), effective_from=TWENTIETH)
RULES = Rules({"3": [FIRST, SECOND]})


def test_the_rows_of_one_working_day_have_rules_and_those_of_minutes_have_none() -> None:
    assert ROWS_WITH_RULES == ("3", "6")


@pytest.mark.parametrize(
    ("started_at", "rule"),
    [
        (TENTH - AN_INSTANT, Rule()),
        (TENTH, FIRST),
        (TWENTIETH - AN_INSTANT, FIRST),
        (TWENTIETH, SECOND),
        (TWENTIETH + timedelta(days=400), SECOND),
    ],
)
def test_the_rule_in_force_is_the_newest_that_began_by_then(started_at: datetime, rule: Rule) -> None:
    assert RULES.at("3", started_at) == rule


def test_a_row_for_which_nobody_chose_has_the_shipped_rule() -> None:
    assert RULES.at("6", TWENTIETH) == Rule()
    assert (Rule().reading, Rule().warns_at_half, Rule().warn_ahead) == (Reading.SAME_TIME, True, timedelta(hours=2))


@pytest.mark.django_db
def test_the_stored_rules_are_those_of_the_pure_clock() -> None:
    rina = person(Role.ADMINISTRATOR, full_name="Rina")
    common = {"number": "6", "chosen_at": TENTH}
    ClockRule.objects.create(
        effective_from=TWENTIETH,
        reading="end-of-day",
        warns_at_half=False,
        warn_ahead_minutes=90,
        team_after_minutes=30,
        head_after_minutes=450,
        chosen_by=rina,
        **common,
    )
    ClockRule.objects.create(effective_from=TENTH, **common)
    rules = working_time.rules()
    assert rules.at("6", TENTH) == Rule(effective_from=TENTH)
    assert rules.at("6", TWENTIETH) == Rule(
        reading=sla.Reading.END_OF_DAY,
        warns_at_half=False,
        warn_ahead=timedelta(minutes=90),
        team_after=timedelta(minutes=30),
        head_after=timedelta(hours=7, minutes=30),
        chosen_by="Rina",
        effective_from=TWENTIETH,
    )
    assert rules.at("3", TWENTIETH) == Rule()


@pytest.mark.django_db
def test_reading_all_rules_is_one_question_to_the_database(django_assert_num_queries: object) -> None:
    for day in range(1, 10):
        at = TENTH + timedelta(days=day)
        ClockRule.objects.create(number="3", effective_from=at, chosen_at=at, chosen_by=person(None))
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(working_time.rules().by_row["3"]) == 9
