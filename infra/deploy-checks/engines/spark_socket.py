"""The same lines, at the same moments, to Spark's socket source and to `cargo run -- stream --source tcp://…`: the same tables, trigger by
trigger, compared as sets.

    python infra/deploy-checks/engines/spark_socket.py --local target/debug/local

Needs requirements/spark.txt and Java 17; takes about two minutes. A server sends each piece to both and waits until both have counted it.
Windows are of the time of arrival, so their pieces are sent at fixed seconds within windows that are aligned to the clock, for all
queries at once. Spark may begin a trigger in the middle of a piece; a case that differs is therefore played again, twice at most.
"""

import argparse
import base64
import datetime
import json
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

from pyspark.sql import functions
from spark_stream import Spark

EXERCISES = pathlib.Path(__file__).resolve().parents[2] / "word-counts/tests/exercises"
PIECES = ["azul", "Azul", "verde", "", " ", "\t", "ação", "ac\u0327a\u0303o", "😀", "\u00a0", "a,b", "\u0085", "\u2028", "\0", "\ufeff"]
BROKEN = [b"\xff", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc3", b"\xc0\x80", b"\xf4\x90\x80\x80"]


def recorded(name):
    """The inputs of the recorded runs; their outputs are for `cargo test`."""
    cases = [json.loads(line) for line in (EXERCISES / name).read_text().splitlines()]
    return [case for case in cases if "refused" not in case and case.get("shuffle_partitions", 1) == 1]


def made_up(seed, mode):
    """Lines of odd pieces, cut at any byte, with any line end."""
    rng, steps = random.Random(seed), []
    for _ in range(10):
        text = b""
        for _ in range(rng.randrange(1, 4)):
            words = [rng.choice(BROKEN) if rng.random() < 0.2 else rng.choice(PIECES).encode() for _ in range(rng.randrange(5))]
            text += rng.choice([b" ", b"  "]).join(words) + rng.choice([b"\n", b"\r\n", b"\r"])
        cut = rng.randrange(len(text) + 1)
        steps += [{"send_base64": base64.b64encode(part).decode()} for part in (text[:cut], text[cut:]) if part]
    return {"case": f"made up, seed {seed}", "mode": mode, "steps": steps + [{"send": "fim"}, {"close": True}]}


def query_of(spark, case, port):
    lines = spark.session.readStream.format("socket").options(host="127.0.0.1", port=port, includeTimestamp=True).load()
    if case.get("late_ms") is not None:
        lines = lines.withWatermark("timestamp", f"{case['late_ms']} milliseconds")
    words = lines.select("timestamp", functions.explode(functions.split("value", " ")).alias("word"))
    window = case.get("window_ms")
    keys = [functions.window("timestamp", f"{window} milliseconds", f"{case['slide_ms']} milliseconds")] if window else []
    counts = words.groupBy(*keys, "word").count()
    start = functions.unix_millis("window.start") if window else functions.lit(None)
    return counts.select(start.alias("start"), "word", "count")


class Case:
    """One case, played to both."""

    def __init__(self, spark, local, case, lake):
        self.steps, self.spark_triggers, self.our_triggers = case["steps"], {}, {}
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(60)
        port = server.getsockname()[1]

        def keep(batch, number):
            self.spark_triggers[number] = {(row.start, row.word, row["count"]) for row in batch.collect()}

        self.running = query_of(spark, case, port).writeStream.outputMode(case["mode"]).foreachBatch(keep).start()
        connections = [server.accept()[0]]
        arguments = [local, "--lake", lake, "stream", "--source", f"tcp://127.0.0.1:{port}", "--mode", case["mode"], "--sink", "stdout"]
        if case.get("window_ms"):
            arguments += ["--window", f"{case['window_ms']}ms", "--slide", f"{case['slide_ms']}ms"]
        if case.get("late_ms") is not None:
            arguments += ["--late", f"{case['late_ms']}ms"]
        self.ours = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.read_ours, daemon=True).start()
        connections.append(server.accept()[0])
        server.close()
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections = connections

    def read_ours(self):
        rows = set()
        for line in self.ours.stdout:
            row = json.loads(line)
            if "rows" in row:
                self.our_triggers[row["trigger"]], rows = rows, set()
            else:
                start = row["window"] and int(datetime.datetime.fromisoformat(row["window"]["start"]).timestamp() * 1000)
                rows.add((start, row["word"], row["count"]))

    def play(self, aligned):
        """Waits after each piece until both have counted it; `aligned` is the second that `at` counts from."""
        self.settle()
        for step in self.steps:
            if "at" in step:
                time.sleep(max(0, aligned + step["at"] - time.time()))
            elif "send" in step or "send_base64" in step:
                piece = step["send"].encode() if "send" in step else base64.b64decode(step["send_base64"])
                for connection in self.connections:
                    connection.sendall(piece)
                self.settle()
            elif "close" in step:
                for connection in self.connections:
                    connection.shutdown(socket.SHUT_RDWR)
                self.settle()

    def settle(self):
        time.sleep(0.15)
        self.running.processAllAvailable()
        wanted = time.time() + 10
        while len(self.our_triggers) < len(self.spark_triggers) and time.time() < wanted:
            time.sleep(0.01)
        time.sleep(0.05)

    def end(self):
        self.running.stop()
        self.ours.kill()
        self.ours.wait()
        for connection in self.connections:
            connection.close()


def play(spark, local, cases):
    """Plays cases side by side; returns those that differ."""
    seconds = max((step["align"] for case in cases for step in case["steps"] if "align" in step), default=0)
    with tempfile.TemporaryDirectory() as folder:
        played = [Case(spark, local, case, pathlib.Path(folder) / str(number)) for number, case in enumerate(cases)]
        aligned = (time.time() // seconds + 1) * seconds if seconds else 0
        threads = [threading.Thread(target=case.play, args=[aligned]) for case in played]
        for step in (threading.Thread.start, threading.Thread.join):
            for thread in threads:
                step(thread)
        for case in played:
            case.end()
    different = []
    for case, of in zip(cases, played):
        want, got = of.spark_triggers, of.our_triggers
        title = f"{case['case']}, {case['mode']}"
        if want == got:
            print(f"same: {title}: {len(want)} triggers, {sum(map(len, want.values()))} rows", flush=True)
            continue
        number = next(number for number in sorted(want.keys() | got.keys()) if want.get(number) != got.get(number))
        print(f"different: {title}, trigger {number}\n    spark {want.get(number)}\n    ours  {got.get(number)}", flush=True)
        different.append(case)
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--local", default="target/debug/local", help="the program that `cargo build` makes")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    spark = Spark()
    waits = recorded("modes.jsonl") + [made_up(seed, mode) for seed in range(options.seeds) for mode in ("complete", "update")]
    groups = [[case] for case in waits] + [recorded("windows.jsonl")]
    failures = 0
    for group in groups:
        for _ in range(3):
            group = play(spark, options.local, group)
            if not group:
                break
        failures += len(group)
    print(f"{failures} of {len(waits) + len(recorded('windows.jsonl'))} cases differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
