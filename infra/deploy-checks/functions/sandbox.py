"""The world of a process, and a sandbox whose taps kill it, freeze it and lose its answers."""

import contextlib
import hashlib
import json
import random
import signal
import threading
import time
import urllib.parse
from collections import Counter
from pathlib import Path

from invariants import Run, parse
from support.runtime_api import Died, Failed, Function
from support.tap import Tap

TIMEOUT = {"ingest": 1.5, "refine": 5}
REQUESTS = {"ingest": 12, "refine": 4}  # the request that meets a fault, on average
OVERRUN = 4  # long enough for a frozen run to resume after its lease
VISIBILITY = 2
FATES = {  # what happens at the chosen request, and its weight
    "killed before": 3,  # the request is never sent
    "killed after": 3,  # the request is applied, and its answer is lost
    "killed, request late": 2,  # the request is applied seconds after the process has died
    "killed at a moment": 3,  # at any point of the run
    "answer lost": 1,
    "frozen": 1,  # until its lease has expired; its request is applied just before it resumes
}
BEFORE_NOW_MINUTES = 24 * 60  # the maximum of SAFETY_LAG_SECONDS


class World:
    """The servers, the queue, and a record of everything that happened."""

    def __init__(self, arguments, environment, lake, queue, functions):
        self.random, self.arguments = random.Random(arguments.seed), arguments
        self.environment, self.lake, self.queue, self.functions = environment, lake, queue, functions
        self.lock = threading.RLock()
        self.lag_s, self.has_peace, self.under_way = BEFORE_NOW_MINUTES * 60, False, 0
        self.invocations, self.kills, self.fates, self.ends = Counter(), Counter(), Counter(), Counter()
        self.runs, self.sent, self.first_seen, self.cursors, self.logs = [], {}, {}, {}, []
        self.problems, self.memory = [], Counter()

    def chance(self, share):
        with self.lock:
            return self.random.random() < share

    def uniform(self, low, high):
        with self.lock:
            return self.random.uniform(low, high)

    def fate(self, name):
        """Returns (what, at which request) for the next invocation, (None, 0) without a fault. Depends only on the seed and the number."""
        with self.lock:
            self.invocations[name] += 1
            chance = random.Random(f"{self.arguments.seed} {name} {self.invocations[name]}")
        if self.has_peace or chance.random() < 0.2:
            return None, 0
        return chance.choices(list(FATES), list(FATES.values()))[0], int(chance.expovariate(1 / REQUESTS[name])) + 1

    def chosen(self, among):
        with self.lock:
            return self.random.choice(among)

    def announce(self, key):
        """Announces a new object to the queue as S3 does, some time later."""
        self.queue.send(notification(self.environment["RAW_BUCKET"], key), delay=int(self.uniform(0, 3)))

    def variables(self, name):
        variables = {key: value for key, value in self.environment.items() if not key.startswith("AWS_")}
        if name == "ingest":
            extra = self.arguments.kills * 6  # minutes of posts in the first, long sweep
            lookback = min(BEFORE_NOW_MINUTES + extra, 7 * 24 * 60)
            variables |= {"LOOKBACK_MINUTES": lookback, "SAFETY_LAG_SECONDS": int(self.lag_s), "LEASE_MARGIN_SECONDS": 0}
            variables |= {"MAX_POSTS_PER_RUN": 10_000 if self.has_peace else 700, "MAX_POSTS_PER_MONTH": 0}
        return variables

    def pass_time(self):
        """Called when a sweep is closed: the next one may read closer to now."""
        with self.lock:
            step = BEFORE_NOW_MINUTES * 60 / max(self.arguments.kills / 4, 10)
            self.lag_s = max(2, self.lag_s - self.random.uniform(0.5, 1.5) * step)


class Sandbox:
    """One process of a function with its own taps; lives for the `with` block or until its death."""

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
        """Returns the answer; None if it failed or died."""
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
        """Kills the process; with `run`, only if that run is still active."""
        if run is None or (self.is_at_work and self.run is run):
            self.was_killed = True
            self.function.process.kill()

    def act(self, request, forward):
        world, what, run = self.world, self.what_now(), self.run
        with world.lock:
            world.under_way += 1
        try:
            if not world.has_peace:
                time.sleep(world.uniform(0, world.arguments.latency_ms / 1000))
            if what in ("killed before", "killed, request late"):
                self.kill()
            if what == "killed before":
                return None
            if what == "killed, request late":
                time.sleep(world.uniform(0, 2 * TIMEOUT[self.name]))
            if what == "frozen":
                self.function.process.send_signal(signal.SIGSTOP)
                time.sleep(TIMEOUT[self.name] + world.uniform(0, 1.5))
            served = len(run.served)
            answer = self.watch(run, request, forward)
            if what == "answer lost":
                run.lost = len(run.served) - served
            if what == "frozen":
                self.function.process.send_signal(signal.SIGCONT)
            if what == "killed after":
                self.kill()
            return answer if what in (None, "frozen") else None
        finally:
            with world.lock:
                world.under_way -= 1

    def what_now(self):
        """Returns what happens at this request. Starts the timer of a death at any moment."""
        world = self.world
        with world.lock:
            self.requests += 1
            if self.what == "killed at a moment":
                if self.requests == 1:
                    world.fates[self.what] += 1
                    threading.Timer(world.uniform(0, TIMEOUT[self.name] * 0.6), self.kill, [self.run]).start()
                return None
            if self.what is None or self.requests != self.at:
                return None
            world.fates[self.what] += 1
            return self.what

    def watch(self, run, request, forward):
        """Forwards a request and records its effect."""
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
                world.first_seen.setdefault(key.removeprefix(raw), hashlib.sha256(body).hexdigest())
            elif answer.status == 200 and request.method == "PUT" and key == raw + "state/ingest.json":
                world.cursors[header(request, "if-match")] = header(answer, "etag"), json.loads(request.body)
        if answer.status == 200 and is_new_raw:
            # S3 notifies the queue at least once, and in any order.
            for _ in range(2 if world.chance(0.1) else 1):
                world.announce(key.removeprefix(raw))
        return answer


def bootstrap(folder, name):
    """Finds a bootstrap in the layout of `cargo lambda build`, or in a folder of programs."""
    return next(path for path in (folder / name / "bootstrap", folder / name) if path.is_file())


def notification(bucket, key):
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": urllib.parse.quote_plus(key, "/")}}}
    return json.dumps({"Records": [record]})


def header(message, name):
    return next((value for key, value in message.headers if key.lower() == name), None)
