"""The catalogue of data. Accounts are not here: they change only on the SOP's own pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import LastingAdmin
from webservice_accounts.models import DataType


@admin.register(DataType)
class DataTypeAdmin(LastingAdmin):
    """What can be asked for. A row that is no longer offered stays for the accounts that were granted it."""

    list_display = ("name", "code", "owner", "sensitivity", "extra_paper", "is_active")
    list_filter = ("is_active", "sensitivity", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "code", "description", "name_en")
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "code", "description", "owner", "sensitivity", "extra_paper", "is_active")}),
        ("English", {"fields": ("name_en", "description_en")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code is what webservices know the data by."""
        return ("code",) if obj else ()
