"""What the parser takes and refuses, and where it says the fault lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.rules import RulesSyntaxError, parse
from tests.emulator.firestore.rules.harness import outcome, ruleset, value_of

HEAD = "rules_version = '2';\nservice cloud.firestore {\n  match /a/{x} {\n"


@pytest.mark.parametrize(
    ("source", "line", "column", "description"),
    [
        ("x", 1, 1, "Unexpected 'x'. Expected 'function' or 'rules_version' or 'service' or the end of the file."),
        ("rules_version = 2;", 1, 17, "Unexpected '2'. Expected a string."),
        ("rules_version = '3';", 1, 1, "Invalid rules_version '3'. Expected '1' or '2'."),
        ("service {", 1, 9, "Unexpected '{'. Expected a name."),
        (HEAD, 4, 1, "Unexpected end of file. Expected 'allow' or 'function' or 'match' or '}'."),
        (HEAD + "    allow read: if true\n  }\n}", 5, 3, "Unexpected '}'."),
        (HEAD + "    allow read if true;\n  }\n}", 4, 16, "Unexpected 'if'."),
        (HEAD + "    allow : if true;\n  }\n}", 4, 11, "Unexpected ':'. Expected a name."),
        (HEAD + "    allow read: if a +;\n  }\n}", 4, 23, "Unexpected ';'."),
        (HEAD + "    allow read: if (a;\n  }\n}", 4, 22, "Unexpected ';'."),
        (HEAD + "    allow read: if a # b;\n  }\n}", 4, 22, "Unexpected '#'."),
        (HEAD + "    allow read: if a = b;\n  }\n}", 4, 22, "Unexpected '='."),
        (HEAD + "    allow read: if +1 == 1;\n  }\n}", 4, 20, "Unexpected '+'."),
        (HEAD + "    allow read: if 'a;\n  }\n}", 4, 20, "Unexpected '''."),
        (HEAD + "    allow read: if 'a\\q';\n  }\n}", 4, 22, "Invalid escape sequence '\\q'."),
        (HEAD + "    allow read: if b'\\xZ';\n  }\n}", 4, 22, "Invalid escape sequence '\\x'."),
        (
            HEAD + "    allow read: if 99999999999999999999;\n  }\n}",
            4,
            20,
            "The integer 99999999999999999999 does not fit into 64 bits.",
        ),
        (
            HEAD + "    allow read: if 9223372036854775808 > 0;\n  }\n}",
            4,
            20,
            "The integer 9223372036854775808 does not fit into 64 bits.",
        ),
        (
            HEAD + "    allow read: if x is text;\n  }\n}",
            4,
            20,
            "Invalid type: text. Expected one of: bool, bytes, constraint,",
        ),
        (
            HEAD + "    allow peek: if true;\n  }\n}",
            4,
            5,
            "Invalid method: peek. Expected one of: read, write, get, list,",
        ),
        (HEAD + "    allow read: true;\n  }\n}", 4, 5, "Missing 'if' before conditional expression."),
        (HEAD + "    function f() { let a = 1; }\n  }\n}", 4, 31, "Unexpected '}'. Expected 'let' or 'return'."),
        (HEAD + "    function f() { return 1; let a = 1; }\n  }\n}", 4, 30, "Unexpected 'let'. Expected '}'."),
        (HEAD + "    match /{y=*} { }\n  }\n}", 4, 15, "Unexpected '*'. Expected '**'."),
        ("// " + "x" * 256 * 1024, 1, 1, "The ruleset is larger than 256 KiB."),
    ],
)
def test_refused(source: str, line: int, column: int, description: str) -> None:
    with pytest.raises(RulesSyntaxError) as raised:
        parse(source)
    issue = next(issue for issue in raised.value.issues if issue.severity == "ERROR")
    assert (issue.line, issue.column) == (line, column)
    assert issue.description.startswith(description)
    assert issue.to_json() == {
        "sourcePosition": {"line": line, "column": column},
        "severity": "ERROR",
        "description": issue.description,
    }


def test_every_error_of_meaning_is_reported_at_once_in_source_order() -> None:
    with pytest.raises(RulesSyntaxError) as raised:
        ruleset("match /b/{y} { allow peek: if y is text; }\nmatch /c/{z} { allow read: z == 1; }")
    assert [(issue.line, issue.description.split(".")[0]) for issue in raised.value.issues] == [
        (4, "Invalid method: peek"),
        (4, "Invalid type: text"),
        (5, "Missing 'if' before conditional expression"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "// a comment with } and /* inside\nmatch /a/{x} { allow read; } /* and\nanother */",
        "match /allow/{match} { allow read: if match == 'function'; }",
        "match /a/{in_1} { allow read: if in_1 in ['x'] && in_1 is string && resource.data.in.is.return == 1; }",
        "match /a/{x} { allow read:if(x=='y'||x!='z')&&!(x in['a']); }",
        "match /a/{x} { allow\nread\n,\nwrite\n:\nif\ntrue\n; }",
        "match /a/{x} { allow read: if 6/2/1 == 3 && x == /a/b/c[0]; }",
        "match /a/{x} { allow read: if resource.data.list.get('delete', {}).size() == 0; }",
        "match /a/{x} { allow read: if [].size() == 0 && {} == {} && {'a': {'b': [1, 2]}}.a.b[0:1] == [1]; }",
        "match /a/{x} { allow read: if truex() || nullx == falsex; } function truex() { return false; }",
        "function f(get, path) { let list = get; return list == path; } match /a/{x} { allow read: if f(1, 1); }",
    ],
)
def test_accepted(body: str) -> None:
    ruleset(body)


def test_an_empty_file_is_a_ruleset_that_denies() -> None:
    assert [issue.severity for issue in parse("").warnings] == ["WARNING", "WARNING"]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'a\\n\\t\\'\\\"\\\\'", "a\n\t'\"\\"),
        ('"it\'s"', "it's"),
        ("'\\u20ac\\x41\\101'", "€AA"),
        ("'\\ud83d\\ude00'", "😀"),
        ("'\\U0001f600'", "😀"),
        ("b'a\\n\\u20ac'", b"a\n\xe2\x82\xac"),
        ("007", 7),
        ("1.5e-3", 0.0015),
        ("2E2", 200.0),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_literals(literal: str, value: object) -> None:
    assert value_of(literal) == value


@pytest.mark.parametrize("literal", ["'\\ud83d'", "'\\UFFFFFFFF'"])
def test_half_a_pair_is_no_string(literal: str) -> None:
    with pytest.raises(RulesSyntaxError, match="Invalid escape"):
        outcome(f"{literal} == ''")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_strings_mean_their_characters(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    assert value_of(f"'{quoted}'") == text


@given(st.text(alphabet="abmatch/{}()=*';&|!?:.,$ \n01\"\\", max_size=60))
def test_any_text_is_a_ruleset_or_has_an_issue_within_it(text: str) -> None:
    try:
        parse(text)
    except RulesSyntaxError as error:
        lines = text.split("\n")
        for issue in error.issues:
            assert 0 <= issue.line <= len(lines)
            assert 0 <= issue.column <= len(lines[issue.line - 1]) + 1
