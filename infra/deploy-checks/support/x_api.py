"""The part of the X API that one sweep of ingest needs: a page of posts from a few minutes ago."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TEXTS = ["Gostei :)", "Que pena :(", "Nada a dizer", "Feliz! :D", "&lt;3 presidente"]
EPOCH_MS = 1288834974657  # ids contain their time: milliseconds since this moment, shifted left by 22 bits


def posts(count, now_ms):
    """Returns one post per second, the newest two minutes old, newest first."""
    made = []
    for place in range(count):
        created_ms = now_ms - 120_000 - 1000 * place
        created = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(created_ms / 1000))
        id_ = str((created_ms - EPOCH_MS) << 22 | place)
        made.append(
            {
                "id": id_,
                "edit_history_tweet_ids": [id_],
                "text": TEXTS[place % len(TEXTS)],
                "created_at": f"{created}.{created_ms % 1000:03}Z",
                "author_id": "42",
                "conversation_id": id_,
                "lang": "pt",
                "possibly_sensitive": False,
                "public_metrics": {
                    "retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4, "bookmark_count": 5, "impression_count": 6,
                },
                "entities": {"hashtags": [{"start": 0, "end": 7, "tag": "brasil"}]},
            }
        )
    return made


class XApi:
    """Serves the posts to clients with the token, for the `with` block."""

    def __init__(self, token, made):
        self.token, self.made, self.asked = token, made, []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, query):
        """Returns the posts of the open span, newest first. Omits empty lists, as X does."""
        low, high = int(query["since_id"][0]), int(query["until_id"][0])
        found = [post for post in self.made if low < int(post["id"]) < high][: int(query["max_results"][0])]
        if not found:
            return {"meta": {"result_count": 0}}
        meta = {"result_count": len(found), "newest_id": found[0]["id"], "oldest_id": found[-1]["id"]}
        if any(low < int(post["id"]) < int(found[-1]["id"]) for post in self.made):
            meta["next_token"] = "more"
        return {"data": found, "meta": meta}

    def body(self, query):
        return json.dumps(self.answer(query)).encode()

    def handler(api):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urlsplit(self.path)
                query = parse_qs(url.query)
                api.asked.append((url.path, query))
                allowed = self.headers.get("authorization") == f"Bearer {api.token}"
                body = api.body(query) if allowed else json.dumps({"title": "Unauthorized", "status": 401}).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
