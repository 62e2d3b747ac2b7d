"""What the gate is measured against: django-oauth-toolkit, a bare Django view, a bare WSGI callable."""
