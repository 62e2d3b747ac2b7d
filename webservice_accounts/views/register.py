"""The register of processing on a page, on paper and as a file; for the office."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import identity
from accounts.middleware import PersonRequest
from accounts.wording import N_
from webservice_accounts import exports, policies
from webservice_accounts.forms.register import RegisterForm
from webservice_accounts.lifecycle import STATE_LABELS
from webservice_accounts.register import Line, as_rows, find, read, read_all, stretches
from webservice_accounts.views.accounts import LOOKS

PAGE = 25
PRINTED_AT_MOST = 1000
"""Lines on paper; who needs more takes the file."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """One column of the file; what it says stands on the page, too."""

    label: str
    of: Callable[[Line], exports.Cell]


COLUMNS = (
    Column(N_("Jenis data"), lambda line: line.data),
    Column(N_("Kelas data"), lambda line: line.sensitivity),
    Column(N_("Unit pemilik data"), lambda line: line.owner),
    Column(N_("Unit kerja"), lambda line: line.unit),
    Column(N_("Akun"), lambda line: line.username),
    Column(N_("Aplikasi pengguna data"), lambda line: line.application),
    Column(N_("Tujuan penggunaan"), lambda line: line.purpose),
    Column(N_("Penanggung jawab"), lambda line: line.holder),
    Column(N_("Nomor identitas"), lambda line: line.identity_number),
    Column(N_("Dasar"), lambda line: line.basis),
    Column(N_("Diberikan oleh"), lambda line: line.granted_by),
    Column(N_("Sejak"), lambda line: line.since),
    Column(N_("Sampai"), lambda line: line.until),
    Column(N_("Keadaan sekarang"), lambda line: _(STATE_LABELS[line.state])),
)


def register(http: PersonRequest) -> HttpResponse:
    """Who may read what: the lines that were asked for, 25 at a time, or all of them to print."""
    now = _office_only(http)
    form = RegisterForm(http.GET or None, now=now)
    found = find(form.asked()) if _is_readable(form) else stretches().none()
    is_print = "cetak" in http.GET
    page = Paginator(as_rows(found, now), PRINTED_AT_MOST if is_print else PAGE).get_page(http.GET.get("page"))
    query = http.GET.copy()
    for name in ("page", "cetak"):
        query.pop(name, None)
    context = {
        "form": form,
        "now": now,
        "page": page,
        "lines": [_shown(line) for line in read(page.object_list, now)],
        "during": form.asked().during if _is_readable(form) else None,
        "is_filtered": any(http.GET.get(name) for name in form.fields),
        "is_print": is_print,
        "may_print": page.paginator.count <= PRINTED_AT_MOST,
        "query": query.urlencode(),
    }
    return render(http, "webservice_accounts/register.html", context)


def download(http: PersonRequest, kind: str) -> HttpResponseBase:
    """The same lines as a file (`kind`: csv or xlsx), all of them; the page again when a filter cannot be read."""
    now = _office_only(http)
    form = RegisterForm(http.GET or None, now=now)
    if not _is_readable(form):
        return redirect(f"{reverse('processing_register')}?{http.GET.urlencode()}")
    name = f"catatan-pemrosesan-{timezone.localtime(now):%Y-%m-%d}.{kind}"
    head = [_(column.label) for column in COLUMNS]
    cells = _cells(read_all(find(form.asked()), now), whole=policies.may_export_identities(http.user, now=now))
    if kind == "xlsx":
        file = exports.xlsx(_("Catatan pemrosesan"), head, cells)
        return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    lines = _spoken(translation.get_language(), exports.csv_lines(head, cells))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _office_only(http: PersonRequest) -> datetime:
    """What "now" is; for others there is no such page."""
    now = timezone.now()
    if not policies.may_read_register(http.user, now=now):
        raise Http404
    return now


def _is_readable(form: RegisterForm) -> bool:
    return not form.is_bound or form.is_valid()


def _shown(line: Line) -> dict[str, object]:
    """A line on the page; the identity number is masked there."""
    tone, icon = LOOKS[line.state]
    return {
        "line": line,
        "identity": identity.masked(line.identity_number),
        "since": exports.in_words(line.since),
        "until": exports.in_words(line.until),
        "state": _(STATE_LABELS[line.state]),
        "tone": tone,
        "icon": icon,
        "url": reverse("request", args=[line.reference]) if line.reference else "",
    }


def _cells(lines: Iterable[Line], *, whole: bool) -> Iterable[list[exports.Cell]]:
    """Rows of the file; identity numbers are `whole` or masked."""
    for line in lines:
        told = line if whole else replace(line, identity_number=identity.masked(line.identity_number))
        yield [column.of(told) for column in COLUMNS]


def _spoken(language: str | None, lines: Iterable[bytes]) -> Iterator[bytes]:
    """The file is written after the page's middleware is done: in the reader's language all the same."""
    with translation.override(language):
        yield from lines
