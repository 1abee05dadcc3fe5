"""Security rules over gRPC: every method asks them, for everybody but admins, on the state a commit would leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from google.api_core.exceptions import NotFound, PermissionDenied, Unauthenticated
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from emulator.firestore.wire import request_type
from tests.emulator.firestore.guarded import As, code, note, query, set_


class TestEveryMethodAsks:
    @pytest.fixture(autouse=True)
    def _stored(self, as_: As, database: str, documents: str) -> None:
        as_("Bearer owner").commit({"database": database, "writes": [set_(documents, "hers")]})

    def calls(self, client: FirestoreClient, database: str, documents: str) -> dict[str, Callable[[], Any]]:
        """One call of each method, which ada may make."""
        name = f"{documents}/notes/hers"
        aggregation = {"structured_query": query(), "aggregations": [{"alias": "n", "count": {}}]}
        return {
            "get": lambda: client.get_document({"name": name}),
            "batch get": lambda: client.batch_get_documents({"database": database, "documents": [name]}),
            "query": lambda: client.run_query({"parent": documents, "structured_query": query()}),
            "count": lambda: client.run_aggregation_query(
                {"parent": documents, "structured_aggregation_query": aggregation}
            ),
            "commit": lambda: client.commit({"database": database, "writes": [set_(documents, "hers")]}),
            "update": lambda: client.update_document({"document": note(documents, "hers")}),
            "delete": lambda: client.delete_document({"name": name}),
            "create": lambda: client.create_document(
                {
                    "parent": documents,
                    "collection_id": "notes",
                    "document_id": "hers",
                    "document": {"fields": note(documents, "hers")["fields"]},
                }
            ),
        }

    @pytest.mark.parametrize(
        ("who", "expected"),
        [("ada", "OK"), ("ben", "PERMISSION_DENIED"), (None, "PERMISSION_DENIED"), ("Bearer owner", "OK")],
    )
    def test_by_token(self, as_: As, database: str, documents: str, who: str | None, expected: str) -> None:
        calls = self.calls(as_(who), database, documents)
        answers = {name: code(call) for name, call in calls.items()}
        if expected != "OK":
            answers.pop("create")  # denied as a change of ada's note, which it would be
        assert set(answers.values()) == {expected}, answers

    @pytest.mark.parametrize("header", ["Bearer x.y.z", "Basic b3duZXI="])
    def test_what_is_no_token_gets_nowhere(self, as_: As, database: str, documents: str, header: str) -> None:
        client = as_(header)
        with pytest.raises(Unauthenticated):
            client.begin_transaction({"database": database})
        assert {code(call) for call in self.calls(client, database, documents).values()} == {"UNAUTHENTICATED"}

    def test_listing(self, as_: As, documents: str) -> None:
        listed: dict[str, Any] = {"parent": documents, "collection_id": "notes", "page_size": 5}
        for who, expected in (("ada", "PERMISSION_DENIED"), ("Bearer owner", "OK")):
            assert code(partial(as_(who).list_documents, listed)) == expected
            assert code(partial(as_(who).list_collection_ids, {"parent": documents})) == expected

    def test_what_a_denied_caller_is_told(self, as_: As, documents: str) -> None:
        with pytest.raises(PermissionDenied, match=r"Missing or insufficient permissions\.$"):
            as_("ben").get_document({"name": f"{documents}/notes/hers"})

    def test_one_denied_document_denies_all_that_were_asked_for(self, as_: As, database: str, documents: str) -> None:
        names = [f"{documents}/notes/{name}" for name in ("missing", "hers")]
        assert code(lambda: as_("ben").batch_get_documents({"database": database, "documents": names[:1]})) == "OK"
        asked = {"database": database, "documents": names}
        assert code(lambda: as_("ben").batch_get_documents(asked)) == "PERMISSION_DENIED"

    def test_queries_are_decided_by_what_they_say(self, as_: As, documents: str) -> None:
        def run(**asked: Any) -> str:
            return code(lambda: as_("ada").run_query({"parent": documents, "structured_query": query(**asked)}))

        assert run() == run(limit=1) == "OK"
        assert {run(limit=11), run(limit=None), run(owner=None), run(owner="ben")} == {"PERMISSION_DENIED"}
        assert run(collection="grouped", all_descendants=True) == "OK"
        assert run(all_descendants=True) == "PERMISSION_DENIED"


class TestCommits:
    def commit(self, client: FirestoreClient, documents: str, *writes: dict[str, Any]) -> str:
        database = documents.removesuffix("/documents")
        return code(lambda: client.commit({"database": database, "writes": list(writes)}))

    def test_a_batch_is_decided_on_what_it_leaves(self, as_: As, documents: str) -> None:
        ada = as_("ada")
        share = set_(documents, "n1", collection="shares")
        assert self.commit(ada, documents, share) == "PERMISSION_DENIED"
        assert self.commit(ada, documents, share, set_(documents, "n1")) == "OK"
        assert self.commit(ada, documents, set_(documents, "n2", "ben")) == "PERMISSION_DENIED"
        # It exists before, so that it is not created with the note.
        assert self.commit(ada, documents, set_(documents, "n1", collection="shares")) == "PERMISSION_DENIED"

    def test_all_or_nothing(self, as_: As, documents: str) -> None:
        assert self.commit(as_("ada"), documents, set_(documents, "a"), set_(documents, "b", "ben")) != "OK"
        with pytest.raises(NotFound):
            as_("Bearer owner").get_document({"name": f"{documents}/notes/a"})

    def test_each_write_of_a_batch_write_is_decided_by_itself(self, as_: As, database: str, documents: str) -> None:
        writes = [set_(documents, "a"), set_(documents, "b", "ben"), set_(documents, "c")]
        answer = as_("ada").batch_write({"database": database, "writes": writes})
        assert [status.code for status in answer.status] == [0, 7, 0]

    def test_several_writes_of_a_document_count_as_one_change(self, as_: As, documents: str) -> None:
        delete = {"delete": f"{documents}/notes/a"}
        assert self.commit(as_("ada"), documents, set_(documents, "a"), set_(documents, "a", "ben")) != "OK"
        assert self.commit(as_("ada"), documents, set_(documents, "a", "ben"), set_(documents, "a")) == "OK"
        assert self.commit(as_("ada"), documents, set_(documents, "a"), delete) == "OK"
        assert self.commit(as_("ada"), documents, set_(documents, "b"), {"delete": f"{documents}/notes/b"}) != "OK"

    def test_server_timestamps_are_the_time_of_the_request(self, as_: As, documents: str) -> None:
        ada = as_("ada")
        assert self.commit(ada, documents, set_(documents, "a")) == "OK"
        stamp = {"field_path": "at", "set_to_server_value": "REQUEST_TIME"}
        assert self.commit(ada, documents, set_(documents, "a", update_transforms=[stamp])) == "OK"
        transform = {"document": f"{documents}/notes/a", "field_transforms": [stamp]}
        assert self.commit(ada, documents, {"transform": transform}) == "OK"
        late = note(documents, "a")
        late["fields"]["at"] = {"timestamp_value": {"seconds": 5}}
        assert self.commit(ada, documents, {"update": late}) == "PERMISSION_DENIED"

    def test_masks_leave_what_they_do_not_name(self, as_: As, documents: str) -> None:
        ada = as_("ada")
        assert self.commit(ada, documents, set_(documents, "a")) == "OK"
        text = {"name": f"{documents}/notes/a", "fields": {"text": {"string_value": "x"}}}
        assert self.commit(ada, documents, {"update": text}) == "PERMISSION_DENIED"
        assert self.commit(ada, documents, {"update": text, "update_mask": {"field_paths": ["text"]}}) == "OK"
        erased = {"update": text, "update_mask": {"field_paths": ["owner"]}}
        assert self.commit(ada, documents, erased) == "PERMISSION_DENIED"

    def test_preconditions_tell_nothing_to_who_may_not_read(self, as_: As, documents: str) -> None:
        assert self.commit(as_("Bearer owner"), documents, set_(documents, "a")) == "OK"
        ben = as_("ben")
        for name in ("a", "missing"):
            must_exist = set_(documents, name, current_document={"exists": True})
            assert self.commit(ben, documents, must_exist) == "PERMISSION_DENIED"
        mine = set_(documents, "missing", "ben", current_document={"exists": True})
        assert self.commit(ben, documents, mine) == "NOT_FOUND"

    def test_a_document_that_is_only_verified_is_read(self, as_: As, documents: str) -> None:
        # `verify` is field 5 of Write, which the published client does not know.
        name = f"{documents}/notes/a".encode()
        database = documents.removesuffix("/documents")
        write = b"\x2a" + bytes([len(name)]) + name
        raw = request_type("CommitRequest")(database=database, writes=[{}])
        raw.writes[0].MergeFromString(write)
        assert self.commit(as_("Bearer owner"), documents, set_(documents, "a")) == "OK"
        for who, expected in (("ada", "OK"), ("ben", "PERMISSION_DENIED")):
            assert code(partial(as_(who).commit, raw)) == expected

    def test_the_limit_on_looking_at_other_documents_is_the_whole_batch_s(self, as_: As, documents: str) -> None:
        admin, ada = as_("Bearer owner"), as_("ada")
        others = [set_(documents, str(number), collection="a") for number in range(21)]
        assert self.commit(admin, documents, *others) == "OK"
        costly = [set_(documents, str(number), collection="costly") for number in range(21)]
        assert self.commit(ada, documents, *costly[:20]) == "OK"
        assert self.commit(ada, documents, *costly) == "PERMISSION_DENIED"

    def test_a_transaction_denied_is_over(self, as_: As, database: str, documents: str) -> None:
        ada = as_("ada")
        begun = ada.begin_transaction({"database": database}).transaction
        write = {"database": database, "writes": [set_(documents, "a", "ben")], "transaction": begun}
        assert code(lambda: ada.commit(write)) == "PERMISSION_DENIED"
        assert code(lambda: ada.commit({"database": database, "transaction": begun})) == "INVALID_ARGUMENT"
