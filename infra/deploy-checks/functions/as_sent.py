"""Runs both bootstraps between another X API and another S3, with only the variables of docs/deploy.md: RAW is what was sent.

The posts are odd in every way that JSON allows: unknown fields, numbers in all forms, escapes, lone surrogates, deep nesting. RAW must
contain each of them byte for byte as sent, in files of 100 across pages, with exactly the objects that they refer to, and each must be
a row of REF. A page with a damaged post loses no other post, and the token follows no redirect.

    python as_sent.py [FOLDER]    FOLDER/ingest/bootstrap and FOLDER/refine/bootstrap; default target/lambda
"""

import argparse
import io
import json
import logging
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pyarrow.parquet
from moto.server import ThreadedMotoServer

from support.runtime_api import Failed, Function
from support.x_api import EPOCH_MS, XApi

ROOT = Path(__file__).resolve().parents[3]
RAW, REF, SECRET, TOKEN, QUERY = "another-raw", "another-ref", "another/token", "AAAA%2FanotherMadeUpToken%3D", '"presidente do Brasil" lang:pt'
KEYS = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
MARK = "jabuticabal"  # part of every text; must never occur in a log
COUNT = 230

# Texts as they are in the JSON, and as REF must contain them.
TEXTS = [
    (r"plano \u00e7\u00e3o \ud83d\ude00 fim", "plano ção 😀 fim"),
    ("sem escape ção 😀\u2028 fim", "sem escape ção 😀\u2028 fim"),
    (r"RT @a: cortado \ud83d…", "RT @a: cortado \ufffd…"),
    (r"\udc00 \n \t \" \\ \/ \u0000 \u0041", '\ufffd \n \t " \\ / \0 A'),
    (r"te amo &lt;3 &amp;lt;", "te amo <3 &lt;"),
]
ODD = [
    '"odd":{"b":1.0,"a":1e2,"c":-0,"d":-0.0,"e":1E+2,"f":0.1000000000000000055511151231257827}',
    '"odd":[12345678901234567890123456789012345678901234567890,1e400,1e-400,9007199254740993]',
    '"odd" : { "z" : [ ] , "a" : { } , "z" : null }',
    '"odd":' + "[" * 300 + "1" + "]" * 300,
    '"od\\u0064":{"\\ud83d":true,"":"","caf\\u00e9":"\\/"}',
]


def made_posts(newest_ms, newer):
    """Returns posts as JSON text, newest first, in either vocabulary: (id, text of REF, JSON)."""
    note, references, history, reposts = (
        ("note_post", "referenced_posts", "edit_history_post_ids", "repost_count")
        if newer
        else ("note_tweet", "referenced_tweets", "edit_history_tweet_ids", "retweet_count")
    )
    made = []
    for place in range(COUNT):
        created_ms = newest_ms - 1000 * place
        id_ = (created_ms - EPOCH_MS) << 22 | place
        created = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(created_ms / 1000)) + f".{created_ms % 1000:03}Z"
        sent, read = TEXTS[place % len(TEXTS)]
        fields = [
            f'"text":"{MARK} {sent}"',
            ODD[place // len(TEXTS) % len(ODD)],
            f'"id":"{id_}"',
            f'"created_at":"{created}"',
            f'"{history}":["{id_}"]',
            f'"author_id":"{1000 + place % 150}"',
            f'"public_metrics":{{"like_count":3.0,"{reposts}":1e1,"future_count":0.5}}',
        ]
        if place % 7 == 0:
            fields.append(f'"{references}":[{{"type":"quoted","id":"{7000 + place}"}}]')
        if place % 11 == 0:
            fields.append(f'"{note}":{{"text":"{MARK} inteiro {sent}"}}')
            read = f"inteiro {read}"
        made.append((id_, f"{MARK} {read}", (" ,\n " if place % 13 == 0 else ",").join(fields).join("{}")))
    return made


class OddXApi(XApi):
    """Serves JSON texts, 100 per page, with unreferenced objects in `includes`."""

    def __init__(self, token, made, newer):
        super().__init__(token, made)
        self.kind = "posts" if newer else "tweets"
        self.before = []  # damaged posts that precede the others of a page

    def body(self, query):
        low, high, size = int(query["since_id"][0]), int(query["until_id"][0]), int(query["max_results"][0])
        found = [post for post in self.made if low < post[0] < high]
        page = found[:size]
        users = [f'{{"id":"{number}","username":"u{number}","name":"N \\ud83d\\u00e7","x":1.50}}' for number in range(990, 1500)]
        quoted = [f'{{"id":"{number}","text":"{MARK} citado","author_id":"{number - 5800}"}}' for number in range(7000, 7000 + COUNT)]
        includes = f'{{"users":[{",".join(users)}],"{self.kind}":[{",".join(quoted)}],"topics":{{"t":1}}}}'
        data = ",".join([*(self.before if page else []), *(post[2] for post in page)])
        meta = f'{{"result_count":{len(page)}' + (',"next_token":"more"}' if len(found) > size else "}")
        return b'{"meta":%b,"includes":%b,"data":[%b]}' % (meta.encode(), includes.encode(), as_bytes(data))


def as_bytes(text):
    """Encodes as UTF-8, except that U+F7xx becomes the byte xx."""
    return b"".join(bytes([ord(char) - 0xF700]) if 0xF780 <= ord(char) <= 0xF7FF else char.encode() for char in text)


def want(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")
    print(f"  ok: {what}")


def function(folder, name, endpoint, variables):
    logging = {"LogGroup": name, "LogFormat": "JSON", "ApplicationLogLevel": "TRACE"}
    aws = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "sa-east-1", "AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated"}
    properties = {"FunctionName": name, "Timeout": 60, "MemorySize": 256, "LoggingConfig": logging, "Environment": {"Variables": variables}}
    return Function(folder / name / "bootstrap", properties, aws)


def exact(text):
    """Parses JSON, keeping the spelling of numbers and the order of keys."""
    return json.loads(text, parse_float=lambda number: ("n", number), parse_int=lambda number: ("n", number), object_pairs_hook=list)


def objects(s3, bucket, prefix=""):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"], s3.get_object(Bucket=bucket, Key=item["Key"])


def check_raw(files, made, expansions):
    """Checks names, shapes and contents; `made` are the expected posts, newest first."""
    by_id = {str(post[0]): post[2] for post in made}
    files = sorted(files, key=lambda file: -int(file[1]["Metadata"]["newest"]))
    sizes, seen = [], []
    for key, answer in files:
        body = answer["Body"].read()
        document = json.loads(body)
        ids = [post["id"] for post in document["data"]]
        sizes.append(len(ids))
        seen += ids
        for id_ in ids:
            if as_bytes(by_id[id_]) not in body:
                raise SystemExit(f"FAILED: post {id_} in {key} is not as it was sent")
        sent = [exact(by_id[id_]) for id_ in ids]
        if dict(exact(body.decode()))["data"] != sent:
            raise SystemExit(f"FAILED: the values of {key} are not those that were sent")
        oldest = document["data"][-1]
        day, minute = oldest["created_at"][:10], oldest["created_at"][:16].replace(":", "-")
        name = f"tweets/ano={day[:4]}/mes={day[5:7]}/dia={day[8:]}/{minute}Z_{ids[-1]}_{ids[0]}.json"
        if key != name or ids != sorted(ids, key=int, reverse=True):
            raise SystemExit(f"FAILED: {key} should be {name}")
        meta = {"result_count": len(ids), "newest_id": ids[0], "oldest_id": ids[-1]}
        stored = {"oldest": ids[-1], "newest": ids[0], "count": str(len(ids))}
        if document["meta"] != meta or answer["Metadata"] != stored or answer["ContentType"] != "application/json":
            raise SystemExit(f"FAILED: meta, metadata or type of {key}: {document['meta']} {answer['Metadata']} {answer['ContentType']}")
        capture = document["capture"]
        if list(document) != ["data", "includes", "meta", "capture"] or capture["query"] != QUERY or set(expansions) - set(capture["requested"]):
            raise SystemExit(f"FAILED: shape or capture of {key}: {list(document)} {capture}")
        quoted = {reference["id"] for post in document["data"] for reference in post.get("referenced_tweets", post.get("referenced_posts", []))}
        includes = document["includes"]
        included = includes.get("tweets", includes.get("posts", []))
        authors = {post["author_id"] for post in document["data"] + included}
        users, posts = {user["id"] for user in includes["users"]}, {post["id"] for post in included}
        if users != authors or posts != quoted or len(includes) > 2:
            raise SystemExit(f"FAILED: includes of {key} are not what its tweets refer to: {users ^ authors} {posts ^ quoted} {list(includes)}")
    want(seen == list(by_id), f"{len(seen)} posts, each once, newest first, byte for byte as sent")
    want(max(sizes) <= 100 and all(size == 100 for size in sizes[:-1]), f"in files of {sizes}, with the right names, meta, metadata and includes")


def check_ref(s3, made, newer):
    rows = [row for _, answer in objects(s3, REF) for row in pyarrow.parquet.read_table(io.BytesIO(answer["Body"].read())).to_pylist()]
    texts = {row["id"]: row["texto"] for row in rows}
    want(len(rows) == len(made) and texts == {post[0]: post[1] for post in made}, f"{len(rows)} rows, each with its full text")
    row = next(row for row in rows if row["id"] == made[0][0])
    got = (row["curtidas"], row["retweets"], row["tipo"], row["referenciado_id"], row["autor_usuario"], row["id_original"])
    want(got == (3, 10, "citacao", 7000, "u1000", made[0][0]), f"{'newer' if newer else 'older'} names give the same columns: {got}")


def notification(key):
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": RAW}, "object": {"key": key.replace("=", "%3D")}}}]}


def check(folder, endpoint, newer):
    print("newer names" if newer else "older names")
    s3 = boto3.client("s3", region_name="sa-east-1", endpoint_url=endpoint, **KEYS)
    for bucket in (RAW, REF):
        for key, _ in objects(s3, bucket):
            s3.delete_object(Bucket=bucket, Key=key)
    # Three minutes ago, so that the second run has its own span above them.
    made = made_posts(int(time.time() * 1000) - 180_000, newer)
    expansions = ["author_id", "referenced_posts"] if newer else ["author_id", "referenced_tweets.id"]
    variables = {"RAW_BUCKET": RAW, "X_SECRET_ID": SECRET, "SEARCH_QUERY": QUERY, "X_EXPANSIONS": ",".join(expansions)}
    variables |= {"X_FIELD_VOCABULARY": "post" if newer else "tweet"}
    with (
        OddXApi(TOKEN, made, newer) as x_api,
        function(folder, "ingest", endpoint, {**variables, "X_API_BASE_URL": x_api.url, "SAFETY_LAG_SECONDS": "100"}) as ingest,
        function(folder, "refine", endpoint, {"REF_BUCKET": REF}) as refine,
    ):
        summary = ingest.invoke({})
        want((summary["status"], summary["posts"], summary["posts_read"]) == ("complete", COUNT, COUNT), f"{summary['posts']} posts are read once")
        asked = x_api.asked[0][1]
        want(("post.fields" in asked, "tweet.fields" in asked) == (newer, not newer), "only one vocabulary is requested")
        files = list(objects(s3, RAW, "tweets/"))
        for key, _ in files:
            refine.invoke(notification(key))
        check_raw(files, made, expansions)
        check_ref(s3, made, newer)

        if not newer:
            with function(folder, "ingest", endpoint, {**variables, "X_API_BASE_URL": x_api.url}) as soon:
                damaged(s3, x_api, soon, {key for key, _ in files})
                logged = "".join(ingest.lines + refine.lines + soon.lines)
        else:
            logged = "".join(ingest.lines + refine.lines)
    want(MARK not in logged and TOKEN not in logged, "the logs contain no token and no text of a tweet")


def damaged(s3, x_api, ingest, before):
    """Serves a page with posts without an id, and with invalid UTF-8."""
    newest_ms = int(time.time() * 1000) - 80_000
    id_ = (newest_ms - EPOCH_MS) << 22
    x_api.made = [(id_, "", f'{{"id":"{id_}","text":"{MARK} a\uf7e7\uf7e3o","author_id":"1000"}}'), *x_api.made]
    x_api.before = [f'{{"text":"{MARK}"}}', '{"id":"12345678901234567890"}', "null"]
    summary = ingest.invoke({})
    got = (summary["status"], summary["posts"], summary["posts_read"], summary["problems"])
    want(got == ("complete", 1, 4, {"bytes-not-utf8": 2, "post-without-id": 3, "result-count-differs": 1}), f"a damaged post loses no other post, and is counted: {got}")
    [(_, answer)] = [(key, answer) for key, answer in objects(s3, RAW, "tweets/") if key not in before]
    want(json.loads(answer["Body"].read())["data"][0]["text"] == f"{MARK} a\ufffd\ufffdo", "invalid UTF-8 is U+FFFD")


class Trap:
    """Answers with a redirect to itself under another name, and records the requests."""

    def __init__(self):
        self.seen = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                trap.seen.append((self.path, self.headers.get("authorization")))
                self.send_response(302)
                self.send_header("location", f"http://localhost:{trap.port}/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def check_token(folder, endpoint):
    print("the token")
    variables = {"RAW_BUCKET": "third-raw", "X_SECRET_ID": SECRET, "SEARCH_QUERY": QUERY}
    trap = Trap()
    with function(folder, "ingest", endpoint, {**variables, "X_API_BASE_URL": f"http://127.0.0.1:{trap.port}/base/"}) as ingest:
        try:
            ingest.invoke({})
            want(False, "a redirect is an error")
        except Failed as failed:
            want(failed.type == "RequestRejected" and "302" in failed.message, f"a redirect is an error: {failed}")
    paths = [path.split("?")[0] for path, _ in trap.seen]
    want(paths == ["/base/2/tweets/search/recent"], f"and is not followed: {paths}")
    for url in ("http://localhost:{}", "http://127.0.0.1.nip.io:{}", "http://127.0.0.1:{}@localhost:{}", "https://api.x.com@localhost:{}", "http://[::1]:{}"):
        url = url.replace("{}", str(trap.port))
        with function(folder, "ingest", endpoint, {**variables, "X_API_BASE_URL": url}) as ingest:
            try:
                ingest.invoke({})
                want(False, f"{url} is refused")
            except Failed as failed:
                want(failed.type == "ConfigInvalid" and "X_API_BASE_URL" in failed.message, f"{re.sub(r'[0-9]{4,}', 'PORT', url)} is refused")
    want(len(trap.seen) == 1, "before anything is sent")
    trap.server.shutdown()


def main():
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=ROOT / "target" / "lambda")
    folder = arguments.parse_args().folder
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        s3 = boto3.client("s3", region_name="sa-east-1", endpoint_url=endpoint, **KEYS)
        for bucket in (RAW, REF, "third-raw"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "sa-east-1"})
        secrets = boto3.client("secretsmanager", region_name="sa-east-1", endpoint_url=endpoint, **KEYS)
        secrets.create_secret(Name=SECRET, SecretBinary=json.dumps({"bearer_token": TOKEN}).encode())
        for newer in (False, True):
            check(folder, endpoint, newer)
        check_token(folder, endpoint)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
