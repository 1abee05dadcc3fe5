"""What all sandboxes have in common: control over HTTP, counts, faults, and a clock that can be moved."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from emulator.clock import VARIABLE, ClockFile
from emulator.launch import launched
from emulator.vendors import faults
from emulator.vendors.application import SANDBOXES
from emulator.vendors.client import SandboxClient
from tests.emulator.tasks.target import eventually

KEY = {"X-APIKEY": "k3y"}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> ClockFile:
    return ClockFile(tmp_path_factory.mktemp("clock") / "clock.json")


@pytest.fixture(scope="module")
def address(clock: ClockFile) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, str(clock.path))
        with launched("vendors") as vendors:
            yield vendors.address


@pytest.fixture
def sandbox(address: str) -> Iterator[SandboxClient]:
    client = SandboxClient(address, "alpine_iq")
    client.put_account("1", apiKey="k3y")
    client.put("1", "contacts", [{"contactID": "ada", "mobilePhone": "4155550101", "loyalty": True}])
    yield client
    client.reset()
    client.close()


def ask(sandbox: SandboxClient, path: str = "/api/v1.1/piis/1/ada") -> requests.Response:
    return requests.get(f"{sandbox.base_url}{path}", headers=KEY, timeout=30)


def test_the_sandboxes_are_listed(address: str) -> None:
    listed = requests.get(f"http://{address}/sandbox", timeout=10).json()
    assert listed == {name: f"http://{address}/{name}" for name in (kind.name for kind in SANDBOXES)}
    assert {"alpine_iq", "alleaves"} <= listed.keys()


def test_requests_are_counted_by_route(sandbox: SandboxClient) -> None:
    ask(sandbox)
    ask(sandbox, "/api/v1.1/piis/1?search=x")
    ask(sandbox, "/api/v1.1/piis/1/nobody")
    counted = sandbox.requests()
    assert (counted["total"], counted["byRoute"]) == (
        3,
        {"GET /api/v1.1/piis/<uid>": 1, "GET /api/v1.1/piis/<uid>/<contact_id>": 2},
    )
    assert counted["recent"][1] == {"method": "GET", "path": "/api/v1.1/piis/1", "query": {"search": "x"}}
    sandbox.ask("DELETE", "/requests")
    assert sandbox.requests()["total"] == 0


def test_points_arrive_when_the_clock_says_so(sandbox: SandboxClient, clock: ClockFile) -> None:
    sandbox.put_account("1", lagSeconds=7200)
    sale = {"member": {"mobilePhone": "4155550101"}, "visit": {"pos_id": "o1", "transaction_total": 50}}
    requests.post(f"{sandbox.base_url}/api/v1.1/createUpdateSale/1", json=sale, headers=KEY, timeout=30)
    for ahead, points in ((0, None), (7000, None), (7300, 50)):
        clock.reset()
        clock.move(timedelta(seconds=ahead))
        assert ask(sandbox).json()["data"].get("loyaltyPoints") == points
    clock.reset()


def test_a_fault_waits_for_its_request_and_is_used_up(sandbox: SandboxClient) -> None:
    sandbox.fail("status", status=503, path="/api/v1.1/.*", method="GET", skip=1, times=2, retryAfter=9)
    assert [ask(sandbox).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert sandbox.ask("GET", "/faults") == []


def test_faults_follow_each_other_and_only_where_they_are_meant(sandbox: SandboxClient) -> None:
    sandbox.fail("status", status=500, path="/api/v2/.*")
    sandbox.fail("status", status=502)
    sandbox.fail("status", status=503)
    assert [ask(sandbox).status_code for _ in range(3)] == [502, 503, 200]
    assert [fault["path"] for fault in sandbox.ask("GET", "/faults")] == ["/api/v2/.*"]
    sandbox.heal()
    assert ask(sandbox, "/api/v2/wallet/4155550101").status_code == 200


@pytest.mark.parametrize("fault", [{"kind": "earthquake"}, {"kind": "status", "path": "("}, {"kind": "status", "x": 1}])
def test_a_fault_that_makes_no_sense_is_refused(sandbox: SandboxClient, fault: dict[str, object]) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        sandbox.ask("POST", "/faults", fault)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("contacts", {"customers": []}),
        ("redemptions", {"points": 5}),
        ("redemptions", {"contactID": "nobody", "points": 5}),
        ("merges", {"kept": "ada", "gone": "nobody"}),
        ("contacts", []),
    ],
)
def test_control_that_makes_no_sense_is_refused(sandbox: SandboxClient, path: str, body: object) -> None:
    with pytest.raises(requests.HTTPError, match=r"40[04]"):
        sandbox.ask("POST", f"/accounts/1/{path}", body)


def test_every_kind_of_fault_is_told(sandbox: SandboxClient) -> None:
    told = {line.split("`")[1] for line in (faults.__doc__ or "").splitlines() if line.startswith("| `")}
    assert told == faults.KINDS


def test_a_delay_and_another_fault_come_together(sandbox: SandboxClient) -> None:
    sandbox.fail("delay", seconds=0.01)
    sandbox.fail("html")
    assert "<html>" in ask(sandbox).text
    assert sandbox.ask("GET", "/faults") == []


def test_half_a_body_ends_with_the_connection(sandbox: SandboxClient) -> None:
    sandbox.fail("cut_body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(sandbox)
    sandbox.fail("cut_json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(ask(sandbox).text)


def test_what_hangs_is_let_go_when_healed(sandbox: SandboxClient) -> None:
    sandbox.fail("hang")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ask(sandbox).status_code))
    asking.start()
    eventually(lambda: sandbox.requests()["total"] == 1)
    sandbox.heal()
    asking.join()
    assert answers == [503]


def test_it_ends_although_a_request_hangs(tmp_path: Path) -> None:
    with launched("vendors", patience_seconds=20) as vendors:
        control = SandboxClient(vendors.address, "alleaves")
        control.fail("hang")
        host, port = vendors.address.split(":")
        waiting = socket.create_connection((host, int(port)), timeout=30)
        waiting.sendall(b"GET /alleaves/order HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: control.requests()["total"] == 1)
        control.close()
    with waiting, pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=10)


def test_forgetting_forgets_everything(sandbox: SandboxClient) -> None:
    sandbox.fail("html", times=None)
    sandbox.reset()
    assert sandbox.ask("GET", "/faults") == []
    assert ask(sandbox).status_code == 403
