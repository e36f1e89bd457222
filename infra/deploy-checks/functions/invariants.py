"""Checks the invariants from outside: compares the files of a lake on disk with what the X API sent and what happened.

The numbers are those of ARCHITECTURE.md. Reads RAW as text and JSON and REF with pyarrow, and uses no code of the pipeline.
"""

import hashlib
import html
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet

TWEETS_MAX = 100
UNPUT_MAX = 199  # read and not put by one dead run: 99 that wait for a full file, and a page
MARKERS = ["zarabatana7Qk2v", "zarpelim"]  # part of the emulator's token; part of the text of each of its posts
NAME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T\d\d-\d\dZ_(\d+)_(\d+)\.json")
ID_EPOCH_MS = 1288834974657


@dataclass
class Run:
    """One invocation of ingest, as its requests show it."""

    number: int
    served: list = field(default_factory=list)  # ids that X sent to it
    lost: int = 0  # how many of them never arrived although it continued
    answer: dict | None = None  # None if it died or failed


@dataclass
class Happened:
    """What is known about a lake besides its files."""

    sent: dict  # id → tweet as X sent it
    due: set  # ids that must be captured
    first_seen: dict  # RAW key → SHA-256 of the object when it was first seen
    runs: list
    cursors: list  # every cursor that was written
    logs: list

    def paid(self):
        return sum(len(run.served) for run in self.runs)


def parse(text):
    """Parses JSON, keeping the spelling of numbers and the order of fields."""
    return json.loads(text, parse_int=lambda digits: ("number", digits), parse_float=lambda digits: ("number", digits), object_pairs_hook=Pairs)


class Pairs(list):
    """An object's fields in order."""

    def get(self, name, otherwise=None):
        return next((value for key, value in self if key == name), otherwise)


class Lake:
    def __init__(self, root):
        self.raw_root, self.ref_root = Path(root, "xpto-raw"), Path(root, "xpto-ref")
        self.raw = {str(path.relative_to(self.raw_root)): path for path in sorted(self.raw_root.glob("tweets/**/*.json"))}
        self.ref = {str(path.relative_to(self.ref_root)): path for path in sorted(self.ref_root.glob("tweets/**/*.parquet"))}
        self.tweets = {key: parse(path.read_text(encoding="utf-8")).get("data", []) for key, path in self.raw.items()}
        self.ids = {key: [int(tweet.get("id")) for tweet in tweets] for key, tweets in self.tweets.items()}

    def cursor(self):
        return json.loads((self.raw_root / "state" / "ingest.json").read_text(encoding="utf-8"))


def violations(lake, happened):
    """Yields all violations as (invariant, description)."""
    for check in (nothing_is_missed, nothing_is_captured_twice, files_follow_the_contract, ref_matches_raw, at_rest, money, raw_never_changes, no_secret_is_logged):
        yield from check(lake, happened)


def nothing_is_missed(lake, happened):
    captured = {id_ for ids in lake.ids.values() for id_ in ids}
    for id_ in sorted(happened.due - captured):
        yield "INV-1", f"{id_} is not in any RAW file"


def nothing_is_captured_twice(lake, happened):
    for id_, count in Counter(id_ for ids in lake.ids.values() for id_ in ids).items():
        if count > 1:
            yield "INV-2", f"{id_} is {count} times in RAW"


def files_follow_the_contract(lake, happened):
    captured = {id_ for ids in lake.ids.values() for id_ in ids}
    for key, tweets in lake.tweets.items():
        ids = lake.ids[key]
        if not 1 <= len(ids) <= TWEETS_MAX:
            yield "RAW", f"{key} has {len(ids)} tweets"
            continue
        if ids != sorted(ids, reverse=True):
            yield "RAW", f"{key} is not newest first"
        for id_, tweet in zip(ids, tweets):
            if happened.sent.get(id_) != tweet:
                yield "RAW", f"{id_} in {key} is not what X sent"
        name = NAME.fullmatch(key.rpartition("/")[2])
        if not name:
            yield "RAW", f"{key} is not a valid file name"
            continue
        year, month, day, oldest, newest = name.groups()
        # A file that was written again after a death may be named after tweets that X has stopped serving since, but after no others. If that
        # run also had to stop, its oldest tweet is in another file.
        for named, real, elsewhere in ((int(oldest), ids[-1], captured), (int(newest), ids[0], set())):
            if named != real and named in happened.due - elsewhere:
                yield "RAW", f"{key} is named after {named} but contains {real}"
        if not int(oldest) <= ids[-1] <= ids[0] <= int(newest):
            yield "RAW", f"{key} contains ids outside its name"
        if int(oldest) == ids[-1]:
            minute = tweets[-1].get("created_at")[:16].replace(":", "-")
            if key != f"tweets/ano={year}/mes={month}/dia={day}/{minute}Z_{oldest}_{newest}.json":
                yield "RAW", f"{key} is not named by the minute of its oldest tweet, {minute}"


def expected(key, tweet):
    """Returns the expected row of a tweet, except what needs the lexicon."""
    note = tweet.get("note_tweet", Pairs()).get("text")
    text = html.unescape(note or tweet.get("text"))
    return (int(tweet.get("id")), tweet.get("created_at"), text, key)


def ref_matches_raw(lake, happened):
    want = {(key, int(tweet.get("id"))): expected(key, tweet) for key, tweets in lake.tweets.items() for tweet in tweets}
    rows = Counter()
    for path_key, path in lake.ref.items():
        table = pyarrow.parquet.read_table(path, columns=["id", "criado_em", "texto", "arquivo_raw", "sentimento", "simbolo"], partitioning=None)
        ids = []
        for row in table.to_pylist():
            ids.append(row["id"])
            place = (row["arquivo_raw"], row["id"])
            rows[place] += 1
            created_at = f"{row['criado_em']:%Y-%m-%dT%H:%M:%S}.{row['criado_em'].microsecond // 1000:03}Z"
            if place in want and want[place] != (row["id"], created_at, row["texto"], row["arquivo_raw"]):
                yield "INV-3", f"{row['id']} has a row in {path_key} that differs from its tweet in RAW"
            if not path_key.startswith(f"tweets/ano={created_at[:4]}/mes={created_at[5:7]}/dia={created_at[8:10]}/"):
                yield "INV-3", f"{row['id']} of {created_at} is in {path_key}"
            if (row["simbolo"] is None) != (row["sentimento"] == "Neutro"):
                yield "INV-3", f"{row['id']} is {row['sentimento']} and its symbol does not match"
        if ids != sorted(ids):
            yield "INV-3", f"{path_key} is not sorted by id"
    for place in want.keys() - rows.keys():
        yield "INV-3", f"{place[1]} of {place[0]} is not in REF"
    for place, count in rows.items():
        if place not in want:
            yield "INV-3", f"{place[1]} of {place[0]} is in REF but not in RAW"
        elif count > 1:
            yield "INV-3", f"{place[1]} of {place[0]} is {count} times in REF"


def at_rest(lake, happened):
    cursor = lake.cursor()
    for name in ("sweep", "pending", "lease"):
        if cursor.get(name):
            yield "INV-4", f"the cursor still has `{name}`"
    for earlier, later in zip(happened.cursors, happened.cursors[1:]):
        if int(later["done"]) < int(earlier["done"]):
            yield "INV-4", f"`done` moved backwards from {earlier['done']} to {later['done']}"


def money(lake, happened):
    readers = defaultdict(list)
    for run in happened.runs:
        for id_ in run.served:
            readers[id_].append(run.number)
    # The last reader of a post has wasted nothing, even if the put of an earlier, dead run is applied before its own.
    wasted = Counter(number for numbers in readers.values() for number in numbers[:-1])
    for run in happened.runs:
        allowed = UNPUT_MAX + run.lost
        if run.answer is not None:
            allowed = run.answer["posts_reread"] + run.answer["out_of_span"]
            allowed += 0 if run.answer["status"] == "complete" else TWEETS_MAX  # the pending file, which the run that refills it reports
        if wasted[run.number] > allowed:
            yield "INV-6", f"{wasted[run.number]} posts of run {run.number} were read again, {allowed} are allowed"
    counted = lake.cursor()["month"]["posts_read"]
    if counted < happened.paid():
        yield "INV-6", f"the cursor counts {counted} posts, X sent {happened.paid()}"


def raw_never_changes(lake, happened):
    for key, path in lake.raw.items():
        if happened.first_seen.get(key) != hashlib.sha256(path.read_bytes()).hexdigest():
            yield "INV-8", f"{key} differs from what was first written"
    for key in happened.first_seen.keys() - lake.raw.keys():
        yield "INV-8", f"{key} is gone"


def no_secret_is_logged(lake, happened):
    for line in happened.logs:
        if any(marker in line for marker in MARKERS):
            yield "INV-7", "a log contains the token or the text of a tweet"
