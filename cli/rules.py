"""`./dev rules`: check a security rules file, or print what the local interpreter does not support."""

import argparse
import json
import sys
from pathlib import Path

from emulator.firestore.rules import Issue, RulesSyntaxError, parse
from emulator.firestore.rules.unsupported import LIMITATIONS

DEFAULT_FILE = "firestore.rules"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the rules are accepted (warnings are shown), 1 when not, 2 when the file cannot be read."""
    parser = argparse.ArgumentParser(prog="./dev rules", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", nargs="?", const=DEFAULT_FILE, metavar="FILE", help="parse and report every issue")
    action.add_argument("--unsupported", action="store_true", help="what is not supported, and why")
    parser.add_argument("--json", action="store_true", help="issues as the securityRules endpoint gives them")
    options = parser.parse_args(arguments)
    if options.unsupported:
        _print_limitations()
        return 0
    return _check(Path(options.check), as_json=options.json)


def _print_limitations() -> None:
    print("Every construct of the public reference is supported. At its edges:")
    for limitation in LIMITATIONS:
        print(f"\n- {limitation.feature}\n  {limitation.reason}")


def _check(file: Path, as_json: bool) -> int:
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 2
    try:
        issues: list[Issue] = list(parse(source).warnings)
        accepted = True
    except RulesSyntaxError as error:
        issues = error.issues
        accepted = False
    if as_json:
        print(json.dumps({"issues": [issue.to_json() for issue in issues]}, indent=2))
    else:
        for issue in issues:
            print(f"{file}:{issue}")
        print(f"{file}: {'accepted' if accepted else 'refused'}, {len(issues)} issue{'' if len(issues) == 1 else 's'}")
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())
