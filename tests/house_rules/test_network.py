"""The guard that keeps tests on this machine."""

import re
import socket
import urllib.request

import pytest

ELSEWHERE = "192.0.2.1"  # RFC 5737: an address for documentation, nobody's


def test_connecting_to_another_machine_is_stopped_before_a_packet_leaves() -> None:
    with socket.socket() as stranger, pytest.raises(RuntimeError, match=re.escape(ELSEWHERE)):
        stranger.connect((ELSEWHERE, 80))


def test_looking_up_another_machine_is_stopped() -> None:
    with pytest.raises(RuntimeError, match=r"host\.invalid"):
        socket.getaddrinfo("host.invalid", 80)


def test_libraries_are_stopped_too() -> None:
    with pytest.raises(RuntimeError, match=r"host\.invalid"):
        urllib.request.urlopen("http://host.invalid/")


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
