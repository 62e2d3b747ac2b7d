"""Secrets, tickets and codes: shape, randomness, typos, and the keyed hash that is all we keep."""

import hmac
import random
import re
import sys
import time
import zlib
from collections import Counter
from hashlib import sha256

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.views.debug import ExceptionReporter
from pytest_django import Settings

from webservice_accounts.credentials import (
    candidate_digests,
    digest,
    display_hint,
    looks_genuine,
    looks_like_ticket,
    looks_like_token,
    matches,
    new_code,
    new_secret,
    new_ticket,
    new_token,
    normalise_code,
)

DIGITS_THEN_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# CRC-32 of "uws_" and thirty times "A" is 4223924810, which is 4 37 53 9 49 32 in base 62.
KNOWN = "uws_" + "A" * 30 + "4br9nW"


@pytest.fixture(autouse=True)
def _one_pepper(settings: Settings) -> None:
    settings.CREDENTIAL_PEPPER_KEYS = {"1": "first pepper"}


def test_a_known_secret_is_genuine() -> None:
    assert looks_genuine(KNOWN)


def test_secret_has_the_documented_format() -> None:
    for _attempt in range(200):
        assert re.fullmatch(r"uws_[0-9A-Za-z]{36}", new_secret())
        assert re.fullmatch(r"uwr_[0-9A-Za-z]{36}", new_ticket())


def test_each_kind_is_taken_for_itself_only() -> None:
    kinds = {new_secret: looks_genuine, new_ticket: looks_like_ticket, new_token: looks_like_token}
    for make in kinds:
        text = make()
        assert [make_other for make_other, recognises in kinds.items() if recognises(text)] == [make]
        assert not any(recognises(text.swapcase()) for recognises in kinds.values())
    assert re.fullmatch(r"uwt_[0-9A-Za-z]{36}", new_token())


def test_the_last_six_characters_are_the_crc_of_what_precedes_in_base_62() -> None:
    for _attempt in range(200):
        secret = new_secret()
        value = 0
        for character in secret[-6:]:
            value = value * 62 + DIGITS_THEN_LETTERS.index(character)
        assert value == zlib.crc32(secret[:-6].encode())


def test_thirty_characters_are_random_over_the_whole_alphabet() -> None:
    bodies = [new_secret()[4:34] for _attempt in range(3000)]
    assert len(set(bodies)) == 3000
    for position in range(30):
        assert len({body[position] for body in bodies}) == 62, f"position {position} never takes some characters"
    counts = Counter("".join(bodies))
    assert set(counts) == set(DIGITS_THEN_LETTERS)
    # 90,000 / 62 = 1452 each, standard deviation 38: six deviations either way
    assert 1224 < min(counts.values()) <= max(counts.values()) < 1680


def test_of_200_000_look_alikes_none_is_accepted_and_it_takes_seconds() -> None:
    generator = random.Random(20261122)
    look_alikes = ["uws_" + "".join(generator.choices(DIGITS_THEN_LETTERS, k=36)) for _attempt in range(200_000)]
    started = time.process_time()
    accepted = sum(looks_genuine(text) for text in look_alikes)
    assert accepted == 0
    assert time.process_time() - started < 20


@pytest.mark.parametrize("secret", [KNOWN, "uws_" + "0" * 29 + "z"])
def test_every_single_character_typo_is_rejected(secret: str) -> None:
    if secret != KNOWN:
        secret += _checksum(secret)
    assert looks_genuine(secret)
    wrong = [
        secret[:position] + character + secret[position + 1 :]
        for position in range(len(secret))
        for character in DIGITS_THEN_LETTERS + "_- .é"
        if character != secret[position]
    ]
    assert len(wrong) > 2500
    assert [text for text in wrong if looks_genuine(text)] == []


def test_neighbours_swapped_in_typing_are_rejected() -> None:
    start = "uws_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0"
    secret = start + _checksum(start)
    assert looks_genuine(secret)
    for position in range(4, 33):
        swapped = secret[:position] + secret[position + 1] + secret[position] + secret[position + 2 :]
        assert not looks_genuine(swapped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "uws_",
        KNOWN[:-1],
        KNOWN[1:],
        KNOWN + "0",
        KNOWN + "\n",
        " " + KNOWN,
        "Bearer " + KNOWN,
        "UWS_" + KNOWN[4:],
        "Uws_" + KNOWN[4:],
        "uws-" + KNOWN[4:],
        "uwt_" + KNOWN[4:],
        KNOWN.upper(),
        KNOWN.lower(),
        "uws_" + "Ａ" * 36,
        "uws_" + "٣" * 36,
        "\ud800" * 40,
        "A" * 1_000_000,
    ],
)
def test_what_only_resembles_a_secret_is_rejected(text: str) -> None:
    assert not looks_genuine(text)


@pytest.mark.parametrize("prefix", ["UWS_", "Uws_", "uwS_"])
def test_the_prefix_is_lower_case_even_with_a_right_checksum(prefix: str) -> None:
    start = prefix + "A" * 30
    assert not looks_genuine(start + _checksum(start))


@pytest.mark.parametrize("length", [29, 31])
def test_another_length_is_rejected_even_with_a_right_checksum(length: int) -> None:
    start = "uws_" + "A" * length
    assert not looks_genuine(start + _checksum(start))


def test_a_ticket_is_no_secret_and_a_secret_no_ticket() -> None:
    ticket, secret = new_ticket(), new_secret()
    assert looks_like_ticket(ticket)
    assert not looks_genuine(ticket)
    assert not looks_like_ticket(secret)
    assert not looks_like_ticket(ticket[:-1] + ("0" if ticket[-1] != "0" else "1"))


def test_digest_is_hmac_sha256_with_the_pepper() -> None:
    expected = hmac.new(b"first pepper", KNOWN.encode(), sha256).hexdigest()
    assert digest(KNOWN) == (1, expected)
    assert len(expected) == 64


def test_a_new_pepper_makes_new_digests_and_the_old_ones_are_still_found(settings: Settings) -> None:
    before = digest(KNOWN)
    settings.CREDENTIAL_PEPPER_KEYS = {"1": "first pepper", "2": "second pepper"}
    after = digest(KNOWN)
    assert after == (2, hmac.new(b"second pepper", KNOWN.encode(), sha256).hexdigest())
    assert digest(KNOWN, pepper_version=1) == before
    assert candidate_digests(KNOWN) == [after, before]
    assert matches(KNOWN, before.hex)
    assert matches(KNOWN, after.hex)


def test_pepper_versions_are_ordered_as_numbers(settings: Settings) -> None:
    settings.CREDENTIAL_PEPPER_KEYS = {"9": "nine", "10": "ten"}
    assert digest(KNOWN).version == 10


def test_a_retired_pepper_lets_nobody_in(settings: Settings) -> None:
    stored = digest(KNOWN)
    settings.CREDENTIAL_PEPPER_KEYS = {"2": "second pepper"}
    assert not matches(KNOWN, stored.hex)
    with pytest.raises(KeyError):
        digest(KNOWN, pepper_version=1)


@pytest.mark.parametrize("peppers", [{}, {"1": ""}, {"1": "good", "2": ""}, {"one": "first pepper"}])
def test_without_a_proper_pepper_nothing_is_hashed(settings: Settings, peppers: dict[str, str]) -> None:
    settings.CREDENTIAL_PEPPER_KEYS = peppers
    with pytest.raises(ImproperlyConfigured, match="CREDENTIAL_PEPPER_KEYS"):
        digest(KNOWN)


def test_only_the_same_secret_matches() -> None:
    other = new_secret()
    stored = digest(KNOWN).hex
    assert matches(KNOWN, stored)
    for wrong in (other, KNOWN + " ", KNOWN[:-1], "", "\ud800", "é"):
        assert not matches(wrong, stored)
    for not_stored in ("", stored[:-1], stored.upper(), "é" * 64):
        assert not matches(KNOWN, not_stored)


def test_the_hint_shows_prefix_and_last_four_characters() -> None:
    assert display_hint(KNOWN) == "uws_…r9nW"


def test_codes_are_eight_digits_in_two_groups_and_differ() -> None:
    codes = {new_code() for _attempt in range(500)}
    assert all(re.fullmatch(r"[0-9]{4}-[0-9]{4}", code) for code in codes)
    assert len(codes) > 490
    assert {code[0] for code in codes} == set("0123456789")


@pytest.mark.parametrize(
    "typed", ["1234-5678", "12345678", " 1234 5678 ", "1234\u00a05678", "1234–5678", "12.34.56.78", "1234-5678\r\n"]
)
def test_a_code_typed_in_any_way_is_the_code_that_was_sent(typed: str) -> None:
    assert normalise_code(typed) == "1234-5678"
    assert matches(normalise_code(typed), digest("1234-5678").hex)


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "1234-567O", "١٢٣٤٥٦٧٨", "kode"])
def test_what_is_no_code_is_answered_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        normalise_code(typed)
    assert refusal.value.messages == ["Kode terdiri atas 8 angka, misalnya 1234-5678."]


def test_an_error_report_shows_neither_secret_nor_pepper(settings: Settings) -> None:
    settings.DEBUG = False
    try:
        digest(KNOWN, pepper_version=7)
    except KeyError:
        kind, error, trace = sys.exc_info()
    report = ExceptionReporter(None, kind, error, trace).get_traceback_data()
    frames = [frame for frame in report["frames"] if frame["filename"].endswith("credentials.py")]
    assert frames
    for frame in frames:
        assert "first pepper" not in repr(frame["vars"])
        assert KNOWN not in repr(frame["vars"])


def _checksum(text: str) -> str:
    """The checksum worked out the long way: base-62 digits of the CRC from the most significant down."""
    value = zlib.crc32(text.encode())
    return "".join(DIGITS_THEN_LETTERS[value // 62**power % 62] for power in range(5, -1, -1))
