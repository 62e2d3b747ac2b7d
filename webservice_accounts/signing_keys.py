"""The keys that sign access tokens as JWTs (RFC 9068): ES256, made on first need, replaced by `rotate`.

The private half is stored encrypted (AES-256-GCM, bound to its `kid`) under a key derived from a pepper, which lives
outside the database; the version of that pepper stands before it, so that a new pepper does not lose old keys.
"""

import base64
import json
import logging
import secrets
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables
from joserfc import jwt
from joserfc.jwk import ECKey

from accounts import audit
from accounts.wording import N_
from webservice_accounts import credentials
from webservice_accounts.lifecycle import TOKEN_LIFE
from webservice_accounts.models import SigningKey

logger = logging.getLogger(__name__)

ALGORITHM = "ES256"
CURVE = "P-256"
PURPOSE = "signing keys of access tokens"
PUBLISHED_AHEAD = timedelta(minutes=10)
"""How long a new key is published before it signs: gateways that keep our keys for a while know it by then."""
_NONCE_BYTES = 12


@sensitive_variables()
def sign(claims: dict[str, object], *, now: datetime) -> str:
    """The claims as an access token in JWT form, signed by the key whose turn it is; the first one is made here."""
    key = _current(now)
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.thumbprint()}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def published(now: datetime) -> dict[str, list[dict[str, object]]]:
    """The public keys as a JWK Set (RFC 7517, 5): every key by which a living token may be signed, or soon will be."""
    alive = SigningKey.objects.filter(Q(retired_at__isnull=True) | Q(retired_at__gt=now - TOKEN_LIFE))
    return {"keys": list(alive.order_by("created_at", "pk").values_list("public_jwk", flat=True))}


@transaction.atomic
def rotate(*, by_name: str, now: datetime, stolen: bool = False) -> SigningKey:
    """A new key. It signs after `PUBLISHED_AHEAD`; what the old ones signed stays good to its end.

    `stolen`: the old ones vanish at once, and no gateway accepts any longer what they signed.
    """
    if stolen:
        SigningKey.objects.all().delete()
    else:
        SigningKey.objects.filter(retired_at__isnull=True).update(retired_at=now + PUBLISHED_AHEAD)
    row = _store(ECKey.generate_key(CURVE), now)
    audit.record(
        f"signing_key:{row.kid}",
        "rotate_signing_key",
        N_("{actor} membuang kunci penanda tangan token yang bocor dan membuat yang baru.")
        if stolen
        else N_("{actor} mengganti kunci penanda tangan token."),
        by=None,
        by_name=by_name,
        now=now,
    )
    return row


def prune(*, now: datetime) -> int:
    """Delete the keys whose last token is dead; how many."""
    return SigningKey.objects.filter(retired_at__lte=now - TOKEN_LIFE).delete()[0]


@sensitive_variables()
def _current(now: datetime) -> ECKey:
    """The oldest key that is not retired yet, so that a newer one has time to become known."""
    for row in SigningKey.objects.filter(Q(retired_at__isnull=True) | Q(retired_at__gt=now)).order_by(
        "created_at", "pk"
    ):
        try:
            return _opened(row)
        except (KeyError, InvalidTag):
            logger.warning("Signing key %s is retired: the pepper that opens it is gone or another one.", row.kid)
            SigningKey.objects.filter(pk=row.pk).update(retired_at=now)
    key = ECKey.generate_key(CURVE)
    _store(key, now)
    return key


@sensitive_variables()
def _store(key: ECKey, now: datetime) -> SigningKey:
    version, wrapping = credentials.derived_key(PURPOSE)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    private = json.dumps(key.as_dict(private=True)).encode()
    kid = key.thumbprint()  # RFC 7638
    sealed = nonce + AESGCM(wrapping).encrypt(nonce, private, kid.encode())
    return SigningKey.objects.create(
        kid=kid,
        public_jwk=key.as_dict(private=False, kid=kid, use="sig", alg=ALGORITHM),
        encrypted_private_key=f"{version}:{base64.b64encode(sealed).decode()}",
        created_at=now,
    )


@sensitive_variables()
def _opened(row: SigningKey) -> ECKey:
    """The whole key; KeyError when its pepper is gone, InvalidTag when that is another one or the row was changed."""
    version, _colon, text = row.encrypted_private_key.partition(":")
    sealed = base64.b64decode(text)
    _version, wrapping = credentials.derived_key(PURPOSE, int(version))
    private = AESGCM(wrapping).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], row.kid.encode())
    return ECKey.import_key(json.loads(private))
