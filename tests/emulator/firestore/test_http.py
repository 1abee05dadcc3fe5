"""The HTTP side of the shared port, beside gRPC on the same port."""

from __future__ import annotations

import socket

import pytest
import requests
from google.cloud import firestore

from emulator.client import StackClient


def test_root_answers(firestore_emulator: str) -> None:
    answer = requests.get(f"http://{firestore_emulator}/", timeout=30)
    assert (answer.status_code, answer.text) == (200, "Ok\n")


def test_unknown_paths_and_methods_are_told_apart(firestore_emulator: str, project: str) -> None:
    base = f"http://{firestore_emulator}/emulator/v1/projects/{project}"
    assert requests.get(f"{base}/nothing", timeout=30).status_code == 404
    assert requests.post(f"{base}/usage", timeout=30).status_code == 405


def test_clearing_a_database(client: firestore.Client, usage: StackClient, project: str) -> None:
    named = firestore.Client(project=project, database="named")
    for number in range(3):
        client.document(f"c/{number}/sub/d").set({"n": number})
    named.document("c/d").set({})
    usage.clear()
    assert list(client.collections()) == []
    assert client.collection_group("sub").get() == []
    assert named.document("c/d").get().exists
    usage.clear("named")
    assert not named.document("c/d").get().exists
    named.close()


def test_clearing_is_a_commit_that_transactions_notice(client: firestore.Client, usage: StackClient) -> None:
    client.document("c/d").set({"n": 1})

    @firestore.transactional
    def read_then_write(transaction: firestore.Transaction) -> None:
        client.document("c/d").get(transaction=transaction)
        usage.clear()
        transaction.set(client.document("c/d"), {"n": 2})

    with pytest.raises(ValueError, match="1 attempts"):
        read_then_write(client.transaction(max_attempts=1))
    assert not client.document("c/d").get().exists


def test_usage_is_read_and_reset(client: firestore.Client, usage: StackClient) -> None:
    client.document("c/d").set({})
    client.document("c/d").get()
    expected = {"reads": 1, "writes": 1, "deletes": 0}
    assert usage.usage() == expected
    assert usage.reset_usage() == expected
    assert usage.usage() == {"reads": 0, "writes": 0, "deletes": 0}


def test_a_request_in_single_bytes_is_understood(firestore_emulator: str) -> None:
    host, _, port = firestore_emulator.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"Ok\n")


def test_connections_that_say_nothing_or_leave_early_do_no_harm(
    firestore_emulator: str, client: firestore.Client
) -> None:
    host, _, port = firestore_emulator.rpartition(":")
    for sent in (b"", b"P", b"PRI * HTTP/2.0\r\n", b"GET / HT"):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(sent)
    client.document("c/d").set({"n": 1})
    assert client.document("c/d").get().exists
