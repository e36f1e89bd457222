"""The same Parquet files through Spark's Structured Streaming and through `cargo run -- stream`: the same rows, trigger by trigger.

    python infra/deploy-checks/engines/spark_stream.py --local target/debug/local

Needs requirements/spark.txt and Java 17; takes some minutes, so CI runs only `--sessions`. Files are made from a seed: rows out of order,
minutes late, on the edges of windows, without words, without text. Each query is run in two ways: `backlog`, where all files are
there and each trigger takes one, and `trickle`, where a file arrives after all is done. The second has triggers without data between.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.parquet
from pyspark.sql import SparkSession, functions, types

ROOT = pathlib.Path(__file__).resolve().parents[3]
PATTERN = re.search(r"'(\(\?:https.*)'", (ROOT / "infra/athena/views/palavras.sql").read_text()).group(1)
STOP_LIST = (ROOT / "infra/athena/palavras_vazias.txt").read_text().split()

QUERIES = [  # mode, window, slide, lateness in seconds; no window is a running count, no slide makes the window the gap of sessions
    ("complete", 600, 300, 30),
    ("append", 600, 300, 30),
    ("update", 600, 300, 30),
    ("append", 600, 600, 0),
    ("update", 600, 600, 0),
    ("append", 420, 180, 90),  # a slide that does not divide the window
    ("update", 420, 180, 600),
    ("complete", None, None, None),
    ("update", None, None, None),
    ("append", 300, None, 30),
    ("complete", 300, None, 30),
    ("append", 60, None, 0),
]
START_MS = 1_795_442_400_000  # 2026-11-23T14:00Z
PIECES = [
    "Brasil", "brasil!", "PRESIDENTE", "presidência", "não", "que", "viva", "Viva,", "água", "guarda-chuva", "e\u0301poca", "a", "13", "13h",
    "covid19", "@planalto", "#Eleição2026", "https://t.co/Brasil?x=viva", "www.gov.br/viva", "&amp;", "rock", "😂", "kkkk", "\n", "ONDE", "çÇã",
]  # fmt: skip
SCHEMA = pyarrow.schema([("criado_em", pyarrow.timestamp("ms", "UTC")), ("texto", pyarrow.string())])


def rows_of(seed, files):
    """For each file its rows (milliseconds, text). Time goes on by a few minutes a file; some rows are much older."""
    rng, now = random.Random(seed), START_MS
    for _ in range(files):
        now += rng.choice([0, 1_000, 60_000, 200_000, 300_000, 700_000])
        rows = []
        for _ in range(rng.choice([0, 1, 3, 12])):
            at = now - rng.choice([0, 0, 1, 999, 30_000, 30_001, 120_000, 600_000, 1_800_000]) + rng.choice([0, 0, 1, 500])
            if rng.random() < 0.3:
                at -= at % 60_000  # the edge of many windows
            words = [rng.choice(PIECES) for _ in range(rng.randrange(8))]
            rows.append((at, None if rng.random() < 0.1 else " ".join(words)))
        if rng.random() < 0.2:  # the newest row of all has no word: it moves the watermark nevertheless
            rows.append((now + 90_000, rng.choice([None, "", "13 @planalto"])))
        yield rows


def put(folder, number, rows):
    """One file, which appears whole, later than the one before it also by its time of modification."""
    folder.mkdir(parents=True, exist_ok=True)
    hidden, path = folder / f"_{number:04}", folder / f"{number:04}.parquet"
    columns = [pyarrow.array(column, field.type) for column, field in zip(zip(*rows) if rows else ([], []), SCHEMA)]
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=SCHEMA), hidden)
    os.utime(hidden, (START_MS / 1000 + number, START_MS / 1000 + number))
    hidden.rename(path)


class Spark:
    """The reference."""

    def __init__(self):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        builder = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "1").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        self.session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")

    def run(self, query, files, folder, is_backlog):
        """Rows by trigger, and the triggers that dropped late rows."""
        mode, window, slide, late = query
        (folder / "files").mkdir()
        schema = types.StructType([types.StructField("criado_em", types.TimestampType()), types.StructField("texto", types.StringType())])
        tweets = self.session.readStream.schema(schema).option("maxFilesPerTrigger", 1).parquet(str(folder / "files"))
        if window:
            tweets = tweets.withWatermark("criado_em", f"{late} seconds")
        found = functions.regexp_extract_all(functions.lower("texto"), functions.lit(PATTERN), functions.lit(1))
        words = tweets.select("criado_em", functions.explode(found).alias("word")).where((functions.col("word") != "") & ~functions.col("word").isin(STOP_LIST))
        keys = []
        if window:
            span = functions.window("criado_em", f"{window} seconds", f"{slide} seconds") if slide else functions.session_window("criado_em", f"{window} seconds")
            keys = [span.alias("span")]
        counts = words.groupBy(*keys, "word").count()
        start, end = ((functions.unix_millis(f"span.{side}") if window else functions.lit(None)) for side in ("start", "end"))
        counts = counts.select(start.alias("start"), end.alias("end"), "word", "count")
        by_trigger = {}

        def keep(batch, number):
            by_trigger[number] = sorted((row.start, row.end, row.word, row["count"]) for row in batch.collect())

        writer = counts.writeStream.outputMode(mode).foreachBatch(keep).option("checkpointLocation", str(folder / "spark"))
        if is_backlog:
            for number, rows in enumerate(files):
                put(folder / "files", number, rows)
            running = writer.trigger(availableNow=True).start()
            running.awaitTermination()
        else:
            running = writer.start()
            for number, rows in enumerate(files):
                put(folder / "files", number, rows)
                running.processAllAvailable()
        progress = {step["batchId"]: step for step in map(lambda step: json.loads(step.json), running.recentProgress)}
        running.stop()
        dropped = {n for n, step in progress.items() if any(operator["numRowsDroppedByWatermark"] for operator in step["stateOperators"])}
        return by_trigger, dropped


def ours(local, query, files, folder, is_backlog):
    """Rows by trigger, and the triggers that dropped late rows."""
    mode, window, slide, late = query
    lake, sink = folder / "lake", folder / "rows.json"
    arguments = [local, "--lake", lake, "stream", "--once", "--no-ingest", "--files-per-trigger", "1", "--mode", mode, "--sink", f"json:{sink}"]
    if window:
        arguments += ["--window", f"{window}s", "--slide", f"{slide}s"] if slide else ["--session", f"{window}s"]
        arguments += ["--late", f"{late}s"]
    progress = ""
    for number, rows in enumerate(files):
        put(lake / "xpto-ref/tweets/ano=2026/mes=11/dia=23", number, rows)
        if not is_backlog or number == len(files) - 1:
            progress += subprocess.run(list(map(str, arguments)), check=True, capture_output=True, text=True).stderr
    triggers = re.findall(r"^trigger (\d+): .* late_dropped (\d+)", progress, re.MULTILINE)
    by_trigger = {int(number): [] for number, _ in triggers}
    for line in sink.read_text().splitlines():
        row = json.loads(line)
        start, end = (row["window"] and int(datetime.datetime.fromisoformat(row["window"][side]).timestamp() * 1000) for side in ("start", "end"))
        by_trigger[row["trigger"]].append((start, end, row["word"], row["count"]))
        assert row["mode"] == mode
    return {number: sorted(rows) for number, rows in by_trigger.items()}, {int(number) for number, dropped in triggers if int(dropped)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--local", default="target/debug/local", help="the program that `cargo build` makes")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--sessions", action="store_true", help="only the queries with sessions")
    options = parser.parse_args()
    queries = [query for query in QUERIES if not options.sessions or (query[1] and not query[2])]
    spark, failures, compared = Spark(), 0, 0
    for seed in range(options.seeds):
        files = list(rows_of(seed, options.files))
        for query in queries:
            for is_backlog in (True, False):
                with tempfile.TemporaryDirectory() as folder:
                    folder = pathlib.Path(folder)
                    want, want_dropped = spark.run(query, files, folder, is_backlog)
                    got, got_dropped = ours(options.local, query, files, folder, is_backlog)
                rows = sum(map(len, want.values()))
                same = want == got and want_dropped == got_dropped
                title = f"seed {seed} {query} {'backlog' if is_backlog else 'trickle'}"
                print(f"{'same' if same else 'DIFFERENT'}: {title}: {len(want)} triggers, {rows} rows, {len(want_dropped)} with late rows", flush=True)
                compared += rows
                if not same:
                    failures += 1
                    for number in sorted(want.keys() | got.keys()):
                        if want.get(number) != got.get(number) or (number in want_dropped) != (number in got_dropped):
                            print(f"  trigger {number}\n    spark {want.get(number)} late {number in want_dropped}\n    ours  {got.get(number)} late {number in got_dropped}")
                            break
    print(f"{compared} rows compared, {failures} of {2 * len(queries) * options.seeds} runs differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
