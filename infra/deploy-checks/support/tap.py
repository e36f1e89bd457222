"""An HTTP proxy between one process and a server: every request goes through a function that may delay, drop or observe it."""

import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Request:
    method: str
    path: str
    headers: list
    body: bytes


@dataclass
class Answer:
    status: int
    headers: list
    body: bytes


class Tap:
    """Serves at `url` for the `with` block; `act(request, forward)` returns the answer, or None to close the connection."""

    def __init__(self, upstream, act):
        self.upstream, self.act = urlsplit(upstream).netloc, act
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.handle_error = lambda *_: None  # a killed process resets its connection
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def forward(self, request):
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers:  # including Host as it was sent, because it is signed
                if name.lower() not in HOP_BY_HOP:
                    connection.putheader(name, value)
            if request.body:
                connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body or None)
            answer = connection.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP - {"content-length"}]
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def handler(tap):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def take(self):
                length = int(self.headers.get("content-length", 0))
                request = Request(self.command, self.path, self.headers.items(), self.rfile.read(length))
                answer = tap.act(request, tap.forward)
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in answer.headers):
                    self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_HEAD = do_PUT = do_POST = take

            def log_message(self, *_):
                pass

        return Handler
