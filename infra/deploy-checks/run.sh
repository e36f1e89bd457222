#!/usr/bin/env bash
# Checks of template.yaml and infra/stacks that need no AWS account and no network; they take a minute and a half.
#
#   infra/deploy-checks/run.sh              all checks but the ones below
#   infra/deploy-checks/run.sh sql          the questions of infra/athena in DuckDB; needs the answers that `cargo test` leaves
#   infra/deploy-checks/run.sh trino LOCAL [NAME …]
#                                           the same questions, and statements of any kind, in Trino, the engine of Athena, over emulated Glue and S3,
#                                           and what the questions ask of S3; LOCAL is the program `local`. Trino (800 MB) goes into $XPTO_CACHE, by `mvn`.
#   infra/deploy-checks/run.sh panel LOCAL [NAME …]
#                                           the page of `panel` in headless Chromium (Debian's `chromium`, or CHROMIUM names one);
#                                           needs node and npm
#   infra/deploy-checks/run.sh pictures LOCAL DIR
#                                           pictures of that page and of a report, in both themes
#   infra/deploy-checks/run.sh spark LOCAL  lines of a socket, and sessions over files, in PySpark (700 MB, by `pip`); needs Java 17
#   infra/deploy-checks/run.sh bootstraps   the bootstraps of `cargo lambda build` against emulated AWS services
#   infra/deploy-checks/run.sh deaths BOOTSTRAPS LOCAL [--kills N --seed N …]
#                                           the bootstraps killed, poisoned and under load, against the program `local`
#
# Folders: `stack` checks the templates, `functions` the deployed programs, `engines` the SQL, `laptop` the program `local`, `house` the
# repository itself; `support` is shared by several of them.
#
# The pinned tools are installed into .venv/ of the repository the first time; VENVS names another folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
checks=infra/deploy-checks
venvs=${VENVS:-.venv}

# One environment per set of tools, since checkov and aws-sam-cli pin different versions of boto3. Reinstalled when a pin changes.
install() { # name requirements...
  local name=$1 stamp="$venvs/$1/installed.txt"
  shift
  if ! cat "$@" | cmp -s - "$stamp"; then
    echo "installing $* into $venvs/$name"
    python3 -m venv "$venvs/$name"
    "$venvs/$name/bin/pip" install --quiet --disable-pip-version-check "${@/#/--requirement=}"
    cat "$@" > "$stamp"
  fi
}
# The libraries that drive the browser, by their lock file, outside the repository's folders.
install_node() {
  local folder="$venvs/panel"
  if ! cmp -s "$checks/panel/package-lock.json" "$folder/installed.json"; then
    echo "installing $checks/panel/package-lock.json into $folder"
    mkdir -p "$folder" && cp "$checks"/panel/package*.json "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
    cp "$checks/panel/package-lock.json" "$folder/installed.json"
  fi
}
case ${1:-all} in
panel | pictures) install_node ;;
sql) install sql "$checks/requirements/sql.txt" ;;
trino) install trino "$checks/requirements/deploy.txt" "$checks/requirements/sql.txt" "$checks/requirements/trino.txt" ;;
spark) install spark "$checks/requirements/spark.txt" ;;
*)
  install deploy "$checks/requirements/deploy.txt"
  install checkov "$checks/requirements/checkov.txt"
  ;;
esac

# A region and keys without any access: no tool may find others, and none needs them.
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
export AWS_DEFAULT_REGION=sa-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export SAM_CLI_TELEMETRY=0 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PWD/$checks
tools="$venvs/deploy/bin" python="$venvs/deploy/bin/python"

failed=()
step() { # title command...
  local title=$1 started=$SECONDS
  shift
  echo "── $title"
  if "$@"; then
    echo "   passed, $((SECONDS - started)) s"
  else
    echo "   FAILED, $((SECONDS - started)) s"
    failed+=("$title")
  fi
}
translated=target/deploy-checks/translated
checkov() {
  # checkov's exit status is ignored: excuses.py decides, and also reports unnecessary excuses.
  { "$venvs/checkov/bin/checkov" --file template.yaml infra/stacks/*.yaml "$translated"/*.json --framework cloudformation \
    --skip-download --output json || true; } | "$python" "$checks/stack/excuses.py"
}
validate() {
  local template
  for template in template.yaml infra/stacks/*.yaml; do
    "$tools/sam" validate --lint --template "$template" || return
  done
}

case ${1:-all} in
all)
  step "sam validate --lint" validate
  step "translation" "$python" "$checks/support/translated.py"
  step "cfn-lint of the translation: cycles" "$tools/cfn-lint" "$translated"/*.json
  step "wildcards and missing protections in the translation" "$python" "$checks/stack/protections.py"
  step "parameters and samconfig.toml" "$python" "$checks/stack/parameters.py"
  step "bodies of the AWS calls" "$python" "$checks/support/bodies.py"
  step "what sam deploy uploads and requests" "$python" "$checks/stack/deployed.py"
  step "checkov" checkov
  ;;
sql)
  step "the questions of infra/athena" "$venvs/sql/bin/python" "$checks/engines/sql.py"
  ;;
trino)
  step "the questions of infra/athena in Trino" "$venvs/trino/bin/python" "$checks/engines/athena.py" --local "$2" "${@:3}"
  step "statements in Trino, as recorded" "$venvs/trino/bin/python" "$checks/engines/trino_semantics.py"
  ;;
spark)
  step "lines of a socket in Spark" "$venvs/spark/bin/python" "$checks/engines/spark_socket.py" --local "$2" --seeds 1
  step "sessions over files in Spark" "$venvs/spark/bin/python" "$checks/engines/spark_stream.py" --local "$2" --sessions --seeds 1 --files 6
  ;;
panel)
  step "the panel in a browser" env PANEL_MODULES="$venvs/panel" timeout 900 node "$checks/panel/check.mjs" "$2" "${@:3}"
  ;;
pictures)
  PANEL_MODULES="$venvs/panel" node "$checks/panel/pictures.mjs" "$2" "$3"
  ;;
bootstraps)
  step "bootstraps" "$python" "$checks/functions/bootstraps.py" "${2:-target/lambda}"
  step "RAW is what was sent" "$python" "$checks/functions/as_sent.py" "${2:-target/lambda}"
  ;;
deaths)
  shift
  step "deaths at random moments" "$python" "$checks/functions/crash.py" --bootstraps "$1" --local "$2" "${@:3}"
  step "poison and redrive" "$python" "$checks/functions/poison.py" --bootstraps "$1"
  step "load" "$python" "$checks/functions/load.py" --bootstraps "$1" --local "$2"
  ;;
*)
  sed -n '2,19s/^# \{0,1\}//p' "$checks/run.sh" >&2
  exit 2
  ;;
esac

echo "── $((SECONDS / 60)) min $((SECONDS % 60)) s in all"
if ((${#failed[@]})); then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
