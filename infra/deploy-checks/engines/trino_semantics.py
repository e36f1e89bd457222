"""Asks Trino the statements of `infra/local/src/sql/trino/conformance/answers.txt` again.

    python infra/deploy-checks/engines/trino_semantics.py            # checks that each answer is still Trino's
    python infra/deploy-checks/engines/trino_semantics.py --record   # writes the answers; a line without one is a new statement

Starts a server, or uses the one on `--port`, which must have the connector `memory` under that name. The rows are those of
`conformance/rows.json`, as `cargo test -p local` leaves them in `target/sql-trino`. A line of the file is a comment (`--`), a
statement, a row of its answer as JSON (`= `) or the name of its error (`! `).
"""

import argparse
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import trino_server
from trino.dbapi import connect
from trino.exceptions import TrinoQueryError

ROOT = Path(__file__).resolve().parents[3]
ANSWERS = ROOT / "infra/local/src/sql/trino/conformance/answers.txt"
FILES = ROOT / "target/sql-trino/tweets/**/*.parquet"
TYPES = {"BIGINT": "bigint", "INTEGER": "integer", "VARCHAR": "varchar", "BOOLEAN": "boolean", "VARCHAR[]": "array(varchar)"}


def literal(value, kind):
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind == "varchar":
        return "'" + value.replace("'", "''") + "'"
    if kind.startswith("array"):
        return f"CAST(ARRAY[{', '.join(literal(item, 'varchar') for item in value)}] AS {kind})"
    if kind.startswith("timestamp"):
        return f"CAST('{value.strftime('%F %T.%f')}' AS {kind})"
    return f"CAST({value} AS {kind})"


def create_table(ask):
    hive = "hive_partitioning = true, hive_types = {'ano': INT, 'mes': INT, 'dia': INT}"
    rows = duckdb.connect().execute(f"SET TimeZone = 'UTC'; FROM read_parquet('{FILES}', {hive}) ORDER BY id")
    names = [column[0] for column in rows.description]
    kinds = [TYPES.get(str(column[1]), "timestamp(3)") for column in rows.description]
    values = [", ".join(map(literal, row, kinds)) for row in rows.fetchall()]
    ask("DROP TABLE IF EXISTS tweets")
    ask(f"CREATE TABLE tweets AS SELECT * FROM (VALUES {', '.join(f'({row})' for row in values)}) AS t ({', '.join(names)})")


def shown(value):
    """Converts a value to JSON, which has no NaN and no infinity."""
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def answer(ask, statement):
    """Returns the lines that follow a statement in the file."""
    try:
        return [f"= {json.dumps(shown(row), ensure_ascii=False)}" for row in ask(statement)]
    except TrinoQueryError as error:
        return [f"! {error.error_name}"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    if arguments.port:
        check(arguments.port, arguments.record)
    with trino_server.running({"memory": {"connector.name": "memory"}}) as server:
        check(server.connection.port, arguments.record)


def check(port, record):
    def ask(statement):
        connection = connect(
            host="127.0.0.1", port=port, user="check", catalog="memory", schema="default", timezone="UTC", legacy_primitive_types=True
        )
        return trino_server.patiently(lambda: connection.cursor().execute(statement).fetchall())

    create_table(ask)
    lines = ANSWERS.read_text(encoding="utf-8").split("\n")
    kept = [line for line in lines if line and not re.match("[=!] ", line)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda line: [] if line.startswith("--") else answer(ask, line), kept))
    text = "\n".join(line for statement, rows in zip(kept, answers) for line in [statement, *rows]) + "\n"
    if record:
        ANSWERS.write_text(text, encoding="utf-8")
    differing = set(text.split("\n")) ^ set(lines)
    print(f"{sum(not line.startswith('--') for line in kept)} statements sent to Trino, {len(differing)} lines differ from the file")
    for line in sorted(differing)[:20]:
        print(f"  {line}")
    raise SystemExit(1 if differing and not record else 0)


if __name__ == "__main__":
    main()
