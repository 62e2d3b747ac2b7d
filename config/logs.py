"""What no log may hold."""

import logging
import re

PRIVATE_ADDRESS = re.compile(r"/(ics|serah-terima)/[^/\s\"']+")
"""Whoever knows one of these needs no login: the feed of a calendar program, the link to a key."""


class HidePrivateAddresses(logging.Filter):
    """Django logs the path of what it refuses; the secret part of a private one is left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = PRIVATE_ADDRESS.sub(r"/\1/…", said)
        if hidden != said:
            record.msg, record.args = hidden, None
        return True
