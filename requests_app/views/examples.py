"""How a programmer tries the account: the same call in several ways, the key taken from the environment."""

import shlex
from dataclasses import dataclass

from django.utils.translation import gettext as _

from webservice_accounts.lifecycle import TOKEN_LIFE

VARIABLE = "KUNCI_WEBSERVICE"


@dataclass(frozen=True)
class Example:
    """One way to call the service; `name` is fit for an HTML id."""

    name: str
    label: str
    text: str

    @property
    def rows(self) -> int:
        """How high the box is that shows it."""
        return self.text.count("\n") + 1


def examples(username: str, url: str, token_url: str) -> list[Example]:
    """Calls of the service at `url`; the key itself stands in none of them.

    The three ways in: HTTP Basic (RFC 7617), the key as a header, and an access token
    bought at `token_url` with the key (RFC 6749, 4.4), then HTTP Basic in two languages.
    """
    return [
        Example("curl", "curl", _curl(username, url)),
        Example("api-key", _("curl dengan X-API-Key"), _api_key(url)),
        Example("oauth", _("curl dengan token OAuth 2.0"), _oauth(username, url, token_url)),
        Example("php", "PHP", _php(username, url)),
        Example("python", "Python", _python(username, url)),
    ]


def _ask() -> str:
    paste = _("tempel kunci, lalu tekan Enter")
    return f"read -rs {VARIABLE} && export {VARIABLE}  # {paste}\n"


def _curl(username: str, url: str) -> str:
    return f'{_ask()}curl --fail --user "{username}:${VARIABLE}" {shlex.quote(url)}\n'


def _api_key(url: str) -> str:
    return f'{_ask()}curl --fail --header "X-API-Key: ${VARIABLE}" {shlex.quote(url)}\n'


def _oauth(username: str, url: str, token_url: str) -> str:
    minutes = int(TOKEN_LIFE.total_seconds() // 60)
    lives = _("token berlaku %(minutes)d menit; sesudah itu minta lagi") % {"minutes": minutes}
    return (
        f"{_ask()}"
        f'TOKEN=$(curl --fail --silent --user "{username}:${VARIABLE}" \\\n'
        f"    --data grant_type=client_credentials {shlex.quote(token_url)} \\\n"
        "    | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])')  "
        f"# {lives}\n"
        f'curl --fail --header "Authorization: Bearer $TOKEN" {shlex.quote(url)}\n'
    )


def _php(username: str, url: str) -> str:
    address = url.replace("\\", "\\\\").replace("'", "\\'")
    return (
        "<?php\n"
        f"$curl = curl_init('{address}');\n"
        "curl_setopt_array($curl, [\n"
        f"    CURLOPT_USERPWD => '{username}:' . getenv('{VARIABLE}'),\n"
        "    CURLOPT_RETURNTRANSFER => true,\n"
        "    CURLOPT_FAILONERROR => true,\n"
        "    CURLOPT_TIMEOUT => 30,\n"
        "]);\n"
        "echo curl_exec($curl);\n"
    )


def _python(username: str, url: str) -> str:
    return (
        "import os\n"
        "import requests\n\n"
        "answer = requests.get(\n"
        f"    {url!r},\n"
        f"    auth=({username!r}, os.environ[{VARIABLE!r}]),\n"
        "    timeout=30,\n"
        ")\n"
        "answer.raise_for_status()\n"
        "print(answer.text)\n"
    )
