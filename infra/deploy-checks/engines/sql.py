"""Runs the questions of infra/athena in another dialect and another engine.

Every file is one query that sqlglot parses as Athena's dialect. Translated to DuckDB's dialect and run over the lake that
`cargo test -p local` leaves in target/sql, it must return all rows that DataFusion returned there, in the same order.
"""

import json
import re
from datetime import date, datetime
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).resolve().parents[3]
ATHENA = ROOT / "infra/athena"
MADE = ROOT / "target/sql"
IDS = {"id", "id_original", "autor_id", "referenciado_id", "conversa_id"}  # strings in the JSON of `local sql`
VIEWS = ["tweets_atuais", "palavras"]  # each may use the ones before it


def at(statement, now):
    """Replaces the clock of the statement by this instant (UTC), in every dialect."""
    statement = re.sub(r"\bcurrent_timestamp\b", f"TIMESTAMP '{now:%F %T}'", statement)
    return re.sub(r"\bcurrent_date\b", f"DATE '{now:%F}'", statement)


def translated(statement):
    """Translates a statement to DuckDB's dialect."""
    statements = sqlglot.parse(statement, read="athena")
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ValueError("is not one query")
    return statements[0].sql("duckdb", comments=False)


def questions():
    """Returns the names and texts of the questions."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(ATHENA.glob("*.sql"))}


class DuckDb:
    """The table and its views over a folder of REF."""

    def __init__(self, ref):
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        types = "{'ano': INT, 'mes': INT, 'dia': INT}"
        files = f"read_parquet('{ref}/tweets/**/*.parquet', hive_partitioning = true, hive_types = {types})"
        self.connection.execute(f"CREATE VIEW tweets AS FROM {files}")
        for name in VIEWS:
            view = (ATHENA / f"views/{name}.sql").read_text(encoding="utf-8")
            self.connection.execute(f"CREATE VIEW {name} AS {translated(view)}")

    def query(self, statement):
        """Returns the names of the columns, and the rows."""
        cursor = self.connection.execute(translated(statement))
        return [column[0] for column in cursor.description], cursor.fetchall()


def shown(value):
    """Formats a value as DataFusion's JSON does."""
    if isinstance(value, datetime):
        return re.sub(r"\.?0*$", "", value.strftime("%FT%T.%f")) if value.microsecond else value.strftime("%FT%T")
    return value.isoformat() if isinstance(value, date) else value


def rows(names, values):
    """Returns rows of DuckDB or Trino, without their nulls."""
    return [{name: shown(value) for name, value in zip(names, row) if value is not None} for row in values]


def rows_of_json(lines):
    """Parses rows of DataFusion, one JSON object per line: times as `shown` writes them, ids as numbers, without nulls."""
    time = re.compile(r"(T[\d:]+(\.\d*[1-9])?)(\.?0*)Z?$")

    def read(name, value):
        if name in IDS:
            return int(value)
        return time.sub(r"\1", value) if isinstance(value, str) else value

    own = [json.loads(line) for line in lines.split("\n") if line]
    return [{name: read(name, value) for name, value in row.items() if value is not None} for row in own]


def difference(one, own, other, others):
    """Returns the first difference between two answers, if any."""
    for place, (row, want) in enumerate(zip(own, others)):
        if row != want:
            return f"row {place}: {one} {row}, {other} {want}"
    return f"{one} has {len(own)} rows, {other} {len(others)}" if len(own) != len(others) else None


def main():
    now = datetime.fromisoformat((MADE / "now.txt").read_text())
    engine, findings = DuckDb(MADE / "lake/xpto-ref"), []
    for name, text in questions().items():
        try:
            wanted = rows_of_json((MADE / f"answers/{name}.json").read_text(encoding="utf-8"))
            finding = difference("DuckDB", rows(*engine.query(at(text, now))), "DataFusion", wanted)
        except Exception as error:  # any exception is a finding
            finding = error
        findings += [f"{name}: {finding}"] if finding else []
    print(f"{len(questions())} questions and {len(VIEWS)} views are valid in Athena's dialect, with the same rows in DuckDB and DataFusion")
    for finding in findings:
        print(f"  {finding}")
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
