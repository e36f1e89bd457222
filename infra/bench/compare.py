"""compare.py OURS PEER ...: every row and column of each peer's REF beside ours; `sentimento` and `simbolo` are left out.

A list that is null and one that is empty count as equal, since not every reader tells them apart.
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


ours, *peers = sys.argv[1:]
count, ids = connection.execute(f"SELECT count(*), count(DISTINCT id) FROM {rows(ours)}").fetchone()
wrong = [] if 0 < count == ids else [f"ours: {count} rows with {ids} ids"]
for peer in peers:
    differ = ", ".join(f"count(*) FILTER (a.v{place} IS DISTINCT FROM b.v{place})" for place in range(len(COLUMNS)))
    side = lambda folder: "SELECT " + ", ".join(f"{column} AS v{place}" for place, column in enumerate(COLUMNS)) + f" FROM {rows(folder)}"
    counts = connection.execute(f"SELECT {differ} FROM ({side(ours)}) AS a FULL JOIN ({side(peer)}) AS b ON a.v0 = b.v0").fetchone()
    wrong += [f"{peer}: {count} rows differ in {column}" for column, count in zip(COLUMNS, counts) if count]
print("\n".join(wrong) or f"{count} rows, {len(COLUMNS)} columns: the same in {1 + len(peers)} outputs")
sys.exit(bool(wrong))
