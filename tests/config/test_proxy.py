"""Behind a proxy, attempts to sign in are counted by the visitor's address and not by the proxy's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ASK = "from django.conf import settings; print(getattr(settings, 'ALLAUTH_TRUSTED_PROXY_COUNT', 0))"


@pytest.mark.parametrize(("behind", "trusted"), [("True", "1"), ("False", "0")])
def test_only_a_proxy_of_ours_is_believed_about_the_visitor(tmp_path: Path, behind: str, trusted: str) -> None:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "ENV_FILE": str(tmp_path / "none")}
    env |= {"DJANGO_SETTINGS_MODULE": "config.settings", "BEHIND_TLS_PROXY": behind}
    said = subprocess.run(
        [sys.executable, "-c", ASK], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == trusted
