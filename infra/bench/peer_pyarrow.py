"""peer_pyarrow.py RAW REF [--per-file]: the same table by orjson and pyarrow; --per-file is the leanest Lambda in Python."""

import argparse
import glob
import os

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from symbols import LINK, PATTERN, POSITIVE

S, I, B, T = pa.string(), pa.int64(), pa.bool_(), pa.timestamp("ms", "UTC")
NAMES = pa.list_(S)
SCHEMA = pa.schema([
    ("id", I), ("id_original", I), ("texto", S), ("criado_em", T), ("autor_id", I), ("autor_usuario", S), ("autor_nome", S), ("idioma", S),
    ("tipo", S), ("referenciado_id", I), ("conversa_id", I), ("curtidas", I), ("respostas", I), ("retweets", I), ("citacoes", I),
    ("salvos", I), ("impressoes", I), ("hashtags", NAMES), ("mencoes", NAMES), ("urls", NAMES), ("sensivel", B), ("capturado_em", S),
    ("arquivo_raw", S),
])
METRICS = ["like_count", "reply_count", "retweet_count", "quote_count", "bookmark_count", "impression_count"]
TIPO = {"retweeted": "retweet", "replied_to": "resposta", "quoted": "citacao"}
NAMED = PATTERN.replace("(", "(?P<symbol>", 1)


def times(column, format):
    return pc.assume_timezone(pc.strptime(column, format, "ms"), "UTC")


def rows(path, key):
    with open(path, "rb") as file:
        document = orjson.loads(file.read())
    users = {user["id"]: user for user in document.get("includes", {}).get("users", ())}
    captured_at = document["capture"]["captured_at"]
    columns = [[] for _ in SCHEMA]
    nothing = {}
    for tweet in document["data"]:
        user, entities, metrics = users.get(tweet["author_id"], nothing), tweet.get("entities", nothing), tweet["public_metrics"]
        reference = (tweet.get("referenced_tweets") or (nothing,))[0]
        row = (
            int(tweet["id"]), int(tweet["edit_history_tweet_ids"][0]), tweet.get("note_tweet", tweet)["text"], tweet["created_at"],
            int(tweet["author_id"]), user.get("username"), user.get("name"), tweet.get("lang"),
            TIPO.get(reference.get("type"), "original"), int(reference["id"]) if reference else None, int(tweet["conversation_id"]),
            *[metrics.get(name) for name in METRICS],
            [tag["tag"] for tag in entities["hashtags"]] if "hashtags" in entities else None,
            [mention["username"] for mention in entities["mentions"]] if "mentions" in entities else None,
            [url["expanded_url"] for url in entities["urls"]] if "urls" in entities else None,
            tweet.get("possibly_sensitive"), captured_at, key,
        )
        for column, value in zip(columns, row):
            column.append(value)
    return [pa.array(values, S if field.type == T else field.type) for values, field in zip(columns, SCHEMA)]


def refine(path, key):
    columns = rows(path, key)
    for escaped, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        columns[2] = pc.replace_substring(columns[2], escaped, char)
    columns[3] = times(columns[3], "%Y-%m-%dT%H:%M:%S.000Z")
    columns[21] = times(columns[21], "%Y-%m-%dT%H:%M:%S.000Z")
    symbols = pc.struct_field(pc.extract_regex(pc.replace_substring_regex(columns[2], LINK, " "), NAMED), "symbol")
    sentiments = pc.if_else(pc.is_null(symbols), "Neutro", pc.if_else(pc.is_in(symbols, pa.array(POSITIVE)), "Positivo", "Negativo"))
    table = pa.Table.from_arrays(columns, names=SCHEMA.names)
    table = table.append_column("sentimento", sentiments).append_column("simbolo", symbols)
    for name, format in (("ano", "%Y"), ("mes", "%m"), ("dia", "%d")):
        table = table.append_column(name, pc.strftime(columns[3], format))
    return table


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("raw")
    arguments.add_argument("ref")
    arguments.add_argument("--per-file", action="store_true")
    arguments = arguments.parse_args()
    files = sorted(glob.glob(os.path.join(arguments.raw, "**/*.json"), recursive=True))
    parquet = ds.ParquetFileFormat()
    options = parquet.make_write_options(compression="zstd")
    partitioning = ds.partitioning(pa.schema([("ano", S), ("mes", S), ("dia", S)]), flavor="hive")

    def write(table, name):
        ds.write_dataset(table, arguments.ref, format=parquet, file_options=options, partitioning=partitioning,
                         basename_template=name + "-{i}.parquet", existing_data_behavior="overwrite_or_ignore")

    tables = (refine(path, os.path.relpath(path, arguments.raw)) for path in files)
    if arguments.per_file:
        for place, table in enumerate(tables):
            write(table, f"file-{place}")
    else:
        write(pa.concat_tables(tables).combine_chunks(), "bulk")


main()
