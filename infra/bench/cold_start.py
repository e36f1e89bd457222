"""Starts each bootstrap repeatedly and prints the time until it asks the runtime for its first event.

    infra/bench/cold_start.py --bootstraps target/lambda [--starts 50] [--beside OTHER]

Milliseconds from exec to the first GET …/invocation/next, and resident MiB at that moment. On Lambda, starting the sandbox, copying the
zip and a smaller share of a core add to that. `--beside` names another build, started alternately, so that one table has both.
"""

import argparse
import os
import socket
import statistics
import subprocess
import time

ENVIRONMENT = {
    "ingest": {"RAW_BUCKET": "xpto-raw", "X_SECRET_ID": "xpto/x-bearer-token", "SEARCH_QUERY": "presidente lang:pt"},
    "refine": {"REF_BUCKET": "xpto-ref"},
}


def start(bootstrap, name, runtime):
    """Returns the milliseconds until the first poll, and the resident MiB at that moment."""
    environment = {
        **ENVIRONMENT[name],
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % runtime.getsockname()[1],
        "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": name, "AWS_LAMBDA_LOG_STREAM_NAME": "1",
        "AWS_REGION": "sa-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
    }
    started = time.perf_counter()
    process = subprocess.Popen([bootstrap], env=environment, stderr=subprocess.DEVNULL)  # it fails because it gets no answer
    try:
        connection, _ = runtime.accept()
        connection.recv(1)
        elapsed = time.perf_counter() - started
        with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
            resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        connection.close()
    finally:
        process.kill()
        process.wait()
    return elapsed * 1e3, resident / 1024


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bootstraps", required=True)
    arguments.add_argument("--beside")
    arguments.add_argument("--starts", type=int, default=50)
    arguments = arguments.parse_args()
    builds = [folder for folder in (arguments.bootstraps, arguments.beside) if folder]
    runtime = socket.create_server(("127.0.0.1", 0))
    runtime.settimeout(30)
    print("| bootstrap | init ms, median | best | worst | MiB | bytes |\n|---|--:|--:|--:|--:|--:|")
    for name in ENVIRONMENT:
        paths = [os.path.join(folder, name, "bootstrap") for folder in builds]
        series = {path: [] for path in paths}
        for _ in range(arguments.starts):
            for path in paths:
                series[path].append(start(path, name, runtime))
        for path, starts in series.items():
            times, sizes = zip(*starts)
            print(f"| {path} | {statistics.median(times):.1f} | {min(times):.1f} | {max(times):.1f} | {statistics.median(sizes):.1f} | {os.path.getsize(path)} |")


main()
