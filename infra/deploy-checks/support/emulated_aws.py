"""Creates the template's Glue tables and REF bucket in an emulator on 127.0.0.1 that records each request to S3."""

import contextlib
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from support.bodies import calls
from support.translated import REGION, Stack, template, translate


YEARS = range(2026, 2027)  # years of the table: a statement that lists every day takes seconds


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


@dataclass
class Requests:
    """The recorded requests to S3."""

    lists: list = field(default_factory=list)  # prefixes
    gets: list = field(default_factory=list)  # keys
    heads: list = field(default_factory=list)


class EmulatedAws:
    def __init__(self, port, stack):
        self.endpoint = f"http://127.0.0.1:{port}"
        self.stack = stack
        (database,) = stack.of_type("AWS::Glue::Database").values()
        self.database = database["DatabaseInput"]["Name"]
        self.bucket = stack.properties("RefBucket")["BucketName"]
        self.requests = Requests()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION)

    def create(self):
        """Creates the resources of the stack that a query needs."""
        for service, operation, arguments in calls(self.stack):
            if operation == "create_table" and arguments["TableInput"]["Name"] == "tweets":
                arguments["TableInput"]["Parameters"]["projection.ano.range"] = f"{YEARS[0]},{YEARS[-1]}"
            if service == "glue" or operation == "create_bucket":
                getattr(self.client(service), operation)(**arguments)

    def upload(self, folder):
        """Puts the files below a folder into REF. Returns their keys."""
        s3, keys = self.client("s3"), []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            keys.append(path.relative_to(folder).as_posix())
            s3.upload_file(str(path), self.bucket, keys[-1])
        return keys

    def taken(self):
        """Returns the requests since the last call."""
        requests, self.requests = self.requests, Requests()
        return requests

    def note(self, environ):
        path = environ["PATH_INFO"].encode("latin-1").decode()  # WSGI passes UTF-8 as Latin-1
        bucket, _, key = path.removeprefix("/").partition("/")
        if bucket != self.bucket:
            return
        query = parse_qs(environ["QUERY_STRING"])
        if environ["REQUEST_METHOD"] == "GET" and not key:
            self.requests.lists.append(query.get("prefix", [""])[0])
        elif environ["REQUEST_METHOD"] == "GET":
            self.requests.gets.append(key)
        elif environ["REQUEST_METHOD"] == "HEAD":
            self.requests.heads.append(key)

    def trino_catalog(self):
        """Returns the properties of a Hive catalog over Glue and S3, as in Athena."""
        own = {"region": REGION, "aws-access-key": "none", "aws-secret-key": "none"}
        return {
            "connector.name": "hive",
            "hive.metastore": "glue",
            "hive.metastore.glue.endpoint-url": self.endpoint,
            "hive.metastore.glue.partitions-segments": 1,  # the emulator would return each partition once per segment
            **{f"hive.metastore.glue.{name}": value for name, value in own.items()},
            "hive.parquet.use-column-names": "true",
            "hive.partition-projection-enabled": "true",
            "hive.table-statistics-enabled": "false",  # the emulator has no statistics of partitions
            "fs.native-s3.enabled": "true",
            "s3.endpoint": self.endpoint,
            "s3.path-style-access": "true",
            **{f"s3.{name}": value for name, value in own.items()},
        }


@contextlib.contextmanager
def running():
    backend = DomainDispatcherApplication(create_backend_app)
    emulated = None

    def counted(environ, start_response):
        emulated.note(environ)
        return backend(environ, start_response)

    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Quiet)
    emulated = EmulatedAws(server.server_port, Stack(translate(template())))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        emulated.create()
        yield emulated
    finally:
        server.shutdown()
