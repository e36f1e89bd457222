"""Runs both release bootstraps under the Runtime API against `serve`, and reads their files with other tools."""

import argparse
import glob
import json
import os
import tempfile

import duckdb
import pyarrow.parquet

from support.runtime_api import Failed, Function
from support.served import check, serve


def function(bootstraps, name, environment):
    logging = {"LogGroup": "/aws/lambda/" + name, "LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}
    properties = {"FunctionName": name, "Timeout": 60, "MemorySize": 256, "LoggingConfig": logging, "Environment": {"Variables": environment}}
    return Function(f"{bootstraps}/{name}/bootstrap", properties, {})


def metrics(function):
    """Returns the sums of the metrics that a function has printed so far, by name."""
    sums = {}
    for line in function.lines:
        document = json.loads(line)
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            if directive["Namespace"] != "XptoTweets" or document["FunctionName"] != function.name:
                raise SystemExit(f"FAILED  {line}")
            for metric in directive["Metrics"]:
                sums[metric["Name"]] = sums.get(metric["Name"], 0) + document[metric["Name"]]
    return sums


def sample(name):
    return json.load(open(os.path.join(os.path.dirname(__file__), "../../../events", name + ".json")))


def s3_event(bucket, path, root):
    key = os.path.relpath(path, os.path.join(root, bucket))
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": key.replace("=", "%3D")}}}
    return {"Records": [record]}


def run(bootstraps, local):
    lake = tempfile.mkdtemp()
    server, environment = serve(local, lake)
    try:
        for name, variable in [("ingest", "RAW_BUCKET"), ("refine", "REF_BUCKET")]:
            with function(bootstraps, name, {}) as unconfigured:
                for _ in range(2):
                    try:
                        unconfigured.invoke({})
                    except Failed as failed:
                        check(failed.type == "ConfigInvalid" and variable in failed.message, f"{name} without variables is ConfigInvalid")

        # In a busy half hour the emulated X has more posts than one run reads by default.
        with function(bootstraps, "ingest", {**environment, "MAX_POSTS_PER_RUN": "3000"}) as ingest:
            answer = ingest.invoke(sample("scheduler-tick"))
            check(answer["status"] == "complete" and answer["posts"] > 0, f"ingest answers: {json.dumps(answer)}")
            check(ingest.logs("ingest finished"), "ingest logs its summary")
            log = "".join(ingest.lines)
            printed = metrics(ingest)
            check(printed["Posts"] == answer["posts"] and printed["ColdStarts"] == 1, f"ingest prints its metrics: {json.dumps(printed)}")
            check("zarabatana7Qk2v" not in log and "zarpelim" not in log, "no token and no tweet text in its log at debug level")

        raw_files = sorted(glob.glob(f"{lake}/xpto-raw/tweets/**/*.json", recursive=True))
        documents = [json.load(open(path)) for path in raw_files]
        sizes = sorted(len(document["data"]) for document in documents)
        check(sum(sizes) == answer["posts"] and sizes[-1] <= 100 and all(size == 100 for size in sizes[1:]), f"RAW holds {sizes} tweets")
        for path, document in zip(raw_files, documents):
            oldest = min(document["data"], key=lambda tweet: int(tweet["id"]))
            minute = oldest["created_at"][:16].replace(":", "-")
            check(os.path.basename(path).startswith(minute), f"{os.path.basename(path)} names the minute of its oldest tweet")

        with function(bootstraps, "refine", environment) as refine:
            messages = [
                {"messageId": str(place), "body": json.dumps(s3_event("xpto-raw", path, lake))} for place, path in enumerate(raw_files)
            ]
            batch = {"Records": [{**message, "eventSource": "aws:sqs", "attributes": {}} for message in messages]}
            answer = refine.invoke(batch)
            check(answer == {"batchItemFailures": []}, "refine reports no failures to the queue")
            again = refine.invoke(batch)
            check(again == {"batchItemFailures": []}, "nor when the batch is delivered again")
            check(refine.invoke(sample("s3-test-event"))["ignored"] == 1, "s3:TestEvent is ignored by name")
            failures = [failure["itemIdentifier"] for failure in refine.invoke(sample("sqs-one-bad-file"))["batchItemFailures"]]
            check(len(failures) == 2, "both messages of a batch of missing files fail")
            try:
                refine.invoke({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "elsewhere"}, "object": {"key": "tweets/a.json"}}}]})
                check(False, "a missing bucket is an error")
            except Failed as failed:
                check(failed.type == "RawUnreadable" and "404 NoSuchBucket" in failed.message, "a missing bucket is RawUnreadable")
            errors = [line for line in refine.lines if json.loads(line).get("level") == "ERROR"]
            # The runtime logs each error a second time with all its contents; an SDK error contains the whole answer.
            check(errors and not any("SdkBody" in line or "raw:" in line for line in errors), "no log line contains an answer of S3")
            printed = metrics(refine)
            by_minute = sum(printed.get(name, 0) for name in ("RowsPositivo", "RowsNegativo", "RowsNeutro"))
            check(printed["Rows"] == by_minute + printed.get("BackfillRows", 0) == sum(sizes), f"refine counts each row once: {json.dumps(printed)}")
            check("zarpelim" not in "".join(refine.lines), "no tweet text in its log at debug level")

        parquet = f"{lake}/xpto-ref/tweets/**/*.parquet"
        rows, distinct = duckdb.sql(f"SELECT count(*), count(DISTINCT id) FROM read_parquet('{parquet}')").fetchall()[0]
        check(rows == distinct == sum(sizes), f"DuckDB reads {rows} rows, each tweet once")
        schema = pyarrow.parquet.read_schema(glob.glob(parquet, recursive=True)[0])
        check(str(schema.field("criado_em").type) == "timestamp[ms, tz=UTC]", "pyarrow reads criado_em as UTC milliseconds")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstraps", required=True, help="folder with ingest/bootstrap and refine/bootstrap")
    parser.add_argument("--local", required=True, help="the binary `local`")
    arguments = parser.parse_args()
    run(arguments.bootstraps, arguments.local)
