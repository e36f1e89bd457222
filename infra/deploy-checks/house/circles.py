"""Checks that no two source files of a crate use each other, directly or through others: each file can be read after those it uses.

A file uses another if one of its paths (`crate::…`, `self::…`, `super::…`, in a `use` or in the code) leads into that file's module. A
module's own file (`lib.rs`, `mod.rs`) and the files below it are read together, so names from `super` do not count, nor do tests.

    python3 infra/deploy-checks/house/circles.py
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COMMENT = re.compile(r"//[^\n]*")
PATH = re.compile(r"\b(?:crate|self|super)(?:::(?:\w+|\{[^;]*?\}(?=;)))+")


def modules(source):
    """Returns the files of a crate by module path, such as `("sql", "trino")`; the root is `()`."""
    found = {}
    for file in source.rglob("*.rs"):
        parts = file.relative_to(source).with_suffix("").parts
        if "tests" in parts or "bin" in parts or parts == ("main",):
            continue
        found[parts[:-1] if parts[-1] in ("mod", "lib") else parts] = file
    return found


def leaves(tree):
    """Expands a `use` with braces: `a::{b, c::d}` is `a::b` and `a::c::d`."""
    start = tree.find("{")
    if start < 0:
        return [tree.split(" as ")[0].strip()]
    prefix, inside, depth, part, parts = tree[:start], tree[start + 1 : tree.rfind("}")], 0, "", []
    for character in inside:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
    return [prefix + leaf for part in [*parts, part] if part.strip() for leaf in leaves(part.strip())]


def uses(module, text, known):
    """Yields the modules of the same crate that the paths of a file lead into."""
    text = COMMENT.sub("", text.split("#[cfg(test)]\nmod tests")[0])
    for path in PATH.findall(text):
        for leaf in leaves(path):
            names = leaf.split("::")
            at = () if names[0] == "crate" else module
            for name in names if names[0] != "crate" else names[1:]:
                if name == "super":
                    at = at[:-1]
                elif name != "self":
                    at = (*at, name)
            while at not in known and at:
                at = at[:-1]
            if at != module and at != module[: len(at)]:
                yield at


def circles(graph):
    """Returns the circles: sets of files in which each leads to every other."""

    def reached(start):
        seen, waiting = set(), [start]
        while waiting:
            for next_file in graph[waiting.pop()] - seen:
                seen.add(next_file)
                waiting.append(next_file)
        return seen

    reach = {file: reached(file) for file in graph}
    return {frozenset(other for other in reach[file] if file in reach[other]) for file in graph if file in reach[file]}


def main():
    bad = 0
    count = 0
    for source in sorted([*ROOT.glob("functions/*/src"), *ROOT.glob("infra/*/src")]):
        known = modules(source)
        count += len(known)
        graph = {module: set(uses(module, file.read_text(encoding="utf-8"), known)) for module, file in known.items()}
        for circle in circles(graph):
            bad += 1
            print("a circle:", ", ".join(sorted(str(known[module].relative_to(ROOT)) for module in circle)))
            for module in sorted(circle):
                print("  ", "::".join(module), "uses", ", ".join("::".join(other) for other in sorted(graph[module] & circle)))
    print(f"{count} files, {bad} circles")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
