"""Starts `serve` for the checks that call it from outside."""

import subprocess


def serve(local, lake, *options):
    """Starts `serve` on free ports. Returns the process and the environment that it prints."""
    process = subprocess.Popen(
        [local, "--lake", lake, "serve", "--aws-port", "0", "--x-port", "0", *options], stdout=subprocess.PIPE, text=True, env={}
    )
    environment = {}
    for line in process.stdout:
        if line.startswith("export "):
            name, value = line[len("export ") :].strip().split("=", 1)
            environment[name] = value.strip("'")
            if name == "SEARCH_QUERY":
                return process, environment
    raise SystemExit(f"`serve` ended with status {process.wait()}")


def check(condition, text):
    print(("ok      " if condition else "FAILED  ") + text)
    if not condition:
        raise SystemExit(1)
