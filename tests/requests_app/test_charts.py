"""Where the parts of a chart stand, worked out by hand."""

from datetime import timedelta

import pytest

from requests_app.charts import Part, bars, lengths, share, wide

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def test_a_row_is_drawn_in_its_own_standards() -> None:
    """In a chart two standards wide the standard stands in the middle, for minutes as for days."""
    for standard in (timedelta(minutes=5), DAY):
        line = lengths(standard / 2, standard, standard * 1.5, standard, 2)
        assert (line.median, line.p90, line.tail) == (
            Part("0.00%", "25.00%"),
            Part("0.00%", "50.00%"),
            Part("50.00%", "25.00%"),
        )
        assert (line.standard, line.end, line.is_cut) == ("50.00%", "75.00%", False)


def test_what_is_longer_than_the_chart_ends_at_its_edge_and_says_so() -> None:
    line = lengths(10 * HOUR, 20 * HOUR, 49 * HOUR, DAY, 2)
    assert (line.end, line.is_cut) == ("100.00%", True)
    assert not lengths(10 * HOUR, 20 * HOUR, 48 * HOUR, DAY, 2).is_cut
    assert lengths(60 * HOUR, 60 * HOUR, 60 * HOUR, DAY, 2).tail == Part("100.00%", "0.00%")


@pytest.mark.parametrize(
    ("p90s", "standards"),
    [([], 2), ([10 * HOUR], 2), ([48 * HOUR], 2), ([49 * HOUR], 3), ([10 * HOUR, 80 * HOUR], 4), ([900 * HOUR], 4)],
)
def test_a_chart_is_two_to_four_standards_wide(p90s: list[timedelta], standards: int) -> None:
    assert wide((p90, DAY) for p90 in p90s) == standards


@pytest.mark.parametrize(
    ("part", "whole", "drawn"),
    [
        (0, 0, (Part("0.00%", "0.00%"), Part("0.00%", "0.00%"))),
        (3, 4, (Part("0.00%", "75.00%"), Part("75.00%", "25.00%"))),
        (0, 4, (Part("0.00%", "0.00%"), Part("0.00%", "100.00%"))),
        (4, 4, (Part("0.00%", "100.00%"), Part("100.00%", "0.00%"))),
        (999, 1000, (Part("0.00%", "99.00%"), Part("99.00%", "1.00%"))),
        (1, 1000, (Part("0.00%", "1.00%"), Part("1.00%", "99.00%"))),
    ],
)
def test_one_late_in_a_thousand_is_still_seen(part: int, whole: int, drawn: tuple[Part, Part]) -> None:
    assert share(part, whole) == drawn


def test_the_greatest_count_is_the_whole_width() -> None:
    assert bars([8, 4, 1]) == ["100.00%", "50.00%", "12.50%"]
    assert bars([]) == []
    assert bars([0]) == ["0.00%"]
