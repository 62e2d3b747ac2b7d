"""The gate alone, for a server of its own: `granian --interface wsgi config.gateway:application`."""

import os

import django
from django.utils.module_loading import import_string

from config.checks import refuse_demo_accounts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup()
refuse_demo_accounts()
application = import_string("webservice_accounts.gateway.the_gate")()  # it needs Django set up
