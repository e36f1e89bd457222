"""Invokes every sample of events/ with `cargo lambda invoke` against `cargo lambda watch` and `serve`, as docs/laptop.md shows it."""

import argparse
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb

from support.served import check, serve

ROOT = Path(__file__).resolve().parents[3]
FIRST = "2026-11-23T14-05Z_2124866860615730246_2124870575825357463.parquet"
BY_HAND = "by%20hand%2Fpresid%C3%AAncia%20%2B%20a%C3%A7%C3%A3o.json.parquet"
BAD_MESSAGE = {"itemIdentifier": "c80e8021-a70a-42c7-a470-796e1186f753"}
START_SECONDS = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


class Watch:
    """Runs `cargo lambda watch` in an environment for the `with` block."""

    def __init__(self, environment, log):
        self.port, self.log = free_port(), log
        self.environment = {**os.environ, **environment}

    def __enter__(self):
        command = ["cargo", "lambda", "watch", "--ignore-changes", "--invoke-address", "127.0.0.1", "--invoke-port", self.port]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self.process.terminate()  # it also ends the functions that it started
        self.process.wait()

    def invoke(self, function, sample):
        """Returns the function's answer; `cargo lambda invoke` has its own exit code for errors."""
        command = ["cargo", "lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", self.port, function]
        command += ["--data-file", f"events/{sample}.json", "--output-format", "json"]
        until = time.monotonic() + START_SECONDS
        while True:
            done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
            if done.returncode == 0:
                return json.loads(done.stdout)
            if "error sending request" not in done.stderr.lower() or time.monotonic() > until:  # not listening yet
                raise SystemExit(f"{' '.join(command)}: {done.stderr}{open(self.log, encoding='utf-8').read()[-4000:]}")
            time.sleep(0.2)


def parquet(lake):
    return sorted(path.name for path in Path(lake).glob("xpto-ref/tweets/**/*.parquet"))


def run(local):
    # Built first, as docs/laptop.md does, so that the first invocation does not wait for the compiler.
    subprocess.run(["cargo", "build", "--bin", "ingest", "--bin", "refine"], cwd=ROOT, check=True)
    lake = tempfile.mkdtemp()
    shutil.copytree(ROOT / "events" / "raw", f"{lake}/xpto-raw")
    server, environment = serve(local, lake)
    try:
        # A busy half hour has more posts than one run reads by default.
        with Watch({**environment, "MAX_POSTS_PER_RUN": "3000"}, f"{lake}/watch.log") as watch:
            started = time.monotonic()
            answer = watch.invoke("refine", "s3-put")
            print(f"        the first answer took {time.monotonic() - started:.1f} s")
            check((answer["files_created"], answer["rows"]) == (1, 3) and parquet(lake) == [FIRST], "s3-put writes its file, three rows")
            answer = watch.invoke("refine", "eventbridge-object-created")
            check((answer["files_created"], answer["rows"]) == (1, 1), "eventbridge-object-created writes the file added by hand")
            check(parquet(lake) == [FIRST, BY_HAND], "under its own name")
            check(watch.invoke("refine", "sqs-two-puts") == {"batchItemFailures": []}, "sqs-two-puts reports that both messages are processed")
            check(watch.invoke("refine", "sqs-one-bad-file") == {"batchItemFailures": [BAD_MESSAGE]}, "sqs-one-bad-file returns the bad message")
            answer = watch.invoke("refine", "s3-test-event")
            check((answer["ignored"], answer["objects"]) == (1, 0), "s3-test-event is ignored")
            answer = watch.invoke("refine", "reprocess")
            want = {"objects": 2, "files_unchanged": 1, "failures": 1, "next": None}
            check({name: answer[name] for name in want} == want, "reprocess processes the day in spite of the bad file")
            check(parquet(lake) == [FIRST, BY_HAND], "and REF contains nothing else")
            symbols = duckdb.sql(
                f"SELECT simbolo, sentimento FROM read_parquet('{lake}/xpto-ref/tweets/**/*.parquet') ORDER BY id"
            ).fetchall()
            check(symbols == [(None, "Neutro"), (":(", "Negativo"), ("<3", "Positivo"), (":)", "Positivo")], "REF has the four rows")

            answer = watch.invoke("ingest", "scheduler-tick")
            check(answer["status"] == "complete" and answer["posts"] > 0, f"scheduler-tick captures {answer['posts']} posts")
            log = open(watch.log, encoding="utf-8").read()
            texts = ("zarabatana7Qk2v", "zarpelim", "cortado no meio", "um texto posto")
            check("ingest finished" in log and not any(text in log for text in texts), "the log contains no token and no text")
        check({path.stem for path in (ROOT / "events").glob("*.json")} == SAMPLES, "every sample was invoked")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(lake)


SAMPLES = {
    "eventbridge-object-created",
    "reprocess",
    "s3-put",
    "s3-test-event",
    "scheduler-tick",
    "sqs-one-bad-file",
    "sqs-two-puts",
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local", required=True, help="the binary `local`")
    run(parser.parse_args().local)
