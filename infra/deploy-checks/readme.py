"""Runs the commands of README.md, one block after the other, in one shell and an empty folder.

A block is ```sh, and is run here, or ```sh account, and needs an account; anything else that looks like a command fails.
`cargo run` is the program `--local`; `serve` and `cargo lambda watch` go on in the background, and what `serve` prints is pasted.
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PRELUDE = r"""
set -euo pipefail
trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT
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
    "$LOCAL" "$@" > serve.txt & wait_for serve.txt SEARCH_QUERY
    . ./serve.txt ;;
  "lambda watch")
    local log=$PWD/watch.txt
    (cd "$ROOT" && exec cargo "$@" > "$log" 2>&1) & wait_for "$log" "starting Runtime server" ;;
  "lambda invoke" | "build --bin") (cd "$ROOT" && exec cargo "$@") ;;
  *) echo "no step of .ci/run is known for: cargo $*" >&2; exit 1 ;;
  esac
}
"""


def blocks(text):
    """Info string and commands of each fenced block."""
    return re.findall(r"^```(.*)\n((?:.*\n)*?)^```$", text, re.MULTILINE)


def run(local):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    unmarked = [info for info, _ in blocks(text) if info not in ("sh", "sh account")]
    outside = re.sub(r"^```(.*\n)*?```$", "", text, flags=re.MULTILINE)
    unmarked += re.findall(r"^ {4,}(?:cargo|aws|sam|git|pip|python3?) .*", outside, re.MULTILINE)
    if unmarked:
        raise SystemExit(f"not marked as run or as needing an account: {unmarked}")
    commands = [block for info, block in blocks(text) if info == "sh"]
    folder = Path(tempfile.mkdtemp())
    for name in ("events", "infra"):
        (folder / name).symlink_to(ROOT / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"LOCAL": str(Path(local).resolve()), "ROOT": str(ROOT), "HOME": str(folder)}
    # rustup and cargo look for their folders in HOME, which is another one so that no configuration of the AWS CLI is found.
    for name, folder_of_it in (("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")):
        environment.setdefault(name, str(Path.home() / folder_of_it))
    script = PRELUDE + "set -x\n" + "\n".join(commands)
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment)
    if done.returncode:
        raise SystemExit(f"a command of the README failed with status {done.returncode}")
    count = sum(len(block.splitlines()) for block in commands)
    print(f"ok      {count} commands of the README were run, {len(blocks(text)) - len(commands)} blocks need an account")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--local", required=True, help="the binary `local`")
    run(parser.parse_args().local)
