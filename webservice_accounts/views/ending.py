"""What ends, who was reminded of it, and what nobody uses; for the office, above all PSI."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.middleware import PersonRequest
from accounts.models import OutgoingMail
from accounts.wording import N_
from webservice_accounts import policies, reminders, selectors
from webservice_accounts.lifecycle import AFTER_END, STATE_LABELS, UNUSED_ANSWER_WITHIN, days_left, state_at
from webservice_accounts.models import EndNotice, WebserviceAccount
from webservice_accounts.reminders import Skipped
from webservice_accounts.views.accounts import LOOKS

PAGE = 25

SKIPPED_WORDS: Mapping[str, str] = {
    Skipped.REVOKED: N_("tidak dikirim, akun dicabut"),
    Skipped.RENEWAL: N_("tidak dikirim, perpanjangan berjalan"),
    Skipped.DECLINED: N_("tidak dikirim, tidak diperpanjang"),
    Skipped.OVERTAKEN: N_("tidak dikirim, disusul pengingat berikutnya"),
    Skipped.PAST: N_("tidak dikirim, waktunya lewat sebelum akun diberikan"),
}


@dataclass(frozen=True)
class Told:
    """How far a reminder or a question came; `is_broken`: somebody must look at it."""

    text: str
    is_broken: bool = False


def ending(http: PersonRequest) -> HttpResponse:
    """One of three lists: what ends within 60 days, what ended within 30, what nobody uses."""
    now = timezone.now()
    if not policies.may_follow_endings(http.user, now=now):
        raise Http404
    wanted = http.GET.get("daftar", "")
    chosen = LISTS.get(wanted) or LISTS[""]
    page = Paginator(chosen.read(now), PAGE).get_page(http.GET.get("page"))
    return render(
        http,
        "webservice_accounts/ending.html",
        {
            "now": now,
            "tabs": [_tab(name, one, one is chosen, now) for name, one in LISTS.items()],
            "page": page,
            "rows": chosen.rows(list(page), now),
            "is_unused": chosen is LISTS["tidak-digunakan"],
            "empty_title": _(chosen.empty),
        },
    )


def _tab(name: str, one: "Listing", is_active: bool, now: datetime) -> dict[str, Any]:
    url = reverse("ending") + (f"?daftar={name}" if name else "")
    return {"label": _(one.label), "url": url, "active": is_active, "count": one.read(now).count()}


# --- before and after the end ---------------------------------------------------------
def _with_reminders(accounts: QuerySet[WebserviceAccount]) -> QuerySet[WebserviceAccount]:
    of_this_end = EndNotice.objects.filter(ends_at=F("account__ends_at")).order_by("-due_at")
    return accounts.prefetch_related("renewals", Prefetch("end_notices", queryset=of_this_end))


def _ending_rows(accounts: Sequence[WebserviceAccount], now: datetime) -> list[dict[str, Any]]:
    mails = reminders.mails_of_notices(notice for account in accounts for notice in account.end_notices.all())
    return [_row(account, now) | _reminded(account, mails) | _renewal(account) for account in accounts]


def _row(account: WebserviceAccount, now: datetime) -> dict[str, Any]:
    state = state_at(account.facts, now)
    tone, icon = LOOKS[state]
    left = days_left(account.ends_at, now)
    return {
        "account": account,
        "tone": tone,
        "icon": icon,
        "state": _(STATE_LABELS[state]),
        "until": account.last_day,
        "left": _days_away(left),
    }


def _days_away(left: int) -> str:
    if left > 1:
        return ngettext("%(count)d hari lagi", "%(count)d hari lagi", left) % {"count": left}
    if left >= 0:
        return _("besok") if left else _("hari ini")
    return ngettext("%(count)d hari yang lalu", "%(count)d hari yang lalu", -left) % {"count": -left}


def _reminded(account: WebserviceAccount, mails: Mapping[int, list[OutgoingMail]]) -> dict[str, Any]:
    """What became of each reminder, the newest first."""
    return {
        "reminders": [
            {"label": _threshold(notice.threshold_days), "told": _told(notice, mails[notice.pk])}
            for notice in account.end_notices.all()
        ]
    }


def _threshold(days: int) -> str:
    return _("Sesudah berakhir") if days == AFTER_END else ngettext("%(n)d hari", "%(n)d hari", days) % {"n": days}


def _told(notice: EndNotice, mails: Sequence[OutgoingMail]) -> Told:
    if notice.skipped:
        return Told(_(SKIPPED_WORDS.get(notice.skipped, notice.skipped)))
    return _delivered(mails)


def _delivered(mails: Sequence[OutgoingMail]) -> Told:
    """The worst of what became of the mails: one that failed, one that waits, else when the last was taken."""
    failed = [mail.to for mail in mails if mail.state == OutgoingMail.State.FAILED]
    if failed:
        return Told(_("gagal dikirim ke %(addresses)s") % {"addresses": ", ".join(failed)}, is_broken=True)
    taken = [mail.sent_at for mail in mails if mail.sent_at]
    if not mails or len(taken) < len(mails):
        return Told(_("menunggu dikirim"))
    return Told(_("terkirim %(date)s") % {"date": date_format(timezone.localtime(max(taken)), "j F Y")})


def _renewal(account: WebserviceAccount) -> dict[str, Any]:
    reference = reminders.renewal_under_way(account)
    return {
        "renewal": reference,
        "renewal_url": reverse("request", args=[reference]) if reference else "",
        "is_declined": account.renewal_declined_at is not None,
    }


# --- used by nobody -------------------------------------------------------------------
def _unused_rows(accounts: Sequence[WebserviceAccount], now: datetime) -> list[dict[str, Any]]:
    mails = reminders.mails_of(reminders.unused_key(account) for account in accounts)
    return [
        _row(account, now) | _question(account, mails.get(reminders.unused_key(account), [])) for account in accounts
    ]


def _question(account: WebserviceAccount, mails: Sequence[OutgoingMail]) -> dict[str, Any]:
    asked_since = reminders.asked_since(mails)
    return {
        "told": _delivered(mails) if account.unused_told_at else None,
        "suspended_from": asked_since + UNUSED_ANSWER_WITHIN if asked_since else None,
    }


# --- the three lists ------------------------------------------------------------------
@dataclass(frozen=True)
class Listing:
    """One tab: its words, its accounts, and what is said of them."""

    label: str
    empty: str
    read: Callable[[datetime], QuerySet[WebserviceAccount]]
    rows: Callable[[Sequence[WebserviceAccount], datetime], list[dict[str, Any]]]


LISTS: Mapping[str, Listing] = {
    "": Listing(
        N_("Akan berakhir"),
        N_("Tidak ada akun yang berakhir dalam 60 hari"),
        lambda now: _with_reminders(selectors.ending(now)),
        _ending_rows,
    ),
    "baru-berakhir": Listing(
        N_("Baru berakhir"),
        N_("Tidak ada akun yang berakhir dalam 30 hari terakhir"),
        lambda now: _with_reminders(selectors.just_ended(now)),
        _ending_rows,
    ),
    "tidak-digunakan": Listing(
        N_("Tidak digunakan"),
        N_("Tidak ada akun yang lama tidak digunakan"),
        selectors.asked_whether_needed,
        _unused_rows,
    ),
}
"""What stands in the address after `daftar=` -> the list."""
