"""Data sets on the command line and over HTTP: where a server starts from, what it leaves, what it exports between."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.firestore.persistence.data_sets import import_data_set
from emulator.firestore.store import Store
from emulator.processes import ProcessFailed
from emulator.stack import Stack
from tests.emulator.firestore.kept import lay
from tests.emulator.firestore.killable import DATABASE, put, serving


def test_a_running_server_exports_on_request_but_not_for_pages(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as serve:
        server = serve()
        server.commit(put("a/b", n=1), put("a/b/c/d", n=2))

        def export(body: Any, **headers: str) -> requests.Response:
            url = f"http://{server.address}/emulator/v1/{DATABASE}:export"
            return requests.post(url, json=body, headers=headers, timeout=20)

        target = tmp_path / "set"
        assert export({"directory": str(target)}).json() == {"directory": str(target), "documents": 2}
        assert import_data_set(target, Store()) == 2
        for body, message in [
            ({}, "the body must be"),
            ({"directory": "relative"}, "the body must be"),
            ({"directory": str(tmp_path / "data")}, "is not empty and no data set"),
        ]:
            refused = export(body)
            assert refused.status_code == 400 and message in refused.json()["error"]["message"]
        from_a_page = export({"directory": str(tmp_path / "page")}, Origin="https://example.com")
        assert from_a_page.status_code == 403 and not (tmp_path / "page").exists()


def test_an_import_into_a_data_directory_is_kept_and_done_once(tmp_path: Path) -> None:
    folder = lay(tmp_path / "set", '{"name": "a/b", "updateTime": "2026-01-01T00:00:00Z"}\n')
    with serving(tmp_path / "data") as serve:
        server = serve("--import", str(folder))
        assert server.read("a").keys() == {"b"}
        server.kill()
        server = serve()
        (document,) = server.read("a").values()
        assert document._pb.update_time.ToJsonString() == "2026-01-01T00:00:00Z"
        server.commit(put("a/b", n=2))
        assert server.stop() == 0
        with pytest.raises(AssertionError, match="did not start"):
            serve("--import", str(folder))
        assert serve().read("a")["b"].fields["n"].integer_value == 2


@pytest.fixture
def own_firestore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a stack start a Firestore of its own."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)


def test_dev_up_starts_from_a_data_set_and_leaves_one(tmp_path: Path, own_firestore: None, root: Path) -> None:
    folder = lay(tmp_path / "set", '{"name": "a/b"}\n')
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "cli.up", "--port", "0", "--ready", str(ready)]
    command += ["--import", str(folder), "--export-on-exit", str(folder)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as up:
        while not ready.exists():
            assert up.poll() is None, up.communicate()[0]
            time.sleep(0.01)
        documents = f"http://{json.loads(ready.read_text())['firestore']}/v1/{DATABASE}/documents"
        owner = {"Authorization": "Bearer owner"}
        assert "createTime" in requests.get(f"{documents}/a/b", headers=owner, timeout=20).json()
        assert requests.patch(f"{documents}/a/c", json={"fields": {}}, headers=owner, timeout=20).ok
        up.terminate()
        output, _ = up.communicate(timeout=20)
    assert up.returncode == 0, output
    assert f"imported 1 documents from {folder}" in output and f"exported 2 documents to {folder}" in output
    lines = (folder / "demo-kept" / "(default).jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["a/b", "a/c"]


def test_a_stack_that_cannot_leave_its_data_set_says_so(tmp_path: Path, own_firestore: None) -> None:
    (tmp_path / "logs").mkdir()
    with (
        pytest.raises(ProcessFailed, match="firestore ended with code 1 and has not left its data set"),
        Stack(with_functions=False, export_to=tmp_path / "set", log_folder=tmp_path / "logs"),
    ):
        shutil.rmtree(tmp_path / "set")
        (tmp_path / "set").write_text("in the way")
    assert "set cannot be made: File exists" in (tmp_path / "logs" / "firestore.log").read_text()


def test_a_firestore_that_runs_already_keeps_its_data_where_it_does(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is up to the Firestore at 127\.0\.0\.1:1"):
        Stack(firestore="127.0.0.1:1", data_dir=tmp_path)
