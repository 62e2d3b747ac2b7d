"""The writers of people: they come in by invitation, hold roles, have substitutes, and leave by being deactivated."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from accounts import audit, mail, notices
from accounts.models import OutgoingMail, RoleGrant, Substitution, User
from accounts.roles import ROLE_LABELS, Role
from accounts.wording import N_

DAY = 24 * 60 * 60  # seconds


def subject_of(person: User) -> str:
    """The person's name in the audit trail."""
    return f"user:{person.pk}"


# --- coming in -------------------------------------------------------------------
@transaction.atomic
def welcome(person: User, *, by: User, now: datetime) -> None:
    """After an administrator made `person`: vouch for the address, and invite them to choose a password."""
    vouch_for_address(person)
    invite(person, by=by, now=now)


def vouch_for_address(person: User) -> None:
    """Make `person.email` their one verified address; allauth signs in and mails nobody without one."""
    EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
    EmailAddress.objects.update_or_create(user=person, email=person.email, defaults={"verified": True, "primary": True})


@sensitive_variables("key", "url", "subject", "text")
@transaction.atomic
def invite(person: User, *, by: User, now: datetime) -> OutgoingMail:
    """A mail with a link to choose the first password: allauth's own reset link, once, for PASSWORD_RESET_TIMEOUT.

    Nobody else ever knows the password (OWASP ASVS 5.0, 6.4.1 and 6.4.6); the text of the
    mail is wiped once it is sent.
    """
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    url = f"{settings.BASE_URL}{path.replace('UID-KEY', key)}"
    subject, text = mail.compose(
        "invitation",
        language=person.language,
        context={
            "recipient": str(person),
            "inviter": by,
            "person": person,
            "url": url,
            "days": settings.PASSWORD_RESET_TIMEOUT // DAY,
        },
    )
    audit.record(
        subject_of(person),
        "invite",
        N_("{actor} mengundang {name} untuk membuat kata sandi."),
        by=by,
        now=now,
        data={"name": str(person)},
    )
    return mail.queue(
        key=f"invitation:{person.pk}:{now.isoformat()}",
        to=person.email,
        language=person.language,
        subject=subject,
        text=text,
        now=now,
        is_confidential=True,
    )


# --- what changes later -------------------------------------------------------------
@transaction.atomic
def address_changed(person: User, *, old: str, by: User, now: datetime) -> None:
    """`person.email` was changed by an administrator: from now on they sign in with the new one."""
    vouch_for_address(person)
    audit.record(
        subject_of(person),
        "change_email",
        N_("{actor} mengganti alamat email {name} dari {old} menjadi {new}."),
        by=by,
        now=now,
        data={"name": str(person), "old": old, "new": person.email},
    )


def activity_changed(person: User, *, by: User, now: datetime) -> None:
    """`person.is_active` was changed; a deactivated person is signed out at their next click."""
    audit.record(
        subject_of(person),
        "activate" if person.is_active else "deactivate",
        N_("{actor} mengaktifkan kembali {name}.") if person.is_active else N_("{actor} menonaktifkan {name}."),
        by=by,
        now=now,
        data={"name": str(person)},
    )


@transaction.atomic
def set_roles(person: User, roles: Iterable[Role], *, by: User, now: datetime) -> None:
    """From now on `person` holds exactly `roles`; each one given or taken is recorded."""
    held = {Role(grant.role) for grant in RoleGrant.objects.select_for_update().filter(user=person)}
    wanted = set(roles)
    for role in Role:
        if role in wanted - held:
            RoleGrant.objects.create(user=person, role=role)
            _record_role(person, role, "give_role", N_("{actor} memberi {name} peran “{role}”."), by=by, now=now)
        elif role in held - wanted:
            RoleGrant.objects.filter(user=person, role=role).delete()
            _record_role(person, role, "take_role", N_("{actor} mencabut peran “{role}” dari {name}."), by=by, now=now)
    person.__dict__.pop("roles", None)  # asked for again, not remembered


def _record_role(person: User, role: Role, verb: str, sentence: str, *, by: User, now: datetime) -> None:
    data = {"name": str(person), "role": ROLE_LABELS[role]}
    audit.record(subject_of(person), verb, sentence, by=by, now=now, data=data)


# --- what people change themselves ----------------------------------------------------
@dataclass(frozen=True)
class Profile:
    """What somebody may say about themselves; the rest is the administrator's."""

    full_name: str
    phone: str
    identity_type: str
    identity_number: str
    language: str
    wants_digest: bool = True


PROFILE_LABELS = {
    "full_name": N_("nama"),
    "phone": N_("nomor telepon"),
    "identity_type": N_("jenis identitas"),
    "identity_number": N_("nomor identitas"),
    "language": N_("bahasa"),
    "wants_digest": N_("ringkasan harian"),
}


@transaction.atomic
def change_profile(person: User, profile: Profile, *, now: datetime) -> bool:
    """Keep what `person` wrote about themselves; False when nothing is new. The record names what, not the values."""
    person = User.objects.select_for_update().get(pk=person.pk)
    new = {name: value for name, value in asdict(profile).items() if str(getattr(person, name)) != str(value)}
    if not new:
        return False
    for name, value in new.items():
        setattr(person, name, value)
    person.save(update_fields=list(new))
    audit.record(
        subject_of(person),
        "change_profile",
        N_("{actor} mengubah profilnya: {what}."),
        by=person,
        now=now,
        data={"what": ", ".join(PROFILE_LABELS[name] for name in new)},
    )
    return True


def choose_language(person: User, language: str) -> None:
    """From now on pages and mails speak `language` to `person`."""
    User.objects.filter(pk=person.pk).update(language=language)


# --- substitutes ---------------------------------------------------------------------
def announce_substitution(row: Substitution, *, by: User, now: datetime) -> None:
    """Tell both, as it stands now, who stands in for whom and until when; whoever wrote it knows already."""
    _tell_both(row, "substitution", {"starts_on": row.starts_on, "ends_on": row.ends_on, "basis": row.basis}, by, now)


def announce_end(row: Substitution, *, by: User, now: datetime) -> None:
    """Tell both that `row` is no longer in force; call before it is deleted."""
    _tell_both(row, "substitution_ended", {"actor": by, "ended_at": now}, by, now)


def announce_substitute_away(row: Substitution, own: Substitution, *, now: datetime) -> None:
    """Tell whom `row` replaces that the substitute is away on some of these dates too, as `own` says."""
    person = row.absent
    words = {"substitute": row.substitute, "starts_on": own.starts_on, "ends_on": own.ends_on, "recipient": str(person)}
    subject, text = mail.compose("substitute_away", language=person.language, context=words)
    key = f"substitute_away:{row.pk}:{own.pk}:{now.isoformat()}"
    mail.queue(key=key, to=person.email, language=person.language, subject=subject, text=text, now=now)
    notices.tell(person, key=key, text=subject, url=reverse("substitutes"), now=now)


def _tell_both(row: Substitution, template: str, words: dict[str, object], by: User, now: datetime) -> None:
    shared = {"substitute": row.substitute, "absent": row.absent, "kind": row.kind, **words}
    for person in (row.substitute, row.absent):
        if person == by:
            continue
        subject, text = mail.compose(template, language=person.language, context={**shared, "recipient": str(person)})
        key = f"{template}:{row.pk}:{now.isoformat()}"
        mail.queue(
            key=f"{key}:{person.pk}", to=person.email, language=person.language, subject=subject, text=text, now=now
        )
        notices.tell(person, key=key, text=subject, url=reverse("substitutes"), now=now)
