"""Kills real processes: both bootstraps die at random moments, are retried as by Lambda and SQS, and have rivals.

    python crash.py --bootstraps target/lambda --local target/debug/local --kills 60 --seed 1

Time passes faster than the clock: each run may read closer to now than the one before, because its SAFETY_LAG_SECONDS is smaller.
Afterwards the processes run without faults until all is at rest, and invariants.py checks the files. The seed decides what happens
at which request of which invocation; when that is depends on the machine. Exits with status 1 if an invariant is violated.
"""

import argparse
import contextlib
import json
import logging
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from invariants import Happened, Lake, violations
from mutations import MUTATIONS, unnoticed
from sandbox import TIMEOUT, VISIBILITY, Sandbox, World
from support.served import serve
from support.sqs import Queue
from support.translated import REGION, Stack, template, translate

QUIET_RUNS_MAX = 60


def work(world, name, turn, is_over, pause_s):
    """Invokes a function repeatedly, in a warm or a new process, until `is_over`."""
    sandbox, stack = None, contextlib.ExitStack()
    with stack:
        while not is_over():
            is_usable = sandbox and sandbox.function.process.poll() is None and (name == "refine" or sandbox.lag_s == world.lag_s)
            if not is_usable or world.chance(0.15):
                stack.close()
                sandbox = stack.enter_context(Sandbox(world, name))
            turn(world, sandbox)
            time.sleep(world.uniform(0, pause_s))


def ingest_turn(world, sandbox):
    answer = sandbox.invoke({})
    if answer and answer["status"] == "complete":
        world.pass_time()
    return answer


def refine_turn(world, sandbox):
    size = 10 if world.has_peace else int(world.uniform(1, 6))
    records = world.queue.batch(size)
    if not records and not world.has_peace and world.first_seen:
        # The queue is empty, so a processed file is announced again.
        world.announce(world.chosen(sorted(world.first_seen)))
    if not records:
        time.sleep(0.1)
        return
    if not world.has_peace:
        with world.lock:
            world.random.shuffle(records)
    answer = sandbox.invoke({"Records": records})
    if answer:
        world.queue.settle(records, answer)


def chaos(world):
    """Runs three rival workers of ingest and two of refine until enough of each have died."""
    until = time.monotonic() + world.arguments.seconds
    half = world.arguments.kills / 2

    def is_over(name):
        return lambda: world.kills[name] >= half or time.monotonic() > until

    workers = [
        threading.Thread(target=work, args=(world, name, turn, is_over(name), pause_s))
        for name, turn, pause_s in [
            ("ingest", ingest_turn, 0.1), ("ingest", ingest_turn, 1), ("ingest", ingest_turn, 2),
            ("refine", refine_turn, 0.1), ("refine", refine_turn, 0.1),
        ]
    ]  # fmt: skip
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def peace(world):
    """Runs without faults: ingest until it finds nothing new twice, then the queue, dead letters included, until it is empty."""
    world.has_peace, world.lag_s = True, 2
    while world.under_way:  # requests that outlived their process
        time.sleep(0.1)
    runs, complete = 0, 0
    with Sandbox(world, "ingest") as sandbox:
        while complete < 2 and runs < QUIET_RUNS_MAX:
            answer = sandbox.invoke({}) or {"status": "failed"}
            runs, complete = runs + 1, complete + 1 if answer["status"] == "complete" else 0
            time.sleep(0.2)
    if complete < 2:
        world.problems.append(f"after {runs} runs without a fault ingest has not caught up")
    redriven = 0
    with Sandbox(world, "refine") as sandbox:
        for _ in range(2):
            until = time.monotonic() + 60
            while world.queue.left() and time.monotonic() < until:
                refine_turn(world, sandbox)
            if world.queue.dead():
                redriven += world.queue.redrive()
    if world.queue.left() or world.queue.dead():
        world.problems.append(f"{world.queue.left()} messages are left and {world.queue.dead()} are dead")
    return runs, redriven


def in_order(cursors):
    """Returns the cursors in order: each names the version that it replaced, while the tap may see them in another order."""
    version, ordered = None, []
    while version in cursors:
        version, cursor = cursors.pop(version)
        ordered.append(cursor)
    if cursors:
        raise SystemExit(f"{len(cursors)} cursor writes replaced an unknown version")
    return ordered


def due(environment, first, done):
    """Returns the ids in `[first, done)` that X serves at the end; X has served them all along."""
    account = {"region_name": environment["AWS_REGION"], "endpoint_url": environment["AWS_ENDPOINT_URL"]}
    account |= {f"aws_{name}": environment[f"AWS_{name}".upper()] for name in ("access_key_id", "secret_access_key")}
    secret = boto3.client("secretsmanager", **account).get_secret_value(SecretId=environment["X_SECRET_ID"])["SecretString"]
    headers = {"authorization": f"Bearer {json.loads(secret)['bearer_token']}"}
    found, until = set(), done
    while True:
        query = {"query": environment["SEARCH_QUERY"], "since_id": first - 1, "until_id": until, "max_results": 100}
        url = f"{environment['X_API_BASE_URL']}/2/tweets/search/recent?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            page = json.load(answer)
        found |= {int(tweet["id"]) for tweet in page.get("data", [])}
        if "next_token" not in page["meta"]:
            return found
        until = int(page["meta"]["oldest_id"])


def report(world, lake, seconds, in_chaos, runs, redriven, is_due):
    killed = sum(world.kills.values())
    print(f"{killed} deaths in {seconds:.0f} s: {dict(world.kills)}; {runs} runs without faults, {redriven} dead letters redriven")
    for title, counts in (("planned faults of requests", world.fates), ("ends of invocations", world.ends)):
        print(f"  {title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    sizes = [len(ids) for ids in lake.ids.values()]
    paid, posts = sum(len(run.served) for run in world.runs), sum(sizes)
    print(f"  {len(is_due)} posts are due, {posts} are in {len(sizes)} RAW files ({sizes.count(100)} of 100 posts, {in_chaos} put before the faults ended)")
    print(f"  and in {len(lake.ref)} Parquet files")
    print(f"  X sent {paid} posts, {paid - len(world.sent)} of them more than once; {len(world.cursors)} cursor writes; {len(world.logs)} log lines")
    print("  peak memory: " + ", ".join(f"{name} {mib:.0f} MiB" for name, mib in sorted(world.memory.items())))


def check(arguments, lake, endpoint):
    stack = Stack(translate(template()))
    process, environment = serve(arguments.local, lake, "--x-search-limit", "100000")
    try:
        keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        queue = Queue(boto3.client("sqs", region_name=REGION, endpoint_url=endpoint, **keys), stack, VISIBILITY)
        functions = {name: stack.properties(f"{name.title()}Function") for name in TIMEOUT}
        world = World(arguments, environment, lake, queue, functions)
        started = time.monotonic()
        chaos(world)
        seconds, in_chaos = time.monotonic() - started, len(world.first_seen)
        runs, redriven = peace(world)
        cursors = in_order(dict(world.cursors))
        is_due = due(environment, int(cursors[0]["done"]), int(cursors[-1]["done"]))
        happened = Happened(world.sent, is_due, world.first_seen, world.runs, cursors, world.logs)
    finally:
        process.terminate()
        process.wait()
    files = Lake(lake)
    report(world, files, seconds, in_chaos, runs, redriven, happened.due)
    found = [("INV-4", problem) for problem in world.problems] + list(violations(files, happened))
    for invariant, text in found[:20]:
        print(f"  VIOLATED {invariant}: {text}")
    print(f"  {len(found)} violations {dict(Counter(invariant for invariant, _ in found))}; seed {arguments.seed}, lake {lake}")
    if not found:
        failures = list(unnoticed(lake, happened))
        for failure in failures:
            print(f"  THE CHECKER FAILED: {failure}")
        print(f"  {len(MUTATIONS) - len(failures)} of {len(MUTATIONS)} kinds of damage to the lake are detected")
        found += failures
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstraps", required=True, type=Path, help="folder with ingest and refine, or ingest/bootstrap and refine/bootstrap")
    parser.add_argument("--local", required=True, help="the binary `local`")
    parser.add_argument("--kills", type=int, default=60, help="deaths, half of them of each function")
    parser.add_argument("--seconds", type=float, default=600, help="seconds after which the faults end, even with fewer deaths")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=10, help="maximum additional latency of a request")
    parser.add_argument("--broken", choices=["if-none-match"], help="an S3 that ignores this condition: violations are expected")
    arguments = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        found = check(arguments, tempfile.mkdtemp(), f"http://{host}:{port}")
    finally:
        server.stop()
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
