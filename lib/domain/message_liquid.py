"""The Liquid environment of messages: strict, without a loader, reduced to the tags and filters given.

Apart from templates.py because importing liquid takes longer than the rest of the domain together; that file imports
this one when the first template is read.
"""

from functools import cache

from liquid import Environment
from liquid.mode import Mode


class Missing:
    """A variable without a value: prints its fallback, is empty to `if` and to the default filter."""

    def __init__(self, fallback: str) -> None:
        self._fallback = fallback

    def __str__(self) -> str:
        return self._fallback

    def __liquid__(self) -> None:
        return None


@cache
def environment(escape: bool, bytes_max: int, tags: frozenset[str], filters: frozenset[str]) -> Environment:
    """An environment that HTML-escapes values or not, writes at most `bytes_max`, and knows nothing else than these.

    A tag or filter that is not there is a syntax error, `include` and `render` among them; so is any deep nesting.
    """

    class Messages(Environment):
        output_stream_limit = bytes_max
        local_namespace_limit = 20_000
        loop_iteration_limit = 1

    made = Messages(tolerance=Mode.STRICT, autoescape=escape, strict_filters=True)
    made.tags = {name: tag for name, tag in made.tags.items() if name in tags}
    made.filters = {name: function for name, function in made.filters.items() if name in filters}
    return made
