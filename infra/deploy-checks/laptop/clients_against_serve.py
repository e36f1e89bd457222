"""Runs boto3 and the AWS CLI against `serve` with only the environment that it prints, and `live` on a real terminal."""

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from support.served import check, serve

TOKEN_MARK = "zarabatana7Qk2v"


def refusal(call):
    """Returns status and code of a call that must be refused."""
    try:
        call()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return "it was not refused"


def with_boto3(environment):
    s3, bucket, key = boto3.client("s3"), environment["RAW_BUCKET"], "by hand/ação + 1.json"
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*", Metadata={"count": "0"})["ETag"]
    check(True, "boto3 creates an object")
    again = refusal(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"no", IfNoneMatch="*"))
    check(again == (412, "PreconditionFailed"), f"and is refused if it exists: {again}")
    replaced = s3.put_object(Bucket=bucket, Key=key, Body=b"[1]", IfMatch=etag, Metadata={"count": "1"})["ETag"]
    check(replaced != etag, "it replaces the named version")
    stale = refusal(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"no", IfMatch=etag))
    check(stale == (412, "PreconditionFailed"), f"but no other: {stale}")
    got = s3.get_object(Bucket=bucket, Key=key)
    check((got["Body"].read(), got["ETag"], got["Metadata"]) == (b"[1]", replaced, {"count": "1"}), "it gets body, ETag and metadata")
    head = s3.head_object(Bucket=bucket, Key=key)
    check((head["ContentLength"], head["ETag"]) == (3, replaced), "it reads the metadata with HEAD")
    missing = refusal(lambda: s3.get_object(Bucket=bucket, Key="nowhere"))
    check(missing == (404, "NoSuchKey"), f"a missing key is {missing}")
    for number in range(3):
        s3.put_object(Bucket=bucket, Key=f"many/{number}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="many/", PaginationConfig={"PageSize": 2})
    keys = [[item["Key"] for item in page["Contents"]] for page in pages]
    check(keys == [["many/0", "many/1"], ["many/2"]], "it lists in pages")
    s3.delete_object(Bucket=bucket, Key="many/0")
    check(refusal(lambda: s3.head_object(Bucket=bucket, Key="many/0"))[0] == 404, "it deletes")

    secrets = boto3.client("secretsmanager")
    secret = json.loads(secrets.get_secret_value(SecretId=environment["X_SECRET_ID"])["SecretString"])
    check(TOKEN_MARK in secret["bearer_token"], "it reads the secret")
    missing = refusal(lambda: secrets.get_secret_value(SecretId="nowhere"))
    check(missing == (400, "ResourceNotFoundException"), f"a missing secret is {missing}")


def with_the_cli(environment, folder):
    aws = Path(sys.executable).parent / "aws"

    def run(*arguments):
        done = subprocess.run([aws, *arguments], env=environment, cwd=folder, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    bucket = environment["RAW_BUCKET"]
    (folder / "file.json").write_text("{}", encoding="utf-8")
    code, text = run("s3", "cp", "file.json", f"s3://{bucket}/tweets/from the cli.json")
    check(code == 0, f"the AWS CLI uploads a file {text if code else ''}")
    code, text = run("s3", "ls", f"s3://{bucket}/tweets/", "--recursive")
    check(code == 0 and "tweets/from the cli.json" in text, "lists it")
    code, text = run("s3", "cp", f"s3://{bucket}/tweets/from the cli.json", "-")
    check((code, text) == (0, "{}"), "and downloads it")
    put = ["s3api", "put-object", "--bucket", bucket, "--key", "tweets/once", "--body", "file.json", "--if-none-match", "*"]
    check(run(*put)[0] == 0, "creates an object")
    code, text = run(*put)
    check(code != 0 and "PreconditionFailed" in text, "and is refused if it exists")
    code, text = run("s3api", "head-object", "--bucket", bucket, "--key", "tweets/once", "--query", "ContentLength")
    check((code, text.strip()) == (0, "2"), "reads the metadata with HEAD")
    code, text = run("secretsmanager", "get-secret-value", "--secret-id", environment["X_SECRET_ID"], "--query", "SecretString")
    check(code == 0 and TOKEN_MARK in text, "reads the secret")


def on_a_terminal(local, environment, folder):
    """Checks that `live` asks on a terminal, and only there."""
    token = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=environment["X_SECRET_ID"])["SecretString"])
    (folder / "token.txt").write_text(token["bearer_token"], encoding="utf-8")
    command = [local, "live", "--lake", str(folder / "live"), "--x-api-url", environment["X_API_BASE_URL"], "--token-file", "token.txt"]
    command += ["--max-posts", "3000"]  # a busy half hour has more posts than one run reads, and it would end with 3
    raw = folder / "live" / "xpto-raw" / "tweets"
    for answer, code, reads in [("n", 1, False), ("", 1, False), ("y", 0, True)]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(command, cwd=folder, env={}, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.close(theirs)
        os.write(ours, answer.encode() + b"\n")
        stdout, stderr = process.communicate()
        os.close(ours)
        check("Go on? [y/N]" in stderr and "at most $15.00" in stderr, f"live asks on a terminal; the answer is {answer!r}")
        check((process.returncode, raw.exists()) == (code, reads), "and reads" if reads else "and reads nothing")
        check(TOKEN_MARK not in stdout + stderr, "without showing the token")


def run(local):
    folder = Path(tempfile.mkdtemp())
    server, printed = serve(local, str(folder / "lake"))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **printed}
    # No configuration of this machine and no metadata service may supply what the output of `serve` lacks.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
    try:
        with_boto3(printed)
        with_the_cli(environment, folder)
        on_a_terminal(local, printed, folder)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local", required=True, help="the binary `local`")
    run(parser.parse_args().local)
