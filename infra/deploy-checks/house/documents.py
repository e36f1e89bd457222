"""Checks the documents: runs their commands, and resolves what they link to and name.

    python documents.py                  links, anchors, paths and marks
    python documents.py --local PROGRAM  also the commands; PROGRAM is `local`, the program that `cargo run` starts

Marks of fenced blocks:

    sh            run here, in order, in one shell and one empty folder per document
    sh account    needs an AWS account or a token of the X API
    sh by-hand    takes minutes, does not end by itself, or needs tools that are not installed here
    text output   (or `json output`) exactly what the `sh` block before it must print on standard output
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md"))
README_LINES_MAX = 150
RUN, COMMANDS = "sh", ("sh", "sh account", "sh by-hand")
OUTPUTS = ("text output", "json output")
OTHERS = ("", "json", "mermaid", "python", "rust", "sql", "text", "toml", "yaml")
BLOCK = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
COMMAND = re.compile(r"^ *(?:\$ )?(?:cargo|aws|sam|git|pip|python3?|bash) .*", re.MULTILINE)
SOURCES = ("*.rs", "*.py", "*.sh", "*.sql", "*.toml", "*.yaml", "*.yml", "run")

PRELUDE = r"""
set -euo pipefail
trap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT
wait_for() { # file text
  for _ in $(seq 300); do grep -qs "$2" "$1" && return; sleep 0.1; done
  echo "no \`$2\` in $1:" >&2 && cat "$1" >&2 && exit 1
}
cargo() {
  case "$1 ${2:-}" in
  "run "*)
    shift
    if [ "${1:-}" = -- ]; then shift; fi
    if [ "${1:-}" != serve ]; then "$LOCAL" "$@"; return; fi
    # It continues in the background; the variables that it prints are set here.
    "$LOCAL" "$@" > serve.txt & wait_for serve.txt SEARCH_QUERY
    . ./serve.txt ;;
  "lambda watch")
    local log=$PWD/watch.txt
    (cd "$ROOT" && exec cargo "$@" > "$log" 2>&1) & wait_for "$log" "starting Runtime server" ;;
  "lambda invoke" | "build --bin") (cd "$ROOT" && exec cargo "$@") ;;
  "test ") grep -q "cargo test --workspace" "$ROOT/.ci/run" ;; # a separate step there
  *) echo "no step of .ci/run is known for: cargo $*" >&2; exit 1 ;;
  esac
}
"""


def blocks(text):
    """Yields the mark and the lines of each fenced block, without the indentation of a list."""
    for indent, mark, body in BLOCK.findall(text):
        yield mark, re.sub(f"^{indent}", "", body, flags=re.MULTILINE)


def prose(text):
    """Returns the text without fenced blocks, and its code spans."""
    text = BLOCK.sub("", text)
    return re.sub(r"`[^`]*`", "code", text), re.findall(r"`([^`]*)`", text)


def anchors(document):
    """Returns the anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def link_problem(document, target):
    path, _, anchor = target.partition("#")
    linked = (document.parent / path).resolve() if path else document
    if not linked.exists():
        return f"links to {target}, which does not exist"
    if anchor and anchor not in anchors(linked):
        return f"links to {target}, but there is no such heading"
    return None


def path_problem(span):
    """Checks that a code span that looks like a path of the repository is one; `*` matches as in a shell."""
    is_path = re.fullmatch(r"(?:docs|infra|tests|functions|events|\.ci|\.github)/[\w./@*-]+", span)
    return f"names {span}, which does not exist" if is_path and not list(ROOT.glob(span.rstrip("/"))) else None


def problems(document):
    text = document.read_text(encoding="utf-8")
    without_code, spans = prose(text)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", without_code) if "://" not in target]
    yield from filter(None, (link_problem(document, target) for target in targets))
    if document.name != "CHANGELOG.md":  # it also names deleted files
        yield from filter(None, map(path_problem, spans))
    previous = None
    for mark, body in blocks(text):
        if mark not in (*COMMANDS, *OUTPUTS, *OTHERS):
            yield f"has a block with the unknown mark `{mark}`"
        if mark in OUTPUTS and previous != RUN:
            yield f"has a block `{mark}` without a block `sh` directly before it"
        if mark in OTHERS:
            yield from (f"does not mark a command: {line.strip()}" for line in COMMAND.findall(body))
        previous = mark
    outside = BLOCK.sub("", text)
    yield from (f"has a command outside a fenced block: {line.strip()}" for line in COMMAND.findall(outside) if line.startswith("    "))


def problems_of_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = len(text.splitlines())
    if lines > README_LINES_MAX:
        yield f"has {lines} lines, more than {README_LINES_MAX}"
    for document in DOCUMENTS:
        name = document.relative_to(ROOT)
        if document.name != "README.md" and f"]({name})" not in text:
            yield f"does not link to {name}"


def problems_of_the_sources():
    """Checks the documents that comments and messages refer to."""
    for source in sorted(path for pattern in SOURCES for path in ROOT.rglob(pattern)):
        name = source.relative_to(ROOT)
        if {"target", ".venv", ".git"} & set(name.parts) or source == Path(__file__).resolve() or not source.is_file():
            continue
        text = source.read_text(encoding="utf-8")
        for document, anchor in re.findall(r"\b((?:docs/[\w-]+|[A-Z]{4,})\.md)(#[\w-]+)?", text):
            problem = link_problem(ROOT / "README.md", document + anchor)
            if problem:
                yield f"{name} {problem}"


def look_up():
    found = [f"{document.relative_to(ROOT)} {problem}" for document in DOCUMENTS for problem in problems(document)]
    found += [f"README.md {problem}" for problem in problems_of_the_readme()]
    found += problems_of_the_sources()
    if found:
        raise SystemExit("\n".join(found))
    print(f"ok      links, anchors, paths and marks of {len(DOCUMENTS)} documents")


def script(document):
    """Yields the commands of a document. If an output block follows, the printed output is compared with it."""
    parts = list(blocks(document.read_text(encoding="utf-8")))
    for (mark, body), (next_mark, output) in zip(parts, parts[1:] + [("", "")]):
        if mark == RUN and next_mark in OUTPUTS:
            yield f"{{\n{body}}} > printed.txt\ndiff - printed.txt << 'END OF OUTPUT'\n{output}END OF OUTPUT\n"
        elif mark == RUN:
            yield body


def run(document, local):
    name = document.relative_to(ROOT)
    folder = Path(tempfile.mkdtemp())
    for shared in ("events", "infra"):
        (folder / shared).symlink_to(ROOT / shared)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"LOCAL": str(Path(local).resolve()), "ROOT": str(ROOT), "HOME": str(folder)}
    # rustup and cargo have their folders in the real HOME; HOME itself is replaced so that no configuration of the AWS CLI is found.
    for variable, folder_of_it in (("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")):
        environment.setdefault(variable, str(Path.home() / folder_of_it))
    commands = list(script(document))
    if not commands:
        return
    done = subprocess.run(["bash", "-c", PRELUDE + "set -x\n" + "\n".join(commands)], cwd=folder, env=environment)
    if done.returncode:
        raise SystemExit(f"{name}: a command failed with status {done.returncode}, or printed something other than {name} shows")
    print(f"ok      {name}: {len(commands)} blocks of commands were run", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--local", help="the program `local`; also run the commands of the documents")
    options = parser.parse_args()
    look_up()
    for each in DOCUMENTS if options.local else []:
        run(each, options.local)
