"""Refines the same RAW files with `reprocess` and with its peers, alternately, and prints the time of each.

    infra/bench/run.sh [--files 2000] [--seed 1] [--rounds 3] [--only reprocess]

CPU and wall time are of whole processes, including their start; the result is the median of the rounds. A ratio within one table is
meaningful; a time by itself is not, since it depends on the machine and its load.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = "reprocess, per RAW file"


def run(command):
    """Runs a command. Returns its wall and CPU seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def parquet_bytes(folder):
    files = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names if name.endswith(".parquet")]
    return len(files), sum(map(os.path.getsize, files))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--local", required=True, help="the built `local`")
    arguments.add_argument("--generate", required=True, help="the built example `generate`")
    arguments.add_argument("--files", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", default="", help="only peers with this in their name")
    arguments = arguments.parse_args()
    peer = lambda name, *more: lambda raw, ref: [sys.executable, os.path.join(HERE, name), raw, ref, *more]
    tools = {
        OURS: lambda raw, ref: [arguments.local, "reprocess", "--raw", raw, "--ref", ref],
        "pyarrow, per RAW file": peer("peer_pyarrow.py", "--per-file"),
        "DuckDB, per RAW file": peer("peer_duckdb.py", "--per-file"),
        "DuckDB, bulk": peer("peer_duckdb.py"),
        "pyarrow, bulk": peer("peer_pyarrow.py"),
    }
    tools = {name: command for name, command in tools.items() if arguments.only in name or name == OURS}
    # Nothing is deleted before the end: when ext4 creates a file, it scans past every inode deleted in the last minutes, which after a few
    # thousand of them takes longer than refining.
    with tempfile.TemporaryDirectory() as folder:
        for shape in ("default", "full"):
            measure(tools, arguments, shape, os.path.join(folder, shape))


def measure(tools, arguments, shape, folder):
    raw = os.path.join(folder, "raw")
    subprocess.run([arguments.generate, raw, str(arguments.files), str(arguments.seed), shape], check=True)
    times = {name: [] for name in tools}
    for turn in range(arguments.rounds):
        for name, command in tools.items():
            times[name].append(run(command(raw, os.path.join(folder, f"{name}, {turn}"))))
    refs = {name: os.path.join(folder, f"{name}, 0") for name in tools}
    subprocess.run([sys.executable, os.path.join(HERE, "compare.py"), *refs.values()], check=True)
    ours = statistics.median(wall for wall, _ in times[OURS])
    tweets = arguments.files * 100
    print(f"\n| {shape} shape, {tweets} tweets | wall s | CPU s | µs/tweet | tweets/s | wall ÷ ours | files | bytes/tweet |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name in tools:
        wall, cpu = (statistics.median(column) for column in zip(*times[name]))
        files, size = parquet_bytes(refs[name])
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {cpu / tweets * 1e6:.1f} | {tweets / wall:,.0f} | {wall / ours:.1f} | {files} | {size / tweets:.0f} |")
    print(flush=True)


main()
