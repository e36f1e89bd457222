#!/usr/bin/env bash
# Builds `reprocess` and the generator in release, installs the pinned peers, and prints the tables of run.py.
#
#   infra/bench/run.sh                          2,000 files = 200,000 tweets in each shape
#   infra/bench/run.sh --files 20 --rounds 1    a smoke test
#   PROFILE=dev infra/bench/run.sh …            with the debug build: the table then means nothing for this project
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=${VENVS:-.venv}/bench
if ! cmp -s infra/bench/requirements.txt "$venv/installed.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement infra/bench/requirements.txt
  cp infra/bench/requirements.txt "$venv/installed.txt"
fi
profile=${PROFILE:-release}
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 # the size settings for Lambda would take half an hour
cargo build --workspace --locked --profile "$profile" --bin local --example generate
built=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")
"$venv/bin/python" infra/bench/run.py --local "$built/local" --generate "$built/examples/generate" "$@"
