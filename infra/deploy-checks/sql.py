"""The questions of infra/athena in another dialect and another engine.

Every file is one query that sqlglot reads as Athena's dialect. Translated to DuckDB's it gives, over the lake that
`cargo test -p local` leaves in target/sql, the rows that DataFusion gave there, all of them and in the same order.
"""

import json
import re
from datetime import date, datetime
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).resolve().parents[2]
ATHENA = ROOT / "infra/athena"
MADE = ROOT / "target/sql"
VIEWS = ["tweets_atuais", "palavras"]  # each of those before it


def parsed(path):
    statements = sqlglot.parse(path.read_text(encoding="utf-8"), read="athena")
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ValueError("is not one query")
    return statements[0]


def translated(statement, now):
    """In DuckDB's dialect, with the clock of the tests."""
    instant = exp.cast(exp.Literal.string(now), "timestamptz")
    clocks = {exp.CurrentTimestamp: instant, exp.CurrentDate: exp.cast(exp.Literal.string(now[:10]), "date")}
    return statement.transform(lambda node: clocks.get(type(node), node)).sql("duckdb", comments=False)


def shown(value):
    """As DataFusion's JSON shows it."""
    if isinstance(value, datetime):
        return re.sub(r"\.?0*$", "", value.strftime("%FT%T.%f")) if value.microsecond else value.strftime("%FT%T")
    return value.isoformat() if isinstance(value, date) else value


def as_shown(row):
    """A row of DataFusion, its times as `shown` writes them."""
    return {name: re.sub(r"(T[\d:]+(\.\d*[1-9])?)(\.?0*)Z?$", r"\1", value) if isinstance(value, str) else value for name, value in row.items()}


def differences(connection, path, now):
    cursor = connection.execute(translated(parsed(path), now))
    names = [column[0] for column in cursor.description]
    rows = [{name: shown(value) for name, value in zip(names, row) if value is not None} for row in cursor.fetchall()]
    lines = (MADE / f"answers/{path.stem}.json").read_text(encoding="utf-8").split("\n")
    wanted = [as_shown(json.loads(line)) for line in lines if line]
    for place, (row, want) in enumerate(zip(rows, wanted)):
        if row != want:
            yield f"row {place}: DuckDB {row}, DataFusion {want}"
            return
    if len(rows) != len(wanted):
        yield f"DuckDB has {len(rows)} rows, DataFusion {len(wanted)}"


def main():
    now = (MADE / "now.txt").read_text()
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    files = MADE / "lake/xpto-ref/tweets/**/*.parquet"
    types = "{'ano': INT, 'mes': INT, 'dia': INT}"
    connection.execute(f"CREATE VIEW tweets AS FROM read_parquet('{files}', hive_partitioning = true, hive_types = {types})")
    findings, questions = [], sorted(ATHENA.glob("*.sql"))
    for name in VIEWS:
        connection.execute(f"CREATE VIEW {name} AS {translated(parsed(ATHENA / f'views/{name}.sql'), now)}")
    for path in questions:
        try:
            findings += [f"{path.name}: {finding}" for finding in differences(connection, path, now)]
        except Exception as error:  # whatever it is, it is the finding
            findings.append(f"{path.name}: {error}")
    print(f"{len(questions)} questions and {len(VIEWS)} views read as Athena's, answered by DuckDB as by DataFusion")
    for finding in findings:
        print(f"  {finding}")
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
