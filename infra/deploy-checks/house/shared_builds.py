#!/usr/bin/env python3
"""Checks that `cargo run` and `cargo test` compile each third-party crate once, in the dev profile.

Cargo compiles a crate again, with everything that depends on it, if one command enables a feature of it that the other does not. The
features are compared in cargo's own plans (`--unit-graph`), so nothing is compiled. The functions must not have the features that only
tests need.
"""

import json
import os
import subprocess
import sys

# Enabled for tests and the laptop; with one of them, a function would be a different program from the one under test.
NOT_IN_FUNCTIONS = {("tokio", "test-util"), ("serde_json", "float_roundtrip")}


def third_party_units(*command):
    """Returns the third-party units of a cargo command: crate, kind, mode, features and profile."""
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}  # the unit graph is an unstable flag of the pinned cargo
    planned = subprocess.run(
        ["cargo", *command, "--locked", "-Z", "unstable-options", "--unit-graph"], env=environment, capture_output=True, text=True
    )
    if planned.returncode != 0:
        sys.exit(f"cargo {' '.join(command)}: {planned.stderr}")
    units = set()
    for unit in json.loads(planned.stdout)["units"]:
        if unit["pkg_id"].startswith("path+"):
            continue
        profile = {name: value for name, value in unit["profile"].items() if name != "name"}
        kind = unit["target"]["kind"][0]
        units.add((unit["pkg_id"].rsplit("/", 1)[-1], kind, unit["mode"], tuple(unit["features"]), json.dumps(profile, sort_keys=True)))
    return units


def main():
    # Cargo cannot print the plan of `cargo run`; it is one of these two: the program with the features of the workspace, or with its own.
    run = third_party_units("build", "--bin", "local") | third_party_units("build", "--package", "local", "--bin", "local")
    test = third_party_units("test", "--workspace", "--no-run")
    missing = sorted(run - test)
    for package, kind, mode, features, _ in missing:
        others = [set(unit[3]) for unit in test if unit[:3] == (package, kind, mode)]
        wanted = sorted(others[0] - set(features)) if others else []
        print(f"compiled twice: {package} ({kind}, {mode}); cargo test enables {wanted or 'another profile'}", file=sys.stderr)
    functions = third_party_units("build", "--release", "--package", "ingest", "--package", "refine", "--bins")
    leaked = sorted((crate, feature) for crate, feature in NOT_IN_FUNCTIONS for unit in functions
                    if unit[0].split("#")[-1].split("@")[0] == crate and feature in unit[3])
    for crate, feature in leaked:
        print(f"the functions are built with {crate}/{feature}, which is only for tests", file=sys.stderr)
    if missing or leaked:
        sys.exit(1)
    print(f"{len(run)} third-party units of `cargo run`, all shared with `cargo test`")


if __name__ == "__main__":
    main()
