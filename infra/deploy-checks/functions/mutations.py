"""Checks the checker: each damage to a correct lake must be detected as a violation of the right invariant."""

import copy
import json
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet

from invariants import Lake, Run, violations


FILES = 4


def nothing_happens(lake, happened):
    return set()


def a_raw_file_is_lost(lake, happened):
    first(lake.raw).unlink()
    return {"INV-1", "INV-3", "INV-8"}


def a_raw_file_is_copied(lake, happened):
    path = first(lake.raw)
    other = path.with_name(path.name.replace("T", "T0", 1))
    shutil.copy(path, other)
    happened.first_seen[str(other.relative_to(lake.raw_root))] = happened.first_seen[str(path.relative_to(lake.raw_root))]
    return {"INV-2", "INV-3", "RAW"}


def a_byte_of_raw_changes(lake, happened):
    path = first(lake.raw)
    path.write_text(path.read_text(encoding="utf-8").replace('"lang":"pt"', '"lang":"es"', 1), encoding="utf-8")
    return {"INV-8", "RAW"}


def a_raw_file_is_written_again(lake, happened):
    path = first(lake.raw)
    path.write_bytes(path.read_bytes() + b"\n")
    return {"INV-8"}


def a_file_is_named_by_its_newest(lake, happened):
    path = max(lake.raw.values(), key=lambda path: path.stat().st_size)
    stem, oldest, newest = path.stem.split("_")
    other = path.with_name(f"{stem}_{newest}_{newest}.json")
    rename(lake, happened, path, other)
    return {"RAW", "INV-3"}


def a_file_is_named_by_another_hour(lake, happened):
    path = first(lake.raw)
    rename(lake, happened, path, path.with_name(path.name[:11] + f"{(int(path.name[11:13]) + 1) % 24:02}" + path.name[13:]))
    return {"RAW", "INV-3"}


def two_files_are_merged(lake, happened):
    big, other = sorted(lake.raw.values(), key=lambda path: path.stat().st_size)[-2:]
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in (big, other)]
    documents[0]["data"] += documents[1]["data"]
    big.write_text(json.dumps(documents[0]), encoding="utf-8")
    return {"RAW", "INV-2", "INV-3", "INV-8"}


def a_parquet_file_is_lost(lake, happened):
    first(lake.ref).unlink()
    return {"INV-3"}


def a_parquet_file_is_copied(lake, happened):
    path = first(lake.ref)
    shutil.copy(path, path.with_name("again.parquet"))
    return {"INV-3"}


def a_parquet_file_is_in_another_day(lake, happened):
    path = first(lake.ref)
    other = path.parent.with_name("dia=00") / path.name
    other.parent.mkdir()
    path.rename(other)
    return {"INV-3"}


def a_row_is_lost(lake, happened):
    path = max(lake.ref.values(), key=lambda path: path.stat().st_size)
    table = pyarrow.parquet.read_table(path, partitioning=None)
    pyarrow.parquet.write_table(table.slice(1), path)
    return {"INV-3"}


def a_text_is_cut(lake, happened):
    path = first(lake.ref)
    table = pyarrow.parquet.read_table(path, partitioning=None)
    place = table.column_names.index("texto")
    texts = [text[:5] for text in table.column("texto").to_pylist()]
    pyarrow.parquet.write_table(table.set_column(place, "texto", [texts]), path)
    return {"INV-3"}


def the_cursor_keeps_its_lease(lake, happened):
    change_cursor(lake, lambda cursor: cursor.update(lease={"until": "2026-11-23T14:05:00Z"}))
    return {"INV-4"}


def done_moves_backwards(lake, happened):
    happened.cursors.append({**happened.cursors[-1], "done": "1"})
    return {"INV-4"}


def the_month_is_counted_low(lake, happened):
    change_cursor(lake, lambda cursor: cursor["month"].update(posts_read=happened.paid() - 1))
    return {"INV-6"}


def a_run_reads_everything_again(lake, happened):
    run = next(run for run in happened.runs if run.served)
    run.answer, run.lost = None, 0
    run.served = run.served * 200
    change_cursor(lake, lambda cursor: cursor["month"].update(posts_read=happened.paid()))
    return {"INV-6"}


def posts_of_a_completed_run_are_read_again(lake, happened):
    run, later = [run for run in happened.runs if run.served][:2]
    run.answer = {"status": "complete", "posts_reread": 0, "out_of_span": 0}
    later.served = later.served + run.served[:1]
    change_cursor(lake, lambda cursor: cursor["month"].update(posts_read=happened.paid()))
    return {"INV-6"}


def a_late_put_is_redone(lake, happened):
    """Is not damage: the put of the first run is applied while the second refills the file, which then dies with another page."""
    file, page = list(range(100)), list(range(100, 200))
    number = len(happened.runs)
    whole = {"status": "complete", "posts_reread": 0, "out_of_span": 0}
    happened.runs += [Run(number, file), Run(number + 1, file + page), Run(number + 2, page, answer=whole)]
    change_cursor(lake, lambda cursor: cursor["month"].update(posts_read=happened.paid()))
    return set()


def a_log_contains_a_text(lake, happened):
    happened.logs.append('{"level":"DEBUG","fields":{"message":"deu no zarpelim"}}')
    return {"INV-7"}


MUTATIONS = [
    a_raw_file_is_lost, a_raw_file_is_copied, a_byte_of_raw_changes, a_raw_file_is_written_again, a_file_is_named_by_its_newest,
    a_file_is_named_by_another_hour, two_files_are_merged, a_parquet_file_is_lost, a_parquet_file_is_copied,
    a_parquet_file_is_in_another_day, a_row_is_lost, a_text_is_cut, the_cursor_keeps_its_lease, done_moves_backwards,
    the_month_is_counted_low, a_run_reads_everything_again, posts_of_a_completed_run_are_read_again, a_log_contains_a_text,
]  # fmt: skip


def first(paths):
    return next(iter(paths.values()))


def rename(lake, happened, path, other):
    path.rename(other)
    key = happened.first_seen.pop(str(path.relative_to(lake.raw_root)))
    happened.first_seen[str(other.relative_to(lake.raw_root))] = key


def change_cursor(lake, change):
    path = lake.raw_root / "state" / "ingest.json"
    cursor = json.loads(path.read_text(encoding="utf-8"))
    change(cursor)
    path.write_text(json.dumps(cursor), encoding="utf-8")


def a_few_files(root, happened, folder):
    """Copies a lake of the first files only, and returns what is known about them: small enough to be damaged and checked often."""
    lake = Lake(root)
    keys = list(lake.raw)[:FILES]
    for path in [lake.raw[key] for key in keys] + [lake.raw_root / "state" / "ingest.json"]:
        copy_below(root, path, folder)
    stems = {Path(key).stem for key in keys}
    for path in lake.ref.values():
        if path.stem in stems:
            copy_below(root, path, folder)
    ids = {id_ for key in keys for id_ in lake.ids[key]}
    known = copy.copy(happened)
    known.due, known.first_seen = happened.due & ids, {key: happened.first_seen[key] for key in keys}
    return known


def copy_below(root, path, folder):
    target = Path(folder, path.relative_to(root))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)


def unnoticed(root, happened):
    """Yields mutations that the checker does not detect, or detects as something else."""
    with tempfile.TemporaryDirectory() as whole:
        happened = a_few_files(root, happened, whole)
        for mutation in [nothing_happens, a_late_put_is_redone, *MUTATIONS]:
            with tempfile.TemporaryDirectory() as damaged:
                shutil.copytree(whole, damaged, dirs_exist_ok=True)
                known = copy.copy(happened)
                known.first_seen, known.cursors, known.logs = dict(happened.first_seen), list(happened.cursors), list(happened.logs)
                known.runs = [copy.copy(run) for run in happened.runs]
                expected = mutation(Lake(damaged), known)
                found = {invariant for invariant, _ in violations(Lake(damaged), known)}
                if found != expected:
                    yield f"{mutation.__name__.replace('_', ' ')}: found {sorted(found)}, expected {sorted(expected)}"
