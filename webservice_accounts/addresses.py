"""Where an account may be used from: IP addresses and networks, IPv4 and IPv6.

An empty list means from anywhere. A list is a second factor beside the secret, so one
that covers a large part of the internet is refused rather than kept for show.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

WIDEST_IPV4 = 8
WIDEST_IPV6 = 32
MAX_ENTRIES = 100

_SHOWN_CHARACTERS = 60
_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")


def parse(text: str) -> list[Network]:
    """The networks named in `text`, in the order typed, each once; an address is a network of one.

    Entries stand on lines of their own or between commas, semicolons or spaces. One
    ValidationError names every wrong entry and says what to type instead. IPv4 addresses
    written as IPv6 (`::ffff:10.0.0.1`) become IPv4.
    """
    entries = re.sub(r"[^\S\n]*/[^\S\n]*", "/", text).replace(",", " ").replace(";", " ").split()
    if len(entries) > MAX_ENTRIES:
        raise ValidationError(
            _("Isi paling banyak %(max)d alamat; yang diisi %(typed)d."),
            code="too_many",
            params={"max": MAX_ENTRIES, "typed": len(entries)},
        )
    networks: dict[Network, None] = {}
    errors = []
    for entry in entries:
        try:
            networks[_network(entry)] = None
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors)
    return list(networks)


def as_text(networks: Iterable[Network]) -> str:
    """One network per line, a single address without its `/32` or `/128`; `parse` reads it back."""
    return "\n".join(_label(network) for network in networks)


def covers(networks: Iterable[Network], address: str | Address) -> bool:
    """Whether a caller at `address` may come in. No network at all lets everybody in.

    A text that is not an address is in no network.
    """
    networks = list(networks)
    if not networks:
        return True
    try:
        caller = _unmapped(ip_address(address))
    except ValueError:
        return False
    return any(caller in network for network in networks)


def _network(entry: str) -> Network:
    """The network that one entry names; ValidationError with the entry in its sentence."""
    try:
        network = _ipv4_where_mapped(ip_network(_without_scope(entry), strict=False))
    except ValueError:
        raise ValidationError(
            _("“%(entry)s” bukan alamat IP yang benar."), code="not_an_address", params={"entry": _shown(entry)}
        ) from None
    if network.prefixlen == 0 or (network.num_addresses == 1 and network.network_address.is_unspecified):
        raise ValidationError(
            _("“%(entry)s” berarti semua alamat; kosongkan isian ini bila akses boleh dari mana saja."),
            code="everywhere",
            params={"entry": entry},
        )
    if network.prefixlen < (WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6):
        raise ValidationError(
            _("“%(entry)s” terlalu luas; paling luas /%(ipv4)d untuk IPv4 dan /%(ipv6)d untuk IPv6."),
            code="too_wide",
            params={"entry": entry, "ipv4": WIDEST_IPV4, "ipv6": WIDEST_IPV6},
        )
    address = _unmapped(ip_address(entry.partition("/")[0]))
    if address != network.network_address:
        raise ValidationError(
            _("“%(entry)s” bukan awal jaringan; isi %(network)s, atau %(address)s untuk satu alamat saja."),
            code="host_bits",
            params={"entry": entry, "network": network, "address": address},
        )
    return network


def _without_scope(entry: str) -> str:
    """`entry` itself; ValueError for `fe80::1%eth0`, which means something on one machine only."""
    if "%" in entry:
        raise ValueError("an address with a scope")
    return entry


def _ipv4_where_mapped(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_IPV4_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _unmapped(address: Address) -> Address:
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _label(network: Network) -> str:
    return str(network.network_address if network.num_addresses == 1 else network)


def _shown(entry: str) -> str:
    return entry if len(entry) <= _SHOWN_CHARACTERS else entry[: _SHOWN_CHARACTERS - 1] + "…"
