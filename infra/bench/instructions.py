"""Counts the instructions of the hot paths under valgrind, and fails if one needs more than expected.

    CARGO_PROFILE_RELEASE_LTO=off cargo build --release -p refine -p sentiment -p tweets --examples
    python3 infra/bench/instructions.py target/release/examples [FOLDER OF generate]

A count does not depend on the speed or load of the machine. Each program runs a few rounds and then many, and the difference is divided
by the rounds between them, so that its start cancels out. The file is the first of `generate`: 100 tweets, every field and expansion.
"""

import glob
import re
import subprocess
import sys
import tempfile

# Thousands of instructions per round. A change that is meant to cost more, or that costs less, updates them to what this program prints.
EXPECTED = {
    "label_again": 3_631,  # the sentiment of 1,000 tweets
    "capture_again": 17_813,  # a page of 100 posts into a RAW document
    "refine_again": 6_503,  # a RAW document into Parquet
}
TOLERANCE = 0.05  # another libc, another instruction set, random hashes
FEW, MANY = 2, 12
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]


def counted(*command):
    output = subprocess.run([*VALGRIND, *command], check=True, stderr=subprocess.PIPE, text=True).stderr
    return int(re.search(r"I\s+refs:\s+([\d,]+)", output)[1].replace(",", ""))


def main(examples, of_generate=None):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([f"{of_generate or examples}/generate", folder, "1", "1", "full"], check=True, stdout=subprocess.DEVNULL)
        raw = glob.glob(f"{folder}/**/*.json", recursive=True)
        has_more = False
        for name, expected in EXPECTED.items():
            files = [] if name == "label_again" else raw  # it creates its own tweets
            few, many = (counted(f"{examples}/{name}", str(rounds), *files) for rounds in (FEW, MANY))
            found = (many - few) / (MANY - FEW) / 1000
            has_more |= found > expected * (1 + TOLERANCE)
            print(f"{name:14} {found:>7,.0f} thousand instructions a round, {found / expected - 1:+.1%} of the {expected:,} expected")
    if has_more:
        sys.exit("more instructions than expected: reduce them, or raise EXPECTED and explain in the commit what they buy")


main(*sys.argv[1:])
