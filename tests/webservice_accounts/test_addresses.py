"""Which addresses people may type, what they are told, and who is let in."""

import pytest
from django.core.exceptions import ValidationError

from webservice_accounts.addresses import as_text, covers, parse


@pytest.mark.parametrize(
    ("typed", "networks"),
    [
        ("", []),
        (" \n ,, \n", []),
        ("103.1.2.3", ["103.1.2.3/32"]),
        ("  103.1.2.3  ", ["103.1.2.3/32"]),
        ("10.0.0.1, 10.0.0.2", ["10.0.0.1/32", "10.0.0.2/32"]),
        ("10.0.0.1\r\n10.0.0.2\n", ["10.0.0.1/32", "10.0.0.2/32"]),
        ("10.0.0.1;10.0.0.2 10.0.0.3", ["10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"]),
        ("10.0.0.0/24", ["10.0.0.0/24"]),
        ("10.0.0.0 / 24", ["10.0.0.0/24"]),
        ("10.0.0.0/255.255.255.0", ["10.0.0.0/24"]),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("2001:DB8::1", ["2001:db8::1/128"]),
        ("2001:db8::/32", ["2001:db8::/32"]),
        ("10.0.0.2\n10.0.0.1\n10.0.0.2", ["10.0.0.2/32", "10.0.0.1/32"]),
        ("2001:db8::1, 2001:0db8:0::0001", ["2001:db8::1/128"]),
        ("10.0.0.5, 10.0.0.5/32", ["10.0.0.5/32"]),
        ("::ffff:10.0.0.5", ["10.0.0.5/32"]),
        ("::ffff:10.0.0.0/120", ["10.0.0.0/24"]),
        ("::ffff:10.0.0.5, 10.0.0.5", ["10.0.0.5/32"]),
        ("127.0.0.1", ["127.0.0.1/32"]),
    ],
)
def test_addresses_and_networks_in_the_order_typed(typed: str, networks: list[str]) -> None:
    assert [str(network) for network in parse(typed)] == networks


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("10.0.0.300", "“10.0.0.300” bukan alamat IP yang benar."),
        ("10.0.0", "“10.0.0” bukan alamat IP yang benar."),
        ("010.0.0.1", "“010.0.0.1” bukan alamat IP yang benar."),
        ("10.0.0.0/33", "“10.0.0.0/33” bukan alamat IP yang benar."),
        ("10.0.0.0/-1", "“10.0.0.0/-1” bukan alamat IP yang benar."),
        ("10.0.0.0/24/24", "“10.0.0.0/24/24” bukan alamat IP yang benar."),
        ("10.0.0.1-10.0.0.9", "“10.0.0.1-10.0.0.9” bukan alamat IP yang benar."),
        ("10.0.0.1:443", "“10.0.0.1:443” bukan alamat IP yang benar."),
        ("10.0.0.*", "“10.0.0.*” bukan alamat IP yang benar."),
        ("siakad.usk.ac.id", "“siakad.usk.ac.id” bukan alamat IP yang benar."),
        ("https://10.0.0.1", "“https://10.0.0.1” bukan alamat IP yang benar."),
        ("167772161", "“167772161” bukan alamat IP yang benar."),
        ("fe80::1%eth0", "“fe80::1%eth0” bukan alamat IP yang benar."),
        ("2001:db8::g", "“2001:db8::g” bukan alamat IP yang benar."),
        ("١٠.٠.٠.١", "“١٠.٠.٠.١” bukan alamat IP yang benar."),
        ("%(entry)s", "“%(entry)s” bukan alamat IP yang benar."),
        ("9" * 500, "“" + "9" * 59 + "…” bukan alamat IP yang benar."),
        (
            "10.0.0.5/24",
            "“10.0.0.5/24” bukan awal jaringan; isi 10.0.0.0/24, atau 10.0.0.5 untuk satu alamat saja.",
        ),
        (
            "2001:db8::1/64",
            "“2001:db8::1/64” bukan awal jaringan; isi 2001:db8::/64, atau 2001:db8::1 untuk satu alamat saja.",
        ),
        (
            "::ffff:10.0.0.5/120",
            "“::ffff:10.0.0.5/120” bukan awal jaringan; isi 10.0.0.0/24, atau 10.0.0.5 untuk satu alamat saja.",
        ),
        ("10.0.0.0/7", "“10.0.0.0/7” terlalu luas; paling luas /8 untuk IPv4 dan /32 untuk IPv6."),
        ("10.0.0.5/4", "“10.0.0.5/4” terlalu luas; paling luas /8 untuk IPv4 dan /32 untuk IPv6."),
        ("0.0.0.0/1", "“0.0.0.0/1” terlalu luas; paling luas /8 untuk IPv4 dan /32 untuk IPv6."),
        ("2001:db8::/31", "“2001:db8::/31” terlalu luas; paling luas /8 untuk IPv4 dan /32 untuk IPv6."),
        ("::/1", "“::/1” terlalu luas; paling luas /8 untuk IPv4 dan /32 untuk IPv6."),
        ("0.0.0.0/0", "“0.0.0.0/0” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja."),
        ("::/0", "“::/0” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja."),
        ("10.1.2.3/0", "“10.1.2.3/0” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja."),
        ("0.0.0.0", "“0.0.0.0” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja."),
        ("::", "“::” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja."),
        (
            "::ffff:0:0/96",
            "“::ffff:0:0/96” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja.",
        ),
    ],
)
def test_a_wrong_entry_is_named_and_the_remedy_told(typed: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        parse(f"192.0.2.1, {typed}")
    assert refusal.value.messages == [sentence]


def test_every_wrong_entry_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as refusal:
        parse("10.0.0.300\n10.0.0.1\n10.0.0.5/24")
    assert refusal.value.messages == [
        "“10.0.0.300” bukan alamat IP yang benar.",
        "“10.0.0.5/24” bukan awal jaringan; isi 10.0.0.0/24, atau 10.0.0.5 untuk satu alamat saja.",
    ]


def test_a_hundred_entries_are_enough() -> None:
    hundred = [f"10.0.0.{last}" for last in range(1, 101)]
    assert len(parse("\n".join(hundred))) == 100
    with pytest.raises(ValidationError) as refusal:
        parse("\n".join([*hundred, "10.0.0.101"]))
    assert refusal.value.messages == ["Isi paling banyak 100 alamat; yang diisi 101."]


@pytest.mark.parametrize(
    ("allowed", "caller", "let_in"),
    [
        ("", "8.8.8.8", True),
        ("", "2001:db8::1", True),
        ("10.0.0.0/24", "10.0.0.0", True),
        ("10.0.0.0/24", "10.0.0.255", True),
        ("10.0.0.0/24", "10.0.1.0", False),
        ("10.0.0.5", "10.0.0.5", True),
        ("10.0.0.5", "10.0.0.6", False),
        ("10.0.0.5", "::ffff:10.0.0.5", True),
        ("10.0.0.5", "::ffff:a00:5", True),
        ("10.0.0.5", "::10.0.0.5", False),
        ("::ffff:10.0.0.5", "10.0.0.5", True),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("10.0.0.5\n2001:db8::/32", "2001:db8::7", True),
        ("10.0.0.5", "2001:db8::7", False),
        ("10.0.0.5", "", False),
        ("10.0.0.5", "10.0.0.5:443", False),
        ("10.0.0.5", "10.0.0.5, 8.8.8.8", False),
        ("10.0.0.5", "bukan alamat", False),
    ],
)
def test_who_is_let_in(allowed: str, caller: str, let_in: bool) -> None:
    assert covers(parse(allowed), caller) is let_in


def test_written_back_one_per_line_and_read_again() -> None:
    networks = parse("10.0.0.5, 10.0.0.0/24, 2001:db8::1, 2001:db8::/32")
    assert as_text(networks) == "10.0.0.5\n10.0.0.0/24\n2001:db8::1\n2001:db8::/32"
    assert parse(as_text(networks)) == networks
    assert as_text([]) == ""
