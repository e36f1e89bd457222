"""Tests poison messages and their redrive end to end: the refine bootstrap between an emulated S3 and SQS with the template's settings.

    python poison.py --bootstraps target/lambda

Six messages can never be processed, while good files keep arriving and one process is killed. Each of the six must end in the
dead-letter queue after the template's number of deliveries, with its reason in the log, and no good file may wait longer than one
visibility timeout. Then the causes are removed and the dead letters redriven, and REF must have each tweet once.
"""

import argparse
import io
import json
import logging
import threading
import time
from pathlib import Path
from urllib.parse import unquote_plus

import pyarrow.parquet
from moto.server import ThreadedMotoServer

from bootstraps import Emulated, want
from support.runtime_api import Died, Function
from sandbox import bootstrap, notification
from support.tap import Answer, Tap
from support.translated import Stack, template, translate
from support.x_api import posts

VISIBILITY = 4
FILES, PER_FILE, EVERY_S = 60, 5, 0.2
ANSWER_S = 2  # seconds for a process to start and to answer
KILLED_AT = "good-30"  # the process is killed once, when it writes this file
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Refine:
    """Runs the bootstrap and restarts it when it has died. Its requests go through a tap that can kill it and refuse writes."""

    def __init__(self, folder, properties, emulated):
        self.folder, self.properties, self.emulated = folder, properties, emulated
        self.deaths, self.refuses, self.lines, self.function = 0, "refused", [], None
        self.tap = Tap(emulated.environment["AWS_ENDPOINT_URL"], self.act)

    def __enter__(self):
        self.tap.__enter__()
        return self

    def __exit__(self, *_):
        self.end()
        self.tap.__exit__()

    def end(self):
        if self.function:
            self.function.__exit__()
            self.lines += self.function.lines
            self.function = None

    def act(self, request, forward):
        if request.method == "PUT" and KILLED_AT in request.path and not self.deaths:
            self.function.process.kill()
            return None
        if request.method == "PUT" and self.refuses and self.refuses in request.path:
            return Answer(403, [("content-type", "application/xml")], DENIED)
        return forward(request)

    def invoke(self, event):
        """Returns the answer; None if the process died."""
        if not self.function:
            environment = self.emulated.environment | {"AWS_ENDPOINT_URL": self.tap.url}
            self.function = Function(bootstrap(self.folder, "refine"), self.properties, environment).__enter__()
        try:
            return self.function.invoke(event)
        except Died:
            self.deaths += 1
            self.end()
            return None


class Poller:
    """Acts as Lambda's poller: delivers batches, deletes processed messages, and records when that was."""

    def __init__(self, queue, refine, batch_size, whole_batches):
        self.queue, self.refine, self.batch_size, self.whole_batches, self.done_at = queue, refine, batch_size, whole_batches, {}

    def poll(self):
        records = self.queue.batch(self.batch_size)
        if not records:
            time.sleep(0.05)
            return
        answer = self.refine.invoke({"Records": records})
        if answer is not None and not (self.whole_batches and answer["batchItemFailures"]):
            failed = self.queue.settle(records, answer)
            for record in records:
                if record["messageId"] not in failed:
                    for one in json.loads(record["body"]).get("Records", []):
                        self.done_at.setdefault(unquote_plus(one["s3"]["object"]["key"]), time.monotonic())

    def until_empty(self, seconds):
        until = time.monotonic() + seconds
        while self.queue.left() and time.monotonic() < until:
            self.poll()


def document(tweets):
    return json.dumps({"data": tweets, "meta": {}}).encode()


def check(stack, folder, endpoint, whole_batches):
    emulated = Emulated(stack, endpoint, VISIBILITY)
    functions = {name: stack.properties(f"{name.title()}Function") for name in ("ingest", "refine")}
    raw, ref = functions["ingest"]["Environment"]["Variables"]["RAW_BUCKET"], functions["refine"]["Environment"]["Variables"]["REF_BUCKET"]
    made = posts(FILES * PER_FILE + 20, int(time.time() * 1000))
    good, rest = made[: FILES * PER_FILE], made[FILES * PER_FILE :]
    put_at, expected = {}, {int(post["id"]) for post in good}

    def put(key, body):
        put_at[key] = time.monotonic()
        emulated.s3.put_object(Bucket=raw, Key=key, Body=body, IfNoneMatch="*")

    poison = {  # key, or its substitute in the log → error type
        "tweets/cut.json": "RawRejected",
        "tweets/without-an-id.json": "RawRejected",
        "tweets/large.json": "RawTooLarge",
        "tweets/missing.json": "RawMissing",
        "tweets/refused.json": "RefUnwritable",
        "a message that is not JSON": "EventUnknown",
    }

    def traffic():
        for number in range(FILES):
            put(f"tweets/good-{number:02}.json", document(good[number * PER_FILE : (number + 1) * PER_FILE]))
            if number == 10:
                put("tweets/cut.json", document(rest[:5])[:-40])
                nameless = {name: value for name, value in rest[5].items() if name != "id"}
                put("tweets/without-an-id.json", document([*rest[6:9], nameless]))
                put("tweets/large.json", b" " * (9 << 20))
                put("tweets/refused.json", document(rest[10:15]))
                emulated.queue.send(notification(raw, "tweets/missing.json"))
                emulated.queue.send("a message that is not JSON")
            time.sleep(EVERY_S)

    with Refine(folder, functions["refine"], emulated) as refine:
        poller = Poller(emulated.queue, refine, stack.properties("RefineFunctionNewFiles")["BatchSize"], whole_batches)
        sender = threading.Thread(target=traffic)
        sender.start()
        while sender.is_alive():
            poller.poll()
        poller.until_empty(10 * VISIBILITY)
        refine.end()

        print("poison")
        want(not emulated.queue.left() and emulated.queue.dead() == len(poison), f"{emulated.queue.dead()} of {len(poison)} are dead letters")
        fields = [json.loads(line).get("fields", {}) for line in refine.lines]  # a line of metrics has none
        rejected = [line for line in fields if line.get("message") in ("object rejected", "message rejected")]
        for name, error_type in poison.items():
            reasons = [line for line in rejected if line.get("key", "a message that is not JSON") == name]
            is_logged = reasons and all(line["error_type"] == error_type and line["error"] for line in reasons)
            most = emulated.queue.receives_max
            # A delivery that ended with the death of the process has no log line.
            want(is_logged and most - refine.deaths <= len(reasons) <= most, f"{name}: {error_type}, logged {len(reasons)} times in {most} deliveries")
        delays = sorted(poller.done_at.get(key, float("inf")) - put_at[key] for key in put_at if key.startswith("tweets/good"))
        want(refine.deaths == 1, "one process was killed while it processed a batch")
        summary = f"{len(delays)} good files: median {delays[len(delays) // 2]:.2f} s, longest {delays[-1]:.2f} s from put to done"
        want(len(delays) == FILES and delays[-1] <= VISIBILITY + ANSWER_S, f"{summary}, visibility {VISIBILITY} s")

        print("redrive")
        # Nothing is fixed yet, so all of them become dead letters again.
        emulated.queue.redrive()
        poller.until_empty(10 * VISIBILITY)
        want(emulated.queue.dead() == len(poison), "without a fix each of them is a dead letter again")
        # RAW is immutable: the missing file is put, the write is allowed, and a broken file gets a corrected copy under another key.
        emulated.s3.put_object(Bucket=raw, Key="tweets/missing.json", Body=document(rest[15:20]), IfNoneMatch="*")
        refine.refuses = None
        put("tweets/cut-corrected.json", document(rest[:5]))
        expected |= {int(post["id"]) for post in [*rest[:5], *rest[10:20]]}
        emulated.queue.redrive()
        poller.until_empty(10 * VISIBILITY)
        want(emulated.queue.dead() == 4, "fixed messages are processed, the other 4 are dead letters again")
        refine.end()
    ids = []
    for key in emulated.keys(ref, "tweets/"):
        body = emulated.s3.get_object(Bucket=ref, Key=key)["Body"].read()
        ids += pyarrow.parquet.read_table(io.BytesIO(body), columns=["id"], partitioning=None)["id"].to_pylist()
    want(sorted(ids) == sorted(expected), f"{len(ids)} rows: each good and each repaired tweet once, none of a rejected file")


def main():
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstraps", required=True, type=Path, help="folder with refine, or refine/bootstrap")
    parser.add_argument("--whole-batches", action="store_true", help="ignore which messages failed, so that the check must fail")
    arguments = parser.parse_args()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        check(Stack(translate(template())), arguments.bootstraps, f"http://{host}:{port}", arguments.whole_batches)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
