"""Asks Trino the questions and views of infra/athena as they are deployed, over the template's own Glue tables.

    python athena.py --local PROGRAM      the program `local`: refines the RAW files of engines_lake.py, and queries with DataFusion

Trino, DataFusion and DuckDB must return the same rows, for the default days and for days written as numbers. The S3 requests of each
question are counted and compared with athena-requests.json, from which the cost tables are computed; UPDATE_EXPECT=1 writes it.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet

from support import emulated_aws
import engines_lake
import sql
import trino_server

COUNTS = Path(__file__).with_name("athena-requests.json")
VIEW = "SELECT * FROM {} WHERE ano * 10000 + mes * 100 + dia BETWEEN 20261031 AND 20261201 ORDER BY {}"
ORDERED = {"tweets_atuais": VIEW.format("tweets_atuais", "id"), "palavras": VIEW.format("palavras", "id, palavra")}
# Alternatives that the comments in `parametros` mention.
BY_HAND = [
    (r"20240101 AS desde", "20261104 AS desde"),
    (r"CAST\(date_format\(current_date[^,]*, '%Y%m%d'\) AS integer\) AS desde", "20261104 AS desde"),
    (r"CAST\(date_format\(current_date[^,]*, '%Y%m%d'\) AS integer\) AS ate", "20261130 AS ate"),
    (r"current_timestamp - INTERVAL '24' HOUR AS desde", "TIMESTAMP '2026-11-29 14:00:00' AS desde"),
    (r"current_timestamp - INTERVAL '2' HOUR AS desde", "TIMESTAMP '2026-11-30 12:00:00' AS desde"),
    (r"date_trunc\('minute', current_timestamp\) - INTERVAL '59' MINUTE AS desde", "TIMESTAMP '2026-11-29 14:00:00' AS desde"),
    (r"current_timestamp - INTERVAL '15' MINUTE AS capturado_desde", "TIMESTAMP '2026-11-29 14:00:00' AS capturado_desde"),
    (r"current_timestamp AS ate", "TIMESTAMP '2026-11-30 23:30:00' AS ate"),
]


class DataFusion:
    def __init__(self, local, lake):
        self.command = [local, "--lake", lake, "sql", "--format", "json", "--file"]

    def rows(self, statement):
        with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
            file.write(statement)
            file.flush()
            answer = subprocess.run([*self.command, file.name], capture_output=True, text=True, env={})
        if answer.returncode:
            raise RuntimeError(answer.stderr)
        return sql.rows_of_json(answer.stdout)


def refined(local, lake):
    """Creates REF with `refine`, and adds a file without rows."""
    raw, ref = lake / "xpto-raw", lake / "xpto-ref"
    for key, document in engines_lake.raw_files():
        (raw / key).parent.mkdir(parents=True, exist_ok=True)
        (raw / key).write_text(document)
    subprocess.run([local, "reprocess", "--raw", raw, "--ref", ref], check=True, env={}, stdout=subprocess.DEVNULL)
    some = next((ref / "tweets").rglob("*.parquet"))
    without_rows = ref / "tweets" / engines_lake.folder(engines_lake.NOW) / "without-rows.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(some, partitioning=None).slice(0, 0), without_rows)
    return ref


def days_asked(trino, statement):
    """Returns the folders of the days that a question reads, by its own `parametros`; Athena also looks for a 30th of February."""
    parameters = statement[: statement.index("\n)") + 2]
    ((first, last),) = trino.query(f"{parameters}\nSELECT desde, ate FROM parametros")[1]
    looks_for_edits = "\nversoes AS" in statement or "\nultimas AS" in statement
    if isinstance(first, datetime):
        later = timedelta(hours=1 if looks_for_edits else 0)
        first, last = (int(f"{instant:%Y%m%d}") for instant in (first, last + later))
    elif looks_for_edits:
        last = int(f"{datetime.strptime(str(last), '%Y%m%d') + timedelta(days=1):%Y%m%d}")
    days = ((year, month, day) for year in emulated_aws.YEARS for month in range(1, 13) for day in range(1, 32))
    return [f"tweets/ano={y}/mes={m:02}/dia={d:02}/" for y, m, d in days if first <= y * 10_000 + m * 100 + d <= last]


def counted(requests, days, keys):
    """Returns the counts of one statement's requests, and what is wrong with them."""
    files = {key for key in keys if key.startswith(tuple(days))}
    counts = {name: len(made) for name, made in (("days", days), ("files", files), *vars(requests).items())}
    findings = []
    if set(requests.gets) != files:
        findings.append(f"opens {len(set(requests.gets))} files, its days have {len(files)}")
    if len(requests.lists) > 2 * (len(days) + 2):
        findings.append(f"lists {len(requests.lists)} times for {len(days)} days")
    return counts, findings


class Check:
    def __init__(self, trino, others, aws, keys):
        self.trino, self.others, self.aws, self.keys = trino, others, aws, keys
        self.findings, self.counts = [], {}

    def same_rows(self, name, statement):
        """Asks all engines. Returns the columns and the number of rows of Trino."""
        names, values = self.trino.query(statement)
        self.requests = self.aws.taken()
        own = sql.rows(names, values)
        for engine, rows in self.others.items():
            finding = sql.difference("Trino", own, engine, rows(statement))
            self.findings += [f"{name}: {finding}"] if finding else []
        return names, len(own)

    def view(self, name):
        _, rows = self.same_rows(name, ORDERED[name])
        print(f"  {name}: {rows} rows")

    def question(self, name, deployed):
        names, rows = self.asked(name, sql.at(deployed, engines_lake.NOW))
        by_hand = deployed
        for pattern, number in BY_HAND:
            by_hand = re.sub(pattern, number, by_hand)
        _, rows_by_hand = self.asked(f"{name}, other days", sql.at(by_hand, engines_lake.NOW))
        if self.trino.query(deployed)[0] != names:
            self.findings.append(f"{name}: has different columns as deployed")
        if not rows or not rows_by_hand:
            self.findings.append(f"{name}: has no rows, so nothing was compared")
        print(f"  {name}: {rows} and {rows_by_hand} rows, {self.counts[name]}", flush=True)

    def asked(self, name, statement):
        days = days_asked(self.trino, statement)
        self.aws.taken()
        answer = self.same_rows(name, statement)
        self.counts[name], findings = counted(self.requests, days, self.keys)
        self.findings += [f"{name}: {finding}" for finding in findings]
        return answer

    def attempt(self, name, check, *arguments):
        try:
            check(name, *arguments)
        except Exception as error:  # any exception is a finding
            self.findings.append(f"{name}: {error}")

    def compare_counts(self):
        text = "{\n" + ",\n".join(f'  "{name}": {json.dumps(counts)}' for name, counts in sorted(self.counts.items())) + "\n}\n"
        if os.environ.get("UPDATE_EXPECT"):
            COUNTS.write_text(text)
        elif not COUNTS.exists() or COUNTS.read_text() != text:
            self.findings.append(f"{COUNTS.name} has different counts (UPDATE_EXPECT=1 updates it); now they are\n{text}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--local", required=True, help="the program `local`")
    parser.add_argument("names", nargs="*", help="only these questions and views")
    arguments = parser.parse_args()
    local = Path(arguments.local).resolve()
    is_asked = lambda name: not arguments.names or name in arguments.names  # noqa: E731
    with tempfile.TemporaryDirectory() as folder, emulated_aws.running() as aws:
        ref = refined(local, Path(folder))
        keys = aws.upload(ref)
        duckdb, datafusion = sql.DuckDb(ref), DataFusion(local, folder)
        others = {"DataFusion": datafusion.rows, "DuckDB": lambda statement: sql.rows(*duckdb.query(statement))}
        with trino_server.running({"awsdatacatalog": aws.trino_catalog()}, "awsdatacatalog", aws.database) as trino:
            check = Check(trino, others, aws, keys)
            for name in filter(is_asked, sql.VIEWS):
                check.attempt(name, check.view)
            for query in aws.stack.of_type("AWS::Athena::NamedQuery").values():
                if is_asked(query["Name"]):
                    check.attempt(query["Name"], check.question, query["QueryString"])
    if not arguments.names:
        check.compare_counts()
    views = list(filter(is_asked, sql.VIEWS))
    print(f"{len(check.counts) // 2} questions, each twice, and {len(views)} views over {len(keys)} files, by Trino, DataFusion and DuckDB")
    for finding in check.findings:
        print(f"  {finding}")
    raise SystemExit(1 if check.findings else 0)


if __name__ == "__main__":
    main()
