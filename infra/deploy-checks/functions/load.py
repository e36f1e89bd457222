"""Sends fifty thousand posts through the bootstraps: ingest in one invocation, refine in parallel, then refine alone once more.

    python load.py --bootstraps target/lambda --local target/debug/local

Reports the time and the memory of the processes, and checks the files. Memory is flat if the second half of the work adds less than
FLAT_MIB to the peak of the first.
"""

import argparse
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from crash import due
from invariants import Happened, Lake, nothing_is_missed, nothing_is_captured_twice, ref_matches_raw
from support.runtime_api import Function
from sandbox import bootstrap, notification
from support.served import check, serve
from support.translated import Stack, template, translate

FLAT_MIB = 4
TIMEOUT_S = 900  # the longest that Lambda allows
SAMPLE_S = 0.2


class Memory:
    """Records the peak memory of a process against its progress."""

    def __init__(self, function, progress):
        self.function, self.progress, self.samples, self.is_over = function, progress, [], False
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()

    def watch(self):
        while not self.is_over:
            self.sample()
            time.sleep(SAMPLE_S)
        self.sample()

    def sample(self):
        if peak := self.function.peak_mib():
            self.samples.append((self.progress(), peak))

    def report(self, name):
        done, peak = self.samples[-1]
        half = next(peak for progress, peak in self.samples if progress >= done / 2)
        check(peak - half <= FLAT_MIB, f"{name}: at most {half:.1f} MiB in the first half of the work, {peak:.1f} MiB in all")


def function(arguments, stack, name, environment):
    properties = {**stack.properties(f"{name.title()}Function"), "Timeout": TIMEOUT_S}
    variables = {key: value for key, value in environment.items() if not key.startswith("AWS_")}
    if name == "ingest":
        variables |= {"LOOKBACK_MINUTES": arguments.minutes, "MAX_POSTS_PER_RUN": 100_000, "MAX_POSTS_PER_MONTH": 0}
    account = {key: value for key, value in environment.items() if key.startswith("AWS_")}
    return Function(bootstrap(arguments.bootstraps, name), {**properties, "Environment": {"Variables": variables}}, account)


def message(number, path, lake):
    key = str(path.relative_to(Path(lake, "xpto-raw")))
    return {"messageId": str(number), "eventSource": "aws:sqs", "attributes": {}, "body": notification("xpto-raw", key)}


def refine_in_parallel(arguments, stack, environment, lake, is_ingested):
    """Delivers files as they appear, ten at a time, to several processes. Returns the workers, their memory and the failures."""
    seen, lock, failures, batches = set(), threading.Lock(), [], Counter()

    def take():
        with lock:
            new = [path for path in sorted(Path(lake, "xpto-raw").glob("tweets/**/*.json")) if path not in seen][:10]
            seen.update(new)
            return new

    def work(number):
        with function(arguments, stack, "refine", environment) as refine, Memory(refine, lambda: batches[number]) as memory:
            while True:
                was_ingested = is_ingested.is_set()
                if paths := take():
                    answer = refine.invoke({"Records": [message(place, path, lake) for place, path in enumerate(paths)]})
                    batches[number] += 1
                    failures.extend(answer["batchItemFailures"])
                elif was_ingested:
                    break
                else:
                    time.sleep(SAMPLE_S)
        memories.append(memory)

    memories = []
    workers = [threading.Thread(target=work, args=(number,)) for number in range(arguments.processes)]
    for worker in workers:
        worker.start()
    return workers, memories, failures


def run(arguments):
    stack, lake = Stack(translate(template())), tempfile.mkdtemp()
    server, environment = serve(arguments.local, lake, "--x-search-limit", "100000")
    try:
        is_ingested, started = threading.Event(), time.monotonic()
        first = int((time.time() - arguments.minutes * 60 + 60) * 1000 - 1288834974657) << 22  # a minute of slack
        workers, memories, failures = refine_in_parallel(arguments, stack, environment, lake, is_ingested)
        raw_files = lambda: sum(1 for _ in Path(lake, "xpto-raw").glob("tweets/**/*.json"))
        with function(arguments, stack, "ingest", environment) as ingest, Memory(ingest, raw_files) as memory:
            answer = ingest.invoke({})
            ingest_s = time.monotonic() - started
        is_ingested.set()
        for worker in workers:
            worker.join()
        all_s = time.monotonic() - started
        check(answer["status"] == "complete", f"one run of ingest: {answer['posts']} posts, {answer['files']} files in {ingest_s:.0f} s")
        memory.report("ingest")
        check(not failures, f"refine in {arguments.processes} processes: done {all_s - ingest_s:.1f} s after ingest")
        for number, one in enumerate(memories):
            one.report(f"refine {number}")

        with function(arguments, stack, "refine", environment) as refine:
            steps = []
            with Memory(refine, lambda: len("".join(refine.lines))) as memory:
                order, started = {"reprocess": {"bucket": "xpto-raw", "prefix": "tweets/"}}, time.monotonic()
                while order:
                    step = refine.invoke(order)
                    order = step["next"]
                    steps.append(step)
        objects = sum(step["objects"] for step in steps)
        check(objects == answer["files"], f"refine alone over all {objects} files again: {time.monotonic() - started:.0f} s")
        memory.report("refine alone")

        files = Lake(lake)
        captured = {id_ for ids in files.ids.values() for id_ in ids}
        happened = Happened({}, due(environment, first, int(files.cursor()["done"])), {}, [], [], [])
        lost = list(nothing_is_missed(files, happened))
        twice = list(nothing_is_captured_twice(files, happened))
        differs = list(ref_matches_raw(files, happened))
        check(not lost and len(happened.due) > 0.9 * len(captured), f"{len(lost)} of {len(happened.due)} posts are lost")
        check(not twice, f"{len(captured)} posts are in RAW, {len(twice)} of them twice")
        check(not differs, f"REF has exactly these rows: {len(differs)} differ")
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstraps", required=True, type=Path, help="folder with ingest and refine, or ingest/bootstrap and refine/bootstrap")
    parser.add_argument("--local", required=True, help="the binary `local`")
    parser.add_argument("--minutes", type=int, default=6_000, help="minutes of emulated posts, about ten posts each; at most 10080")
    parser.add_argument("--processes", type=int, default=4, help="concurrent processes of refine")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
