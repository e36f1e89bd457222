"""The rule for `simbolo` that the peers use: a plain alternation, far simpler than the project's own, in their favour.

The searched text is unescaped and its links are replaced by a space. The leftmost symbol decides; of two at one place the
longest. RE2 (DuckDB, Arrow) and Python run the same pattern.
"""

import re

POSITIVE = [":)", ":-)", ":D", "=)", ";)", "<3", "^^", "xD", "😂", "👏", "🙏"]
NEGATIVE = [":(", ":-(", ":/", "=(", "D:", ">:(", "</3", "T_T", "😡", "😭"]
LINK = r"https?://\S+"


def _bounded(symbol):
    """A symbol that ends in a letter or digit must stand at the edge of a word there."""
    edge = lambda char: r"\b" if char.isascii() and char.isalnum() else ""
    return edge(symbol[0]) + re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", symbol) + edge(symbol[-1])


PATTERN = "(" + "|".join(_bounded(symbol) for symbol in sorted(POSITIVE + NEGATIVE, key=len, reverse=True)) + ")"
