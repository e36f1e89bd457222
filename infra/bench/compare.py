"""compare.py OURS PEER ...: compares every row and column of each peer's REF with ours, except `sentimento` and `simbolo`.

A null list and an empty one count as equal, since not every reader distinguishes them. At the end, checks that it can fail.
"""

import sys

import duckdb

COLUMNS = [
    "id", "id_original", "texto", "epoch_ms(criado_em)", "autor_id", "autor_usuario", "autor_nome", "idioma", "tipo", "referenciado_id",
    "conversa_id", "curtidas", "respostas", "retweets", "citacoes", "salvos", "impressoes", "coalesce(hashtags, [])",
    "coalesce(mencoes, [])", "coalesce(urls, [])", "sensivel", "epoch_ms(capturado_em)", "arquivo_raw", "ano::INT", "mes::INT", "dia::INT",
]

connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'; SET threads = 2")


def rows(folder):
    return f"read_parquet('{folder}/**/*.parquet', hive_partitioning=true)"


def side(folder):
    return "SELECT " + ", ".join(f"{column} AS v{place}" for place, column in enumerate(COLUMNS)) + f" FROM {rows(folder)}"


def differing(one, other):
    """Returns the number of differing rows, by column."""
    differ = ", ".join(f"count(*) FILTER (a.v{place} IS DISTINCT FROM b.v{place})" for place in range(len(COLUMNS)))
    counts = connection.execute(f"SELECT {differ} FROM ({one}) AS a FULL JOIN ({other}) AS b ON a.v0 = b.v0").fetchone()
    return {column: count for column, count in zip(COLUMNS, counts) if count}


def finds_one_changed_value():
    """Removes one value from a copy of each column and returns the number of columns, or 0 if a change was not detected."""
    connection.execute(f"CREATE TEMP TABLE part AS {side(ours)} LIMIT 1000")
    found = []
    for place, column in enumerate(COLUMNS):
        first, = connection.execute(f"SELECT min(rowid) FROM part WHERE v{place} IS NOT NULL").fetchone()
        if first is not None:
            changed = f"SELECT * REPLACE (CASE WHEN rowid <> {first} THEN v{place} END AS v{place}) FROM part"
            found.append(column in differing("FROM part", changed))
    return len(found) if all(found) else 0


ours, *peers = sys.argv[1:]
count, ids = connection.execute(f"SELECT count(*), count(DISTINCT id) FROM {rows(ours)}").fetchone()
wrong = [] if 0 < count == ids else [f"ours: {count} rows with {ids} ids"]
for peer in peers:
    wrong += [f"{peer}: {rows} rows differ in {column}" for column, rows in differing(side(ours), side(peer)).items()]
proven = finds_one_changed_value()
if not proven:
    wrong.append("a changed value is not detected")
print("\n".join(wrong) or f"{count} rows, {len(COLUMNS)} columns: the same in {1 + len(peers)} outputs; "
      f"one changed value is detected in each of {proven} columns (the others are null)")
sys.exit(bool(wrong))
