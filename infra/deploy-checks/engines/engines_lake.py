"""RAW files with values that engines may read differently, the same in every run: edits, accents, links of every form, emoji, control
characters, and a file added by hand.

Omits `İ` and a word that ends in a capital sigma, whose lower case differs between engines (ARCHITECTURE.md).
"""

import json
import random
from datetime import datetime, timedelta, timezone

FIRST = datetime(2026, 10, 31, 18, tzinfo=timezone.utc)
NOW = datetime(2026, 12, 1, 3, 28, tzinfo=timezone.utc)  # early on the first day of a month: yesterday as a number is not today minus one
WITHOUT_TWEETS = {(2026, 11, 12), (2026, 11, 13)}
POSTS_PER_FILE = 40

LINKS = [
    "https://t.co/AbC1xyz", "http://t.co/x", "HTTPS://T.CO/ABC", "www.gov.br/noticias?a=b&c=d#fim", "WWW.GOV.BR", "https://", "www.",
    "https://pt.wikipedia.org/wiki/São_Paulo_(cidade)", "https://usuario:senha@exemplo.com.br:8080/a//b/", "(https://t.co/abc)", "https://t.co/abc.",
    "https://t.co/abc,xyz", "vejahttps://t.co/abc", "https://t.co/a😂b", "https://presidência.br/ação", "https://t.co/{c}[d]|e\\f^g", "https://p{Cc}/Zs",
    "https://日本語.jp/パス", "https://t.co/a\u200bzero", "https://t.co/a\u00adhífen", "https://t.co/a\ue000privado", "ftp://exemplo.org/nada", "t.co/semnada",
]
ENDS = [" ", "\n", "\t", "\r\n", "\u00a0", "\u2003", "\u3000", "\u2028", "\u0085", "\u0007", "\u001f", "\u007f", "\u009f", "\u0001"]
PIECES = [
    "presidente", "AÇÃO", "ação", "e\u0301tica", "ÉTICA", "São", "não", "VOCÊ", "já", "o", "à", "coração", "bem-vindo", "{brasil}", "chave}fecha", "#tag}fim", "12}ab", "d'água", "olá!!!olá",
    "fala.sem.espaço", "GRÜẞE", "Straße", "ǅungla", "K\u212aelvin", "Россия", "россия", "ΕΛΛΆΔΑ", "日本語", "한국어", "हिन्दी", "ประเทศไทย", "العَرَبِيَّة", "שָׁלוֹם",
    "@Planalto", "@a_b1:oi", "joao@gmail.com", "@ só", "#Brasil", "#Água_2026", "#é2", "#", "só#tag", "##dupla", "#हिन्दी", "#日本",
    "R$ 10,50", "4mil", "G20", "covid19", "1º", "x2", "²", "Ⅻ", "ⅻ", "٣٤", "½kg", "&amp;lt;b&amp;gt;", "Tom &amp;amp; Jerry", "R&amp;D", "&amp;#39;aspas&amp;#39;",
    "&amp;;", "<3", ":)", ":(", ":D", "❤\ufe0f", "👍🏽", "👨‍👩‍👧‍👦", "🇧🇷", "😂kkk😂", "a\ufe0f", "zero\u200bespaço", "junta\u200dr", "\u202edireita\u202c", "\ufeffmarca",
    "um\u0000nulo", "tab\tulado", "linha\nnova", "sino\u0007toca", "esc\u001bape", "del\u007fete", "nel\u0085nova", "c1\u009ffim", "\u2060junto", "𝐁𝐨𝐥𝐝", "𐐀𐐨",
]  # fmt: skip
TAGS = ["Brasil", "brasil", "Eleição2026", "ÁGUA", "água", "日本"]
NAMES = ["planalto", "Planalto", "agencia_x"]


def raw_files():
    """Yields the keys and texts of the RAW files."""
    rng = random.Random(18)
    posts = sorted(all_posts(rng), key=lambda post: int(post["id"]))
    for start in range(0, len(posts), POSTS_PER_FILE):
        chunk = posts[start : start + POSTS_PER_FILE]
        oldest, newest = chunk[0], chunk[-1]
        captured_at = instant(newest) + timedelta(minutes=4)
        document = {"data": chunk[::-1], "capture": {"captured_at": shown(captured_at), "query": "x"}}
        name = f"{instant(oldest):%Y-%m-%dT%H-%MZ}_{oldest['id']}_{newest['id']}.json"
        yield f"tweets/{folder(instant(oldest))}{name}", json.dumps(document)
    by_hand = [post(rng, NOW - timedelta(hours=hours), f"posto à mão {hours} www.gov.br\nfim") for hours in (5, 30, 60)]
    yield "tweets/by hand/presidência + ação.json", json.dumps({"data": by_hand})
    yield "tweets/by hand/nothing.json", json.dumps({"meta": {"result_count": 0}})


def folder(at):
    return f"ano={at:%Y}/mes={at:%m}/dia={at:%d}/"


def all_posts(rng):
    at = FIRST
    while at < NOW - timedelta(minutes=2):
        is_recent = at > NOW - timedelta(hours=27)
        at += timedelta(seconds=rng.uniform(20, 300) if is_recent else rng.uniform(300, 3_000))
        if (at.year, at.month, at.day) in WITHOUT_TWEETS or (at.day % 5 == 0 and at.hour in (3, 4)):
            continue
        own = post(rng, at, text(rng))
        yield own
        # Edits across midnight are more frequent than on X.
        if rng.random() < (0.8 if at.hour == 23 else 0.05):
            yield from edits(rng, own, at)


def edits(rng, first, at):
    history = [first["id"]]
    for _ in range(rng.randint(1, 3)):
        at += timedelta(seconds=rng.uniform(60, 1_100))
        if (at.year, at.month, at.day) not in WITHOUT_TWEETS and at < NOW:
            later = post(rng, at, text(rng))
            history.append(later["id"])
            later.pop("author_id", None)
            yield {**first, **later, "edit_history_tweet_ids": list(history)}


def post(rng, at, its_text):
    own_id = str((int(at.timestamp() * 1_000) - 1_288_834_974_657 << 22) + rng.randrange(1 << 12))
    tags = [{"tag": tag} for tag in rng.sample(TAGS, rng.choice([0, 0, 1, 2]))]
    names = [{"username": name} for name in rng.sample(NAMES, rng.choice([0, 1, 1]))]
    own = {
        "id": own_id,
        "edit_history_tweet_ids": [own_id],
        "created_at": shown(at),
        "text": its_text,
        "author_id": str(rng.randint(1, 60)),
        "lang": "pt",
        "public_metrics": {"like_count": rng.randint(0, 400), "retweet_count": 1, "reply_count": 2},
        "entities": {"hashtags": tags, "mentions": names},
    }
    return {key: value for key, value in own.items() if key in ("id", "edit_history_tweet_ids", "created_at") or rng.random() > 0.01}


def text(rng):
    parts = []
    for _ in range(rng.randint(0, 9)):
        parts += [rng.choice(PIECES), rng.choice(ENDS) if rng.random() < 0.2 else " "]
        if rng.random() < 0.3:
            parts += [rng.choice(LINKS), rng.choice(ENDS)]
    return "".join(parts)


def instant(one):
    return datetime.fromisoformat(one["created_at"])


def shown(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1_000:03}Z"
