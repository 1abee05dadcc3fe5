"""`request` and `resource` as the reference describes them (rules.firestore.Request, rules.firestore.Resource)."""

import pytest

from emulator.firestore.rules import Auth
from tests.emulator.firestore.rules.harness import outcome, request

CALLER = Auth(
    "u1", {"sub": "u1", "email_verified": True, "roles": ["staff"], "firebase": {"sign_in_provider": "custom"}}
)


def test_auth_has_the_uid_and_the_claims() -> None:
    asked = request(auth=CALLER)
    for condition in (
        "request.auth.uid == 'u1'",
        "request.auth.token.email_verified",
        "request.auth.token['sub'] == 'u1'",
        "'staff' in request.auth.token.roles",
        "request.auth.token.firebase.sign_in_provider == 'custom'",
        "request.auth.token.get('orgId', 'none') == 'none'",
        "!('orgId' in request.auth.token)",
    ):
        assert outcome(condition, asked) == "true"
    assert outcome("request.auth.token.orgId == 'x'", asked) == "Property orgId is undefined on object."


def test_auth_is_null_for_the_unauthenticated() -> None:
    assert outcome("request.auth == null") == "true"
    assert outcome("request.auth.uid == 'u1'") == "Null value error."
    assert outcome("request.auth != null && request.auth.uid == 'u1'") == "false"


@pytest.mark.parametrize("method", ["get", "create", "update", "delete"])
def test_method_path_and_time(method: str) -> None:
    asked = request(method, "things/t1")
    assert outcome(f"request.method == '{method}'", asked) == "true"
    assert outcome("request.path == /databases/$(database)/documents/things/$(thing)", asked) == "true"
    assert outcome("request.path[4] == 't1' && request.time is timestamp", asked) == "true"


def test_resource_is_the_document_before_and_request_resource_the_one_after() -> None:
    asked = request("update", before={"a": 1, "b": 1}, after={"a": 2, "b": 1})
    for condition in (
        "resource.data.a == 1 && request.resource.data.a == 2",
        "resource.id == 't1' && request.resource.id == thing",
        "resource.__name__ == request.path && resource['__name__'] == request.resource.__name__",
        "request.resource.data.diff(resource.data).affectedKeys() == ['a'].toSet()",
        "resource is map && request.resource.data.keys().hasAll(['a', 'b'])",
    ):
        assert outcome(condition, asked) == "true"


def test_resource_is_null_when_there_is_no_document() -> None:
    assert outcome("resource == null") == "true"
    assert outcome("resource.data.a == 1") == "Null value error."
    assert outcome("resource == null && request.resource.data.a == 1", request("create", after={"a": 1})) == "true"


def test_request_resource_is_null_in_a_delete_and_absent_in_a_read() -> None:
    assert outcome("request.resource == null && resource.data.a == 1", request("delete", before={"a": 1})) == "true"
    assert outcome("request.resource == null", request("get", before={})) == "Property resource is undefined on object."
    assert outcome("'resource' in request", request("get", before={})) == "false"


def test_query_is_absent_outside_lists() -> None:
    assert outcome("request.query.limit < 10") == "Property query is undefined on object."
