"""peer_duckdb.py RAW REF [--per-file]: the same table by DuckDB, in one SQL statement for everything or for each RAW file."""

import argparse
import glob
import os

import duckdb

from symbols import LINK, PATTERN, POSITIVE

arguments = argparse.ArgumentParser()
arguments.add_argument("raw")
arguments.add_argument("ref")
arguments.add_argument("--per-file", action="store_true")
arguments = arguments.parse_args()


def text(value):
    return "'" + value.replace("'", "''") + "'"


COLUMNS = """{
  data: 'STRUCT(id BIGINT, "text" VARCHAR, created_at TIMESTAMP, author_id BIGINT, lang VARCHAR, conversation_id BIGINT,
    possibly_sensitive BOOLEAN, note_tweet STRUCT("text" VARCHAR), edit_history_tweet_ids BIGINT[],
    referenced_tweets STRUCT("type" VARCHAR, id BIGINT)[],
    public_metrics STRUCT(retweet_count BIGINT, reply_count BIGINT, like_count BIGINT, quote_count BIGINT, bookmark_count BIGINT,
      impression_count BIGINT),
    entities STRUCT(hashtags STRUCT(tag VARCHAR)[], mentions STRUCT(username VARCHAR)[], urls STRUCT(expanded_url VARCHAR)[]))[]',
  includes: 'STRUCT(users STRUCT(id BIGINT, username VARCHAR, "name" VARCHAR)[])',
  capture: 'STRUCT(captured_at TIMESTAMP)'}"""

QUERY = """
COPY (
  WITH raw AS (
    SELECT unnest(data) AS t, map_from_entries(list_transform(list_distinct(includes.users), lambda u: row(u.id, u))) AS users,
      capture.captured_at AS capturado_em, substring(filename, {skipped}) AS arquivo_raw
    FROM read_json({files}, format='newline_delimited', hive_partitioning=false, filename=true, maximum_object_size=33554432,
      columns={columns})
  ), words AS (
    SELECT *, users[t.author_id] AS author, t.referenced_tweets[1] AS reference,
      replace(replace(replace(coalesce(t.note_tweet."text", t."text"), '&lt;', '<'), '&gt;', '>'), '&amp;', '&') AS texto
    FROM raw
  ), symbols AS (
    SELECT *, nullif(regexp_extract(regexp_replace(texto, {link}, ' ', 'g'), {pattern}, 1), '') AS simbolo FROM words
  )
  SELECT t.id AS id, coalesce(t.edit_history_tweet_ids[1], t.id) AS id_original, texto, t.created_at::TIMESTAMPTZ AS criado_em,
    t.author_id AS autor_id, author.username AS autor_usuario, author."name" AS autor_nome, t.lang AS idioma,
    CASE reference."type" WHEN 'retweeted' THEN 'retweet' WHEN 'replied_to' THEN 'resposta' WHEN 'quoted' THEN 'citacao'
      ELSE 'original' END AS tipo,
    reference.id AS referenciado_id, t.conversation_id AS conversa_id, t.public_metrics.like_count AS curtidas,
    t.public_metrics.reply_count AS respostas, t.public_metrics.retweet_count AS retweets, t.public_metrics.quote_count AS citacoes,
    t.public_metrics.bookmark_count AS salvos, t.public_metrics.impression_count AS impressoes,
    list_transform(t.entities.hashtags, lambda x: x.tag) AS hashtags,
    list_transform(t.entities.mentions, lambda x: x.username) AS mencoes,
    list_transform(t.entities.urls, lambda x: x.expanded_url) AS urls, t.possibly_sensitive AS sensivel,
    CASE WHEN simbolo IS NULL THEN 'Neutro' WHEN simbolo IN ({positive}) THEN 'Positivo' ELSE 'Negativo' END AS sentimento, simbolo,
    capturado_em::TIMESTAMPTZ AS capturado_em, arquivo_raw,
    year(t.created_at) AS ano, strftime(t.created_at, '%m') AS mes, strftime(t.created_at, '%d') AS dia
  FROM symbols
) TO {ref} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (ano, mes, dia){options})
"""

connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'; SET threads = 2; SET preserve_insertion_order = false")


def refine(files, options):
    connection.execute(QUERY.format(
        files=text(files), columns=COLUMNS, link=text(LINK), pattern=text(PATTERN), ref=text(arguments.ref), options=options,
        positive=", ".join(map(text, POSITIVE)), skipped=len(arguments.raw.rstrip("/")) + 2,
    ))


if arguments.per_file:
    for place, path in enumerate(sorted(glob.glob(os.path.join(arguments.raw, "**/*.json"), recursive=True))):
        refine(path, f", FILENAME_PATTERN 'file-{place}-{{i}}', OVERWRITE_OR_IGNORE")
else:
    refine(os.path.join(arguments.raw, "**/*.json"), "")
