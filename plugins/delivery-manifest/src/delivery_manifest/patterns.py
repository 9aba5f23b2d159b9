"""Which paths a pattern means."""

import re
from functools import cached_property


class Pattern:
    """`*` and `?` stay within a folder, `**/` is any number of folders, and all
    else is meant as it is written. Matches the whole of a relative path."""

    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text

    def __eq__(self, other):
        return isinstance(other, Pattern) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def matches(self, path):
        return self._expression.fullmatch(path) is not None

    @cached_property
    def _expression(self):
        tokens = re.findall(r"\*\*/|\*+|\?|[^*?]+", self.text)
        return re.compile("".join(_translated(token) for token in tokens), re.DOTALL)


def _translated(token):
    match token:
        case "**/":
            return "(?:.*/)?"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if token.startswith("*"):
            return ".*"
        case _:
            return re.escape(token)
