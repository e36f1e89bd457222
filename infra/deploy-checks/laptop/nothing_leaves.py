"""Runs the commands of the laptop under strace, in an environment that points elsewhere: they call only 127.0.0.1, and open no file
with AWS credentials or settings. Needs strace (Linux); without it, prints that and checks nothing."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ELSEWHERE = "http://192.0.2.1:9"  # an address for documentation (RFC 5737): nothing answers
COMMANDS = [
    [],
    ["sql", "SELECT count(*) FROM tweets"],
    ["reprocess"],
    ["stream", "--mode", "complete", "--once", "--top", "1"],
    ["serve", "--aws-port", "0", "--x-port", "0"],
    ["panel", "--no-open", "--port", "0"],
]
ADDRESS = re.compile(r'sa_family=(AF_INET6?).*?inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]+)"')


def hostile(folder):
    (folder / ".aws").mkdir()
    for name in ("config", "credentials"):
        text = f"[default]\nendpoint_url = {ELSEWHERE}\nregion = eu-west-1\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
        (folder / ".aws" / name).write_text(text, encoding="utf-8")
    services = ["", "_S3", "_SECRETS_MANAGER", "_STS", "_SSO"]
    proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
    others = ["X_API_BASE_URL", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "OTEL_EXPORTER_OTLP_ENDPOINT"]
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_PROFILE": "default",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "X_BEARER_TOKEN": "real-token",
        **{f"AWS_ENDPOINT_URL{service}": ELSEWHERE for service in services},
        **{name: ELSEWHERE for name in proxies + others},
    }


def traced(local, arguments, folder, environment):
    """Returns the network calls and opened files of one command, as strace prints them."""
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-s", "256", "-e", "trace=network,openat", "-o", str(trace), local, "--lake", str(folder / "lake")]
    process = subprocess.Popen(command + arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if arguments[:1] in (["serve"], ["panel"]):
        time.sleep(3)
        subprocess.run(["pkill", "-INT", "-P", str(process.pid)], check=True)  # only the child of this strace
    stdout, stderr = process.communicate(timeout=120)
    if process.returncode not in (0, -signal.SIGINT):
        raise SystemExit(f"FAILED  {arguments}: status {process.returncode}\n{stdout}{stderr}")
    return trace.read_text(encoding="utf-8", errors="replace").splitlines()


def run(local):
    if not shutil.which("strace"):
        print("skipped strace is not installed, so nothing was checked")
        return
    folder = Path(tempfile.mkdtemp())
    environment = hostile(folder)
    called = 0
    for arguments in COMMANDS:
        lines = traced(local, arguments, folder, environment)
        for line in lines:
            address = ADDRESS.search(line)
            called += bool(address)
            if address and (address[1], address[2]) != ("AF_INET", "127.0.0.1") or ".aws/" in line:
                raise SystemExit(f"FAILED  {arguments or ['demo']}: {line}")
        print(f"ok      {' '.join(arguments[:1]) or 'demo'}: only 127.0.0.1 is called")
    if not called:
        raise SystemExit("FAILED  the demo calls 127.0.0.1, but strace did not show it")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--local", required=True, help="the binary `local`")
    run(parser.parse_args().local)
