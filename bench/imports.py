"""What our own code adds to a cold start: the time `import main` takes once everything it uses of others is loaded.

Processor time, since importing waits for nothing, and whatever else runs on the machine would count otherwise.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.budgets import Row

_RUNS = 7
_ROOT = Path(__file__).resolve().parent.parent
_OURS = ("main", "functions", "lib")

# Prints the names of all modules that importing main loads and that are not ours.
_LIST = f"""
import sys, json
import main
print(json.dumps([name for name in sys.modules if name.partition(".")[0] not in {_OURS!r} and name != "__main__"]))
"""
# Loads those modules first, then times ours.
_TIME = """
import importlib, json, sys, time
for name in json.load(sys.stdin):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
began = time.process_time()
import main
print(time.process_time() - began)
"""


def run() -> list[Row]:
    """One row: medians of several fresh processes, with compiled files and without.

    An instance that starts from sources alone, as a deployed one may, compiles them each time.
    """
    with tempfile.TemporaryDirectory() as cache:
        modules = _output(_LIST, cache=cache)
        compiled = median(float(_output(_TIME, modules, cache=cache)) for _ in range(_RUNS))
    sources = median(float(_output(_TIME, modules)) for _ in range(_RUNS))
    return [
        Row(
            "our own import time, on top of the SDKs (cold start)",
            "< 300 ms (aim 100 ms)",
            f"{compiled * 1000:.0f} ms, {sources * 1000:.0f} ms from sources",
        )
    ]


def _output(program: str, given: str = "", *, cache: str | None = None) -> str:
    """What a fresh process prints; with a `cache` folder compiled files are kept there, else ours are not kept."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if cache:
        environment["PYTHONPYCACHEPREFIX"] = cache
        return _run(program, given, environment)
    with tempfile.TemporaryDirectory() as empty:
        # Others' compiled files stay where they are installed; ours are looked for in an empty folder.
        bare = program.replace("import main", f"sys.pycache_prefix = {empty!r}; import main")
        return _run(bare, given, {**environment, "PYTHONDONTWRITEBYTECODE": "1"})


def _run(program: str, given: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
        env=environment,
    )
    return done.stdout
