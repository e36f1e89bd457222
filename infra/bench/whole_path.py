"""Measures the bootstraps under the Runtime API: CPU, wall time and memory, next to the pure function.

    python3 infra/bench/whole_path.py --bootstraps target/lambda --local target/release/local --measure target/release/examples/measure

ingest reads pages of 100 posts from the emulated X API and stores each in S3; refine gets each of these files in a notification: GET,
refine, PUT, by the SDK over a socket. CPU is the user and system time of the function's process, without its start; `pure` is
`refine::refine` alone over the same files. Memory is the peak of the process. `--bootstraps` takes several builds for one table.
"""

import argparse
import glob
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../deploy-checks"))
from support.runtime_api import Function
from support.served import serve

WARM_UP = 3  # the first invocations open connections
EXPANSIONS = "author_id,referenced_tweets.id,referenced_tweets.id.author_id,entities.mentions.username"


class Measured(Function):
    """A bootstrap whose use of CPU and memory is read from /proc."""

    def __init__(self, bootstraps, name, environment):
        logging = {"LogGroup": name, "LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
        settings = {"Environment": {"Variables": environment}, "LoggingConfig": logging}
        super().__init__(f"{bootstraps}/{name}/bootstrap", {"FunctionName": name, "Timeout": 60, "MemorySize": 512, **settings}, {})

    def __enter__(self):
        super().__enter__()
        time.sleep(1)  # by then it has asked for its first event
        self.init_mib = self.peak_mib()
        return self

    def cpu_ms(self):
        """Returns the CPU time so far, over all threads, from the scheduler's nanoseconds, because ticks are too coarse."""
        tasks = glob.glob(f"/proc/{self.process.pid}/task/*/schedstat")
        return sum(int(open(task, encoding="ascii").read().split()[0]) for task in tasks) / 1e6

    def cost(self, event):
        """Returns CPU and wall milliseconds of one invocation, and its answer."""
        before, started = self.cpu_ms(), time.perf_counter()
        answer = self.invoke(event)
        return self.cpu_ms() - before, (time.perf_counter() - started) * 1e3, answer


def of_ingest(bootstraps, environment, files):
    """Returns CPU and wall milliseconds per 100 posts of the second run, MiB after init, and peak MiB."""
    caps = {"MAX_POSTS_PER_RUN": str(files * 100), "MAX_POSTS_PER_MONTH": "0", "LOOKBACK_MINUTES": "10000"}
    with Measured(bootstraps, "ingest", {**environment, **caps}) as ingest:
        ingest.invoke({})
        cpu, wall, answer = ingest.cost({})
        return cpu * 100 / answer["posts"], wall * 100 / answer["posts"], ingest.init_mib, ingest.peak_mib()


def of_refine(bootstraps, environment, lake):
    """Returns the same per file, as medians."""
    files = sorted(glob.glob(f"{lake}/xpto-raw/tweets/**/*.json", recursive=True))
    with Measured(bootstraps, "refine", environment) as refine:
        costs = [refine.cost(created(os.path.relpath(path, f"{lake}/xpto-raw"))) for path in files]
        cpu, wall = (statistics.median(column) for column in list(zip(*costs[WARM_UP:]))[:2])
        return cpu, wall, refine.init_mib, refine.peak_mib()


def created(key):
    """Returns S3's notification of a new object."""
    object = {"key": key.replace("=", "%3D")}
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "xpto-raw"}, "object": object}}]}


def pure_ms(measure, lake):
    """Returns the median time of `refine::refine`."""
    output = subprocess.run([measure, f"{lake}/xpto-raw/tweets"], check=True, capture_output=True, text=True).stdout
    number, unit = re.search(r"median: ([\d.]+)(µs|ms)", output).groups()
    return float(number) / (1 if unit == "ms" else 1000)


def row(fields, function, cpu, wall, init, peak, build, pure=None):
    pure = f"{pure:.2f} | {cpu / pure:.1f}" if pure else "|"
    print(f"| {fields} | {function} | {cpu:.2f} | {wall:.1f} | {pure} | {init:.1f} | {peak:.1f} | {build} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bootstraps", required=True, nargs="+")
    arguments.add_argument("--local", required=True)
    arguments.add_argument("--measure", required=True, help="the built example `measure` of refine")
    arguments.add_argument("--files", type=int, default=50)
    arguments = arguments.parse_args()
    print("| fields | function | CPU ms | wall ms | pure ms | CPU ÷ pure | MiB after init | MiB at most | build |")
    print("|---|---|--:|--:|--:|--:|--:|--:|---|")
    for fields, asked in (("default", {}), ("expansions", {"X_EXPANSIONS": EXPANSIONS})):
        for bootstraps in arguments.bootstraps:
            with tempfile.TemporaryDirectory() as lake:
                server, environment = serve(arguments.local, lake, "--x-search-limit", "100000")
                try:
                    row(fields, "ingest, 100 posts", *of_ingest(bootstraps, {**environment, **asked}, arguments.files), bootstraps)
                    costs = of_refine(bootstraps, environment, lake)
                    row(fields, "refine, a file", *costs, bootstraps, pure_ms(arguments.measure, lake))
                finally:
                    server.terminate()
                    server.wait()


main()
