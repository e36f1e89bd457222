"""Runs the bootstraps in the environment that the template gives them, against an emulated S3, SQS and Secrets Manager.

Covers the path from the stored token to rows in Parquet: ingest fails and prints the command while the secret is empty, and stores
files once it has a value; each file is announced through the queue, refine answers, and the Parquet has the columns of the Glue table.

    python bootstraps.py [FOLDER]    FOLDER/ingest/bootstrap and FOLDER/refine/bootstrap; default target/lambda
"""

import argparse
import io
import json
import logging
import time
from pathlib import Path

import boto3
import pyarrow.parquet
from moto.server import ThreadedMotoServer

from support.bodies import notification
from support.runtime_api import Failed, Function
from support.sqs import Queue
from support.translated import REGION, ROOT, Stack, template, translate
from support.x_api import XApi, posts

TOKEN = "AAAAmadeUpTokenOfTheDeploymentChecks"
POSTS = 230  # three files, two of them full
GLUE = {  # pyarrow's names for the types of the table
    "bigint": ["int64"],
    "string": ["string"],
    "boolean": ["bool"],
    "timestamp": ["timestamp[ms, tz=UTC]"],
    "array<string>": ["list<element: string not null>", "list<element: string>", "list<item: string>"],
}
UNITS = {"Count", "Milliseconds", "None", "Seconds"}  # a subset of CloudWatch's units


def want(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")
    print(f"  ok: {what}")


class Emulated:
    """The stack's buckets, queue and secret in moto."""

    def __init__(self, stack, endpoint, visibility=None):
        self.environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
        }

        def client(service):
            keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
            return boto3.client(service, region_name=REGION, endpoint_url=endpoint, **keys)

        self.s3, self.sqs, self.secrets = client("s3"), client("sqs"), client("secretsmanager")
        self.queue = Queue(self.sqs, stack, visibility)
        for bucket in stack.of_type("AWS::S3::Bucket").values():
            name = bucket["BucketName"]
            self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
            if "NotificationConfiguration" in bucket:
                self.s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=notification(bucket))
        for secret in stack.of_type("AWS::SecretsManager::Secret").values():
            self.secrets.create_secret(**secret)
            self.secret = secret["Name"]

    def keys(self, bucket, prefix):
        return sorted(one["Key"] for one in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []))


def pump(queue, refine, size):
    """Delivers the queue to refine until it is empty. Returns the number of messages, and which of them failed."""
    messages, failed = 0, set()
    while records := queue.batch(size):
        answer = refine.invoke({"Records": records})
        failed |= queue.settle(records, answer)
        messages += len(records)
    return messages, failed


def columns(table):
    declared = table["TableInput"]["StorageDescriptor"]["Columns"]
    return [(column["Name"], column["Type"]) for column in declared]


def metric_faults(document, now_ms):
    """Yields what CloudWatch would silently drop. Source: its user guide, embedded metric format specification."""
    at = document["_aws"]["Timestamp"]
    if not isinstance(at, int) or not -14 * 86_400_000 <= at - now_ms <= 7_200_000:
        yield f"{at} is not a time in milliseconds within the last two weeks"
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            if len(dimensions) > 30 or not all(isinstance(document.get(name), str) and document[name] for name in dimensions):
                yield f"dimensions {dimensions}"
        if not directive["Namespace"] or not 1 <= len(directive["Metrics"]) <= 100:
            yield f"{len(directive['Metrics'])} metrics in namespace {directive['Namespace']}"
        for metric in directive["Metrics"]:
            if metric["Unit"] not in UNITS or type(document.get(metric["Name"])) not in (int, float):
                yield f"{metric} is {document.get(metric['Name'])}"


def check(stack, folder, endpoint):
    functions = {name: stack.properties(f"{name.title()}Function") for name in ("ingest", "refine")}
    batch_size = stack.properties("RefineFunctionNewFiles")["BatchSize"]
    raw = functions["ingest"]["Environment"]["Variables"]["RAW_BUCKET"]
    ref = functions["refine"]["Environment"]["Variables"]["REF_BUCKET"]
    emulated = Emulated(stack, endpoint)
    made = posts(POSTS, int(time.time() * 1000))
    with XApi(TOKEN, made) as x_api:
        functions["ingest"]["Environment"]["Variables"]["X_API_BASE_URL"] = x_api.url
        with (
            Function(folder / "ingest" / "bootstrap", functions["ingest"], emulated.environment) as ingest,
            Function(folder / "refine" / "bootstrap", functions["refine"], emulated.environment) as refine,
        ):
            print("ingest")
            tick = json.loads((ROOT / "events" / "scheduler-tick.json").read_text(encoding="utf-8"))
            try:
                ingest.invoke(tick)
                want(False, "an empty secret is an error")
            except Failed as error:
                want(error.type == "SecretEmpty", f"an empty secret is an error: {error.type}")
                command = f"--secret-id {emulated.secret} --secret-string file://token.txt"
                want(command in error.message, "its message contains the command that stores the token")
            want(not emulated.keys(raw, ""), "and nothing is written")

            emulated.secrets.put_secret_value(SecretId=emulated.secret, SecretString=f"{TOKEN}\n")
            summary = ingest.invoke(tick)
            files = emulated.keys(raw, "tweets/")
            want(summary["status"] == "complete" and summary["posts"] == POSTS, f"{POSTS} posts are captured: {summary['status']}")
            want(len(files) == 3, f"in three files: {len(files)}")
            want(emulated.keys(raw, "state/") == ["state/ingest.json"], "next to the cursor")

            print("refine")
            messages, failed = pump(emulated.queue, refine, batch_size)
            want(messages >= len(files) and not failed, f"{messages} messages of the queue are processed, none fails")
            parquet = emulated.keys(ref, "tweets/")
            want(len(parquet) >= len(files) and all(key.endswith(".parquet") for key in parquet), f"{len(parquet)} Parquet files")
            tables = []
            for key in parquet:
                body = emulated.s3.get_object(Bucket=ref, Key=key)["Body"].read()
                tables.append(pyarrow.parquet.read_table(io.BytesIO(body)))
            rows = [row for table in tables for row in table.to_pylist()]
            want(sorted(row["id"] for row in rows) == sorted(int(post["id"]) for post in made), f"{len(rows)} rows, one per post")
            declared = columns(stack.properties("TweetsTable"))
            want(tables[0].column_names == [name for name, _ in declared], "with the columns of the Glue table, in the same order")
            odd = [
                f"{field.name} is {field.type}, declared as {kind}"
                for field, (_, kind) in zip(tables[0].schema, declared, strict=True)
                if str(field.type) not in GLUE[kind]
            ]
            want(not odd, f"and with the same types {odd or ''}")
            sentiments = {row["sentimento"] for row in rows}
            want(sentiments == {"Positivo", "Negativo", "Neutro"}, "of every sentiment")
            projected = all(
                key.startswith(f"tweets/ano={row['criado_em']:%Y}/mes={row['criado_em']:%m}/dia={row['criado_em']:%d}/")
                for key, table in zip(parquet, tables, strict=True)
                for row in table.to_pylist()
            )
            want(projected, "under the prefixes that the projection computes")

            print("bad files and repetitions")
            emulated.s3.put_object(Bucket=raw, Key="tweets/by hand/ação + 1.json", Body=b'{"data": [')
            emulated.s3.copy_object(Bucket=raw, Key="tweets/again.json", CopySource={"Bucket": raw, "Key": files[0]})
            messages, failed = pump(emulated.queue, refine, batch_size)
            want(messages == 2 and len(failed) == 1, "of a good and a bad file in one batch only the bad one remains in the queue")
            summary = ingest.invoke(tick)
            want(emulated.keys(raw, "tweets/ano") == files, f"another run stores nothing twice: {summary['status']}")
            memory = ", ".join(f"{function.name} {function.peak_mib():.0f} MiB" for function in (ingest, refine) if function.peak_mib())
            print(f"  peak memory: {memory}")
        logged = "".join(ingest.lines + refine.lines)
        want(TOKEN not in logged and not any(text in logged for text in ("Gostei", "Que pena")), "the logs contain no token and no text")
        broken = [line for line in ingest.lines + refine.lines if not line.startswith("{")]
        want(not broken, f"every log line is JSON {broken[:1] or ''}")
        metrics = [document for document in map(json.loads, ingest.lines + refine.lines) if "_aws" in document]
        faults = [fault for document in metrics for fault in metric_faults(document, time.time() * 1000)]
        want(metrics and not faults, f"CloudWatch would accept each of {len(metrics)} metric lines {faults[:1] or ''}")


def main():
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=ROOT / "target" / "lambda")
    folder = arguments.parse_args().folder
    for name in ("ingest", "refine"):
        if not (folder / name / "bootstrap").exists():
            raise SystemExit(f"{folder / name / 'bootstrap'} is missing: run `cargo lambda build` first")

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        check(Stack(translate(template())), folder, f"http://{host}:{port}")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
