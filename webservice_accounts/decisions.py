"""What the gate can say: allowed, or not and why. Gateways, counts of use and pages share these words.

Pure: no Django, no clock.
"""

from collections.abc import Mapping
from enum import StrEnum

from accounts.wording import N_

ALLOWED = "allowed"
"""The result that a call counts as when the gate lets it through."""


class Reason(StrEnum):
    """Why the gate says no; the header `X-Gapura-Reason` carries the value."""

    NO_CREDENTIALS = "no_credentials"
    MALFORMED = "malformed"
    UNKNOWN_CREDENTIALS = "unknown_credentials"
    EXPIRED = "expired"
    NOT_YET_ACTIVE = "not_yet_active"
    ENDED = "ended"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    ADDRESS = "address"
    BAD_PATH = "bad_path"
    UNKNOWN_PATH = "unknown_path"
    SCOPE = "scope"
    RATE = "rate"
    AMBIGUOUS_HEADERS = "ambiguous_headers"
    UNTRUSTED_PROXY = "untrusted_proxy"
    UNAVAILABLE = "unavailable"


UNAUTHENTICATED = frozenset({Reason.NO_CREDENTIALS, Reason.MALFORMED, Reason.UNKNOWN_CREDENTIALS, Reason.EXPIRED})
"""Answered with 401: other credentials may help. All others are 403."""

RESULT_LABELS: Mapping[str, str] = {
    ALLOWED: N_("Diizinkan"),
    Reason.NO_CREDENTIALS: N_("Tanpa kunci"),
    Reason.MALFORMED: N_("Kunci tidak terbaca"),
    Reason.UNKNOWN_CREDENTIALS: N_("Kunci tidak dikenal"),
    Reason.EXPIRED: N_("Kunci atau token sudah berakhir"),
    Reason.NOT_YET_ACTIVE: N_("Akun belum aktif"),
    Reason.ENDED: N_("Akun sudah berakhir"),
    Reason.SUSPENDED: N_("Akun ditangguhkan"),
    Reason.REVOKED: N_("Akun dicabut"),
    Reason.ADDRESS: N_("Alamat IP tidak terdaftar"),
    Reason.BAD_PATH: N_("Alamat data tidak wajar"),
    Reason.UNKNOWN_PATH: N_("Alamat data tidak dikenal"),
    Reason.SCOPE: N_("Data di luar izin akun"),
    Reason.RATE: N_("Terlalu banyak permintaan"),
    Reason.AMBIGUOUS_HEADERS: N_("Permintaan dari gateway tidak jelas"),
    Reason.UNTRUSTED_PROXY: N_("Bukan dari gateway tepercaya"),
    Reason.UNAVAILABLE: N_("Gerbang sedang terganggu"),
}
"""`ALLOWED` and every reason, as people read them in charts and tables."""
