"""Real processes, real deaths: both bootstraps killed at random moments, retried as Lambda and SQS would, with rivals.

    python crash.py --bootstraps target/lambda --local target/debug/local --kills 60 --seed 1

Time goes by faster than the clock: each run may read closer to now than the one before, by a smaller SAFETY_LAG_SECONDS.
Afterwards the processes run in peace until all is quiet, and invariants.py reads the files. The seed chooses what happens to
which request; when that is, the machine decides. Ends with status 1 if anything does not hold.
"""

import argparse
import contextlib
import hashlib
import json
import logging
import random
import signal
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from invariants import Happened, Lake, Run, parse, violations
from mutations import MUTATIONS, unnoticed
from runtime_api import Died, Failed, Function
from served import serve
from sqs import Queue
from tap import Tap
from translated import REGION, Stack, template, translate

TIMEOUT = {"ingest": 1.5, "refine": 5}
REQUESTS = {"ingest": 12, "refine": 4}  # the chosen one, on average
OVERRUN = 4  # long enough for a frozen run to wake up after its lease
VISIBILITY = 2
FATES = {  # what happens at the chosen request, and how often
    "killed before": 3,  # it is never sent
    "killed after": 3,  # it is carried out, and nobody learns of it
    "killed, request late": 2,  # it is carried out seconds after the process is gone
    "killed at a moment": 3,  # wherever that is
    "answer lost": 1,
    "frozen": 1,  # until its lease has run out; the request goes out first
}
QUIET_RUNS_MAX = 60
BEFORE_NOW_MINUTES = 24 * 60  # the largest SAFETY_LAG_SECONDS there is


class World:
    """The servers, the queue, and what is known of everything that happened."""

    def __init__(self, arguments, environment, lake, queue, functions):
        self.random, self.arguments = random.Random(arguments.seed), arguments
        self.environment, self.lake, self.queue, self.functions = environment, lake, queue, functions
        self.lock = threading.RLock()
        self.lag_s, self.has_peace, self.late = BEFORE_NOW_MINUTES * 60, False, 0
        self.kills, self.fates, self.ends = Counter(), Counter(), Counter()
        self.runs, self.sent, self.first_seen, self.cursors, self.logs = [], {}, {}, [], []
        self.problems, self.memory = [], Counter()

    def chance(self, share):
        with self.lock:
            return self.random.random() < share

    def uniform(self, low, high):
        with self.lock:
            return self.random.uniform(low, high)

    def fate(self, name):
        """(what, at which request) of the next invocation; (None, 0) for a good one."""
        with self.lock:
            if self.has_peace or self.random.random() < 0.2:
                return None, 0
            what = self.random.choices(list(FATES), list(FATES.values()))[0]
            return what, int(self.random.expovariate(1 / REQUESTS[name])) + 1

    def chosen(self, among):
        with self.lock:
            return self.random.choice(among)

    def announce(self, key):
        """As S3 tells the queue of a new object, some time later."""
        self.queue.send(notification(self.environment["RAW_BUCKET"], key), delay=int(self.uniform(0, 3)))

    def variables(self, name):
        variables = {key: value for key, value in self.environment.items() if not key.startswith("AWS_")}
        if name == "ingest":
            extra = self.arguments.kills * 6  # minutes of posts for the first, long sweep
            lookback = min(BEFORE_NOW_MINUTES + extra, 7 * 24 * 60)
            variables |= {"LOOKBACK_MINUTES": lookback, "SAFETY_LAG_SECONDS": int(self.lag_s), "LEASE_MARGIN_SECONDS": 0}
            variables |= {"MAX_POSTS_PER_RUN": 10_000 if self.has_peace else 700, "MAX_POSTS_PER_MONTH": 0}
        return variables

    def time_goes_by(self):
        """A sweep is closed: the next one may read closer to now."""
        with self.lock:
            step = BEFORE_NOW_MINUTES * 60 / max(self.arguments.kills / 4, 10)
            self.lag_s = max(2, self.lag_s - self.random.uniform(0.5, 1.5) * step)


class Sandbox:
    """One process of a function, behind taps of its own; from `with` to the end of its block, or its death."""

    def __init__(self, world, name):
        self.world, self.name, self.lag_s = world, name, world.lag_s
        self.taps = {key: Tap(world.environment[key], self.act) for key in ("AWS_ENDPOINT_URL", "X_API_BASE_URL")}
        properties = {**world.functions[name], "Timeout": 30 if world.has_peace else TIMEOUT[name]}
        urls = {key: tap.url for key, tap in self.taps.items()}
        properties["Environment"] = {"Variables": world.variables(name) | urls}
        properties["LoggingConfig"] = {**properties["LoggingConfig"], "ApplicationLogLevel": "DEBUG"}
        account = {key: value for key, value in world.environment.items() if key.startswith("AWS_") and key not in urls}
        self.function = Function(bootstrap(world.arguments.bootstraps, name), properties, account, overrun=OVERRUN)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        for tap in self.taps.values():
            self.stack.enter_context(tap)
        self.stack.enter_context(self.function)
        return self

    def __exit__(self, *_):
        self.world.memory[self.name] = max(self.world.memory[self.name], self.function.peak_mib() or 0)
        self.stack.close()
        with self.world.lock:
            self.world.logs += self.function.lines

    def invoke(self, event):
        """The answer; None if it failed or died."""
        world = self.world
        self.what, self.at = world.fate(self.name)
        self.requests, self.was_killed = 0, False
        with world.lock:
            self.run = Run(len(world.runs))
            if self.name == "ingest":
                world.runs.append(self.run)
        self.is_at_work = True
        try:
            answer = self.function.invoke(event)
        except Died:
            with world.lock:
                world.kills[self.name] += 1
                world.ends[f"{self.name}: {'killed' if self.was_killed else 'overran its timeout'}"] += 1
            return None
        except Failed as failed:
            world.ends[f"{self.name}: {failed.type}"] += 1
            return None
        finally:
            self.is_at_work = False
        self.run.answer = answer
        world.ends[f"{self.name}: {answer.get('status', 'answered')}"] += 1
        return answer

    def kill(self, run=None):
        """Kills the process; for the sake of `run` only if that still goes on."""
        if run is None or (self.is_at_work and self.run is run):
            self.was_killed = True
            self.function.process.kill()

    def act(self, request, forward):
        world = self.world
        with world.lock:
            self.requests += 1
            is_chosen = self.what and self.requests == self.at
            if self.what == "killed at a moment":
                is_chosen = False
            if self.what == "killed at a moment" and self.requests == 1:
                world.fates[self.what] += 1
                threading.Timer(world.uniform(0, TIMEOUT[self.name] * 0.6), self.kill, [self.run]).start()
            run = self.run
            if is_chosen:
                world.fates[self.what] += 1
        if not world.has_peace:
            time.sleep(world.uniform(0, world.arguments.latency_ms / 1000))
        if not is_chosen:
            return self.watch(run, request, forward)
        if self.what == "killed before":
            self.kill()
            return None
        if self.what == "killed, request late":
            with world.lock:
                world.late += 1
            self.kill()
            time.sleep(world.uniform(0, 2 * TIMEOUT[self.name]))
            self.watch(run, request, forward)
            with world.lock:
                world.late -= 1
            return None
        if self.what == "frozen":
            self.function.process.send_signal(signal.SIGSTOP)
            time.sleep(TIMEOUT[self.name] + world.uniform(0, 1.5))
            answer = self.watch(run, request, forward)
            self.function.process.send_signal(signal.SIGCONT)
            return answer
        answer = self.watch(run, request, forward)
        if self.what == "killed after":
            self.kill()
        return None if self.what in ("killed after", "answer lost") else answer

    def watch(self, run, request, forward):
        """Lets a request through, and notes what it did."""
        world, key = self.world, urllib.parse.unquote(urllib.parse.urlsplit(request.path).path)
        raw = f"/{world.environment['RAW_BUCKET']}/"
        is_new_raw = request.method == "PUT" and key.startswith(raw + "tweets/")
        if is_new_raw and world.arguments.broken == "if-none-match":
            Path(world.lake, key[1:]).unlink(missing_ok=True)
        try:
            answer = forward(request)
        except OSError as error:
            with world.lock:
                world.problems.append(f"{request.method} {key}: {error}")
            return None
        with world.lock:
            if answer.status == 200 and request.path.startswith("/2/tweets/search/recent"):
                tweets = parse(answer.body).get("data", [])
                world.sent |= {int(tweet.get("id")): tweet for tweet in tweets}
                run.served += [int(tweet.get("id")) for tweet in tweets]
            elif answer.status == 200 and is_new_raw:
                body = Path(world.lake, key[1:]).read_bytes()
                run.put |= {int(tweet.get("id")) for tweet in parse(body).get("data")}
                world.first_seen.setdefault(key.removeprefix(raw), hashlib.sha256(body).hexdigest())
            elif answer.status == 200 and request.method == "PUT" and key == raw + "state/ingest.json":
                world.cursors.append(json.loads(request.body))
        if answer.status == 200 and is_new_raw:
            # S3 tells the queue at least once, and not in the order of events.
            for _ in range(2 if world.chance(0.1) else 1):
                world.announce(key.removeprefix(raw))
        return answer


def bootstrap(folder, name):
    """The layout of `cargo lambda build`, or programs side by side."""
    return next(path for path in (folder / name / "bootstrap", folder / name) if path.is_file())


def notification(bucket, key):
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": urllib.parse.quote_plus(key, "/")}}}
    return json.dumps({"Records": [record]})


def work(world, name, turn, is_over, pause_s):
    """One invocation after the other, in a process that is warm or new, until it is over."""
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
        world.time_goes_by()
    return answer


def refine_turn(world, sandbox):
    size = 10 if world.has_peace else int(world.uniform(1, 6))
    records = world.queue.batch(size)
    if not records and not world.has_peace and world.first_seen:
        # Nothing waits, so what is done is announced again.
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
    """Three that ingest, rivals each of the other, and two that refine, until enough of each have died."""
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
    """Without faults: ingest until it finds nothing new twice, then the queue until it is empty, dead letters too."""
    world.has_peace, world.lag_s = True, 2
    while world.late:
        time.sleep(0.1)
    runs, complete = 0, 0
    with Sandbox(world, "ingest") as sandbox:
        while complete < 2 and runs < QUIET_RUNS_MAX:
            answer = sandbox.invoke({}) or {"status": "failed"}
            runs, complete = runs + 1, complete + 1 if answer["status"] == "complete" else 0
            time.sleep(0.2)
    if complete < 2:
        world.problems.append(f"after {runs} runs without a fault ingest is not done")
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


def due(environment, first, done):
    """Ids in `[first, done)` that X serves at the end: those were there all along."""
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


def tell(world, lake, seconds, in_chaos, runs, redriven, is_due):
    killed = sum(world.kills.values())
    print(f"{killed} deaths in {seconds:.0f} s: {dict(world.kills)}; {runs} runs in peace, {redriven} dead letters redriven")
    for title, counts in (("what happened to requests", world.fates), ("how invocations ended", world.ends)):
        print(f"  {title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    sizes = [len(ids) for ids in lake.ids.values()]
    paid, posts = sum(len(run.served) for run in world.runs), sum(sizes)
    print(f"  {len(is_due)} posts are due, {posts} are in {len(sizes)} RAW files ({sizes.count(100)} of 100 posts, {in_chaos} put before the peace)")
    print(f"  and in {len(lake.ref)} Parquet files")
    print(f"  X sent {paid} posts, {paid - len(world.sent)} of them again; {len(world.cursors)} cursor writes; {len(world.logs)} log lines")
    print("  most memory: " + ", ".join(f"{name} {mib:.0f} MiB" for name, mib in sorted(world.memory.items())))


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
        is_due = due(environment, int(world.cursors[0]["done"]), int(world.cursors[-1]["done"]))
        happened = Happened(world.sent, is_due, world.first_seen, world.runs, world.cursors, world.logs)
    finally:
        process.terminate()
        process.wait()
    files = Lake(lake)
    tell(world, files, seconds, in_chaos, runs, redriven, happened.due)
    found = [("INV-4", problem) for problem in world.problems] + list(violations(files, happened))
    for invariant, text in found[:20]:
        print(f"  VIOLATED {invariant}: {text}")
    print(f"  {len(found)} violations {dict(Counter(invariant for invariant, _ in found))}; seed {arguments.seed}, lake {lake}")
    if not found:
        failures = list(unnoticed(lake, happened))
        for failure in failures:
            print(f"  THE CHECKER FAILS: {failure}")
        print(f"  {len(MUTATIONS) - len(failures)} of {len(MUTATIONS)} damages to the lake are found")
        found += failures
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstraps", required=True, type=Path, help="folder with ingest and refine, or ingest/bootstrap and refine/bootstrap")
    parser.add_argument("--local", required=True, help="the binary `local`")
    parser.add_argument("--kills", type=int, default=60, help="deaths, half of each function")
    parser.add_argument("--seconds", type=float, default=600, help="end of the chaos, whatever is left to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=10, help="a request takes up to this much longer")
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
