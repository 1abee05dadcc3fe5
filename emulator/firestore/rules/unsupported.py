"""What this interpreter leaves out or decides more strictly than production might, each with the reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limitation:
    """One difference a writer of rules could meet."""

    feature: str
    reason: str


# Everything in the public reference of the language is supported; these are its edges.
LIMITATIONS = (
    Limitation(
        "service firebase.storage",
        "It is parsed and checked, but only service cloud.firestore is evaluated: there is no local Cloud Storage.",
    ),
    Limitation(
        "import statements",
        "Google's compiler knows them, the public reference does not describe them; they are a syntax error.",
    ),
    Limitation(
        "lists: questions about a whole document (keys(), size(), diff(), values(), 'x' in resource.data, get() of a "
        "field the query does not filter on, resource.id)",
        "A query's filters prove nothing about fields they do not name, so these are errors and the list is refused; "
        "answering them from the filtered fields alone would let through documents a get refuses.",
    ),
    Limitation(
        "lists: arithmetic on, or `is int` and `is float` of, a field filtered by an equal number",
        "The filter accepts 1 and 1.0 alike, so the stored type is not proven; comparisons and `is` of other values "
        "work.",
    ),
    Limitation(
        "lists: NaN under a filter with an upper bound only",
        "`n < 5` may return a document whose n is NaN, for which the condition `n < 5` is false; such a list is "
        "allowed, as the official emulator does.",
    ),
    Limitation(
        "the byte order of hashing.crc32 and hashing.crc32c",
        "The reference shows no example; the four bytes are the checksum's big-endian form, as in Cloud Storage.",
    ),
    Limitation(
        "group references in string.replace",
        "The reference calls the second argument a user-supplied string; it is taken literally.",
    ),
)
