"""An interpreter of the Firestore security rules language, version 2: text in, decisions with their reasons out.

Nothing here knows the server: a request comes as an AccessRequest, other documents through a DocumentReader.
"""

from emulator.firestore.rules.decision import AccessRequest, Auth, Decision, Method, Outcome, Tried
from emulator.firestore.rules.errors import Issue, RulesSyntaxError, Severity
from emulator.firestore.rules.evaluation import AccessBudget, Document, DocumentReader
from emulator.firestore.rules.query import AllOf, AnyOf, FieldFilter, Operator, Query
from emulator.firestore.rules.ruleset import Ruleset, parse

__all__ = [
    "AccessBudget",
    "AccessRequest",
    "AllOf",
    "AnyOf",
    "Auth",
    "Decision",
    "Document",
    "DocumentReader",
    "FieldFilter",
    "Issue",
    "Method",
    "Operator",
    "Outcome",
    "Query",
    "RulesSyntaxError",
    "Ruleset",
    "Severity",
    "Tried",
    "parse",
]
