"""How a programmer tries the account: the same call in three languages, the key taken from the environment."""

import shlex
from dataclasses import dataclass

from django.utils.translation import gettext as _

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


def examples(username: str, url: str) -> list[Example]:
    """Calls of the service at `url` with HTTP Basic (RFC 7617); the key itself stands in none of them."""
    return [
        Example("curl", "curl", _curl(username, url)),
        Example("php", "PHP", _php(username, url)),
        Example("python", "Python", _python(username, url)),
    ]


def _curl(username: str, url: str) -> str:
    paste = _("tempel kunci, lalu tekan Enter")
    return (
        f"read -rs {VARIABLE} && export {VARIABLE}  # {paste}\n"
        f'curl --fail --user "{username}:${VARIABLE}" {shlex.quote(url)}\n'
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
