"""Has the Firebase CLI start its functions and auth emulators, and the local Firestore as its Firestore emulator.

What would be deployed is copied into a folder of its own, by the CLI's own reading of firebase.json, and served from
there; `cli.firebase_cli.visit` then runs under `firebase emulators:exec`. npm fetches the CLI once, some 600 packages.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cli.deployment import firebase_config, uploaded_files
from cli.firebase_cli.ports import free_ports

VERSION = "15.34.2"
PROJECT = "demo-firebase-cli"

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "emulator" / "firebase_cli" / "java"
_CACHE = ROOT / ".cache" / f"firebase-tools-{VERSION}"

_CHECK = """
const lib = process.argv[1];
const { readdirRecursive } = require(`${lib}/fsAsync`);
const { getErrorMessage, getValidator } = require(`${lib}/firebaseConfigValidate`);
const fs = require("fs"), path = require("path");
const config = JSON.parse(fs.readFileSync("firebase.json")), validate = getValidator();
validate(config);
const [{ source, ignore }] = config.functions;
readdirRecursive({ path: path.resolve(source), ignoreStrings: ignore }).then((files) => console.log(JSON.stringify({
  errors: (validate.errors ?? []).map(getErrorMessage),
  files: files.map((file) => path.relative(path.resolve(source), file.name)),
})));
"""


class CheckFailed(Exception):
    """The Firebase CLI reads firebase.json otherwise than we do."""


def install() -> Path:
    """The CLI's package folder, fetched with npm if need be; raises CalledProcessError."""
    package = _CACHE / "node_modules" / "firebase-tools"
    if not package.exists():
        _CACHE.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE.parent) as scratch:
            tree = Path(scratch) / "tree"
            tree.mkdir()
            # No package's own scripts: those there are build or download what these emulators do not use.
            npm = ["npm", "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--prefix", str(tree)]
            subprocess.run([*npm, f"firebase-tools@{VERSION}"], check=True)
            shutil.move(tree, _CACHE)
    return package


def check_configuration(package: Path) -> list[Path]:
    """The files the CLI would upload; raises CheckFailed when its schema finds fault, or when we compute others."""
    node = subprocess.run(
        ["node", "-e", _CHECK, str(package / "lib")], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    answer = json.loads(node.stdout)
    if answer["errors"]:
        raise CheckFailed(f"firebase.json: {'; '.join(answer['errors'])}")
    files = sorted(Path(name) for name in answer["files"])
    if files != uploaded_files(ROOT):
        raise CheckFailed(f"the CLI would upload {files}, we say {uploaded_files(ROOT)}")
    return files


def make_project(folder: Path, files: list[Path]) -> None:
    """A Firebase project in `folder`: what is uploaded, rules and indexes, free ports, our venv."""
    config = firebase_config(ROOT)
    emulators = ("functions", "firestore", "auth")
    for name, port in zip(emulators, free_ports(len(emulators)), strict=True):
        config["emulators"][name]["port"] = port
    (folder / "firebase.json").write_text(json.dumps(config))
    for path in [*files, *map(Path, config["firestore"].values())]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    (folder / "venv").symlink_to(ROOT / "venv", target_is_directory=True)


def run(package: Path, folder: Path) -> int:
    """Visit the emulators of the project in `folder`; the exit code of the visit or of the CLI."""
    environment = {
        **os.environ,
        "PATH": f"{STAND_IN.parent}{os.pathsep}{os.environ['PATH']}",
        "FIRESTORE_EMULATOR_BINARY_PATH": str(STAND_IN),
        "PYTHONDONTWRITEBYTECODE": "1",
        # No questions, no wish to log in, and nothing kept in the home folder.
        "CI": "1",
        "XDG_CONFIG_HOME": str(folder / ".config"),
    }
    firebase = ["node", str(package / "lib" / "bin" / "firebase.js")]
    only = ["--only", "functions,firestore,auth", "--project", PROJECT]
    # Our modules on the visit's path only: the functions have to do with what is uploaded.
    visit = f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} -m cli.firebase_cli.visit"
    return subprocess.run(
        [*firebase, "emulators:exec", *only, visit], cwd=folder, env=environment, check=False
    ).returncode


def main() -> int:
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        print(f"./dev test-firebase-cli needs {' and '.join(missing)} (Node 20 or later)", file=sys.stderr)
        return 2
    package = install()
    try:
        files = check_configuration(package)
    except CheckFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"firebase.json is valid by the CLI's schema; it uploads {len(files)} files, as we compute them")
    with tempfile.TemporaryDirectory(prefix="firebase-cli-") as scratch:
        make_project(Path(scratch), files)
        return run(package, Path(scratch))


if __name__ == "__main__":
    raise SystemExit(main())
