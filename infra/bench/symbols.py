"""The rule for `simbolo` that the peers use: a plain alternation, far simpler than the project's own, in their favour.

The text is unescaped, and its links are replaced by a space, before the search. The leftmost symbol wins; at the same position, the
longest. RE2 (DuckDB, Arrow) and Python run the same pattern.
"""

import re

POSITIVE = [":)", ":-)", ":D", "=)", ";)", "<3", "^^", "xD", "😂", "👏", "🙏"]
NEGATIVE = [":(", ":-(", ":/", "=(", "D:", ">:(", "</3", "T_T", "😡", "😭"]
LINK = r"https?://\S+"


def _bounded(symbol):
    """Anchors a symbol at a word boundary on each side where it has a letter or digit."""
    edge = lambda char: r"\b" if char.isascii() and char.isalnum() else ""
    return edge(symbol[0]) + re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", symbol) + edge(symbol[-1])


PATTERN = "(" + "|".join(_bounded(symbol) for symbol in sorted(POSITIVE + NEGATIVE, key=len, reverse=True)) + ")"
