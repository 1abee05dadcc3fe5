"""The edge: what is no call at all, what is no input, and what nobody outside may learn of an error."""

import json
from typing import Any

import flask
import pytest
import requests

import main
from emulator.client import CallFailed, StackClient
from emulator.tokens import id_token
from tests.functions.conftest import Counter

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b"5", JSON),
        (b"{}", JSON),
        (b'{"data": {}, "more": "555-0100"}', JSON),
        (b'{"data": {}}', {"Content-Type": "text/plain"}),
        (b"[" * 100_000, JSON),
    ],
)
def test_what_is_no_call_is_a_bad_request(stack: StackClient, body: bytes, headers: dict[str, str]) -> None:
    answer = requests.post(stack.url("check_points"), data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert "555" not in answer.text


def test_browsers_of_any_site_may_call(stack: StackClient) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = requests.options(stack.url("check_points"), headers=asked, timeout=10)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://shop.example")


HOLD = {"customerId": "c", "orderId": "o", "orderTotal": 9.99, "points": 100, "idempotencyKey": "k"}


@pytest.mark.parametrize(
    ("name", "data", "pointer"),
    [
        ("check_points", {"customerId": 5}, "/customerId"),
        ("check_points", {"customerId": "a/b"}, "/customerId"),
        ("check_points", {"customerId": ".."}, "/customerId"),
        ("check_points", {"customerId": "x" * 501}, "/customerId"),
        ("check_points", {"customerId": "c", "phone": "+14155552671"}, ""),
        ("check_points", {"phone": ""}, "/phone"),
        ("check_points", {}, ""),
        ("check_points", {"customerId": "c", "org~/x": 1}, "/org~0~1x"),
        ("get_ledger", {"customerId": "c", "limit": 0}, "/limit"),
        ("get_ledger", {"customerId": "c", "limit": 101}, "/limit"),
        ("get_ledger", {"customerId": "c", "limit": "20"}, "/limit"),
        ("get_ledger", {"customerId": "c", "cursor": "nonsense"}, "/cursor"),
        ("quote_redemption", {"customerId": "c", "orderId": "o"}, ""),
        ("hold_redemption", {**HOLD, "orderTotal": "9.99"}, "/orderTotal"),
        ("hold_redemption", {**HOLD, "orderTotal": -1}, "/orderTotal"),
        ("hold_redemption", {**HOLD, "orderTotal": 1e300}, "/orderTotal"),
        ("hold_redemption", {**HOLD, "orderTotal": True}, "/orderTotal"),
        ("hold_redemption", {**HOLD, "points": 0}, "/points"),
        ("hold_redemption", {**HOLD, "points": 1.5}, "/points"),
        ("hold_redemption", {**HOLD, "points": 10**12}, "/points"),
        ("hold_redemption", {**HOLD, "points": None}, ""),
        ("hold_redemption", {**HOLD, "rewardTierId": "small"}, ""),
        ("hold_redemption", {**HOLD, "idempotencyKey": ""}, "/idempotencyKey"),
        ("hold_redemption", {**HOLD, "idempotencyKey": "k" * 256}, "/idempotencyKey"),
        ("hold_redemption", {**HOLD, "orderId": "\ud800"}, "/orderId"),
        ("capture_redemption", {"idempotencyKey": "k"}, "/redemptionId"),
        ("void_redemption", {"redemptionId": "r"}, "/idempotencyKey"),
        ("reinstate_redemption", {"redemptionId": "r", "idempotencyKey": "k", "reason": "  "}, "/reason"),
        ("adjust_points", {"customerId": "c", "points": 5, "idempotencyKey": "k"}, "/reason"),
        ("adjust_points", {"customerId": "c", "points": 0, "reason": "why not", "idempotencyKey": "k"}, "/points"),
        ("update_loyalty_settings", {"settings": [], "idempotencyKey": "k"}, "/settings"),
        ("update_loyalty_settings", {"settings": {"x": 1}, "idempotencyKey": "k"}, "/settings/x"),
        ("pause_loyalty", {"paused": "yes", "idempotencyKey": "k"}, "/paused"),
        ("sync_customer", {"customerId": "__id__", "idempotencyKey": "k"}, "/customerId"),
        ("replay_inbox", {"idempotencyKey": "k"}, "/itemId"),
    ],
)
def test_wrong_input_is_named(counter: Counter, name: str, data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(CallFailed) as refusal:
        counter.call(name, **data)
    assert refusal.value.status == "INVALID_ARGUMENT"
    assert refusal.value.details == {"reason": None, "retryable": False, "pointer": pointer}


@pytest.mark.parametrize(
    ("name", "rest", "pointer"),
    [
        ("hold_redemption", '"customerId": "c", "orderId": "o", "points": 100, "orderTotal": NaN', "/orderTotal"),
        ("update_loyalty_settings", '"settings": {"pointsPerDollar": Infinity}', "/settings"),
    ],
)
def test_python_reads_numbers_that_are_not_json(counter: Counter, name: str, rest: str, pointer: str) -> None:
    token = counter.stack.token(counter.org_id, "owner")
    body = f'{{"data": {{"orgId": "{counter.org_id}", "idempotencyKey": "k", {rest}}}}}'
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    error = requests.post(counter.stack.url(name), data=body, headers=headers, timeout=10).json()["error"]
    assert (error["status"], error["details"]["pointer"]) == ("INVALID_ARGUMENT", pointer)


@pytest.mark.parametrize("org_id", [None, 5, "", "a/b", "x" * 129, "."])
def test_a_call_names_its_org(stack: StackClient, org_id: object) -> None:
    with pytest.raises(CallFailed) as refusal:
        stack.call("check_points", {"orgId": org_id}, token=stack.token("org", "owner"))
    assert (refusal.value.status, refusal.value.details["pointer"]) == ("INVALID_ARGUMENT", "/orgId")


def test_a_setting_that_is_wrong_is_named_inside_the_request(counter: Counter) -> None:
    with pytest.raises(CallFailed) as refusal:
        counter.write("update_loyalty_settings", settings={"tiers": [{"id": "a", "name": "A", "threshold": 5}]})
    assert refusal.value.details["pointer"] == "/settings/tiers/0/threshold"


def test_what_does_not_exist_is_not_found(counter: Counter) -> None:
    with pytest.raises(CallFailed) as refusal:
        counter.write("capture_redemption", redemptionId="r")
    assert (refusal.value.status, refusal.value.code) == ("NOT_FOUND", 404)
    assert refusal.value.details == {"reason": "unknown_redemption", "retryable": False}


def test_a_key_used_for_something_else_is_a_failed_precondition(counter: Counter) -> None:
    ann = counter.customer("ann", 50)
    counter.write("adjust_points", customerId=ann, points=5, reason="sorry", idempotencyKey="same")
    with pytest.raises(CallFailed) as refusal:
        counter.write("adjust_points", customerId=ann, points=6, reason="sorry", idempotencyKey="same")
    assert (refusal.value.status, refusal.value.details["reason"]) == ("FAILED_PRECONDITION", "idempotency_key_reused")


class TestInternalErrors:
    """A document that no code of ours could have written, met in this process so that the log can be read."""

    def call(self, project: str, org_id: str, customer_id: str) -> tuple[int, Any]:
        token = id_token(project, "cashier", {"orgId": org_id, "role": "owner"})
        request = {"data": {"orgId": org_id, "customerId": customer_id}}
        with flask.Flask("test").test_request_context(
            "/", method="POST", json=request, headers={"Authorization": f"Bearer {token}"}
        ):
            answer = main.check_points(flask.request)
        return answer.status_code, answer.get_json()

    def test_say_nothing_and_log_no_personal_data(
        self, project: str, firestore: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        broken = {"orgId": "org_a", "email": "ann@example.com", "loyalty": {"seq": "ann@example.com"}}
        firestore.document("customers/org_a_1").set(broken)
        status, body = self.call(project, "org_a", "org_a_1")
        assert (status, body["error"]["status"]) == (500, "INTERNAL")
        assert body["error"]["message"] == "internal error"
        logged = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        (line,) = [entry for entry in logged if entry["message"] == "unexpected error"]
        assert (line["severity"], line["function"], line["error"]) == ("ERROR", "check_points", "KeyError")
        assert any("ledger.py" in place for place in line["at"])
        assert "ann@example.com" not in json.dumps(logged)

    def test_one_process_serves_whichever_project_the_environment_names(self, project: str) -> None:
        assert self.call(project, "org_a", "org_a_1")[1]["result"]["reason"] == "unknown_customer"
