"""The Lambda Runtime API, as far as one bootstrap needs it: hand over an event, take the answer."""

import http.server
import json
import os
import queue
import subprocess
import threading
import time
import uuid


class Function:
    """One running bootstrap. `invoke` gives `(answer, None)` or `(None, error)`, both as parsed JSON."""

    def __init__(self, bootstrap, environment, timeout_seconds=60):
        self.timeout_seconds = timeout_seconds
        self._events, self._answers = queue.Queue(), queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        # Only what the caller names: nothing of this machine's own environment reaches the function.
        runtime = {
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self._server.server_port,
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }
        self.process = subprocess.Popen(
            [os.path.abspath(bootstrap)], env={**runtime, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._log = []
        self._reader = threading.Thread(target=lambda: self._log.extend(self.process.stdout), daemon=True)
        self._reader.start()

    def invoke(self, event):
        deadline_ms = int((time.time() + self.timeout_seconds) * 1000)
        self._events.put((str(uuid.uuid4()), deadline_ms, json.dumps(event).encode()))
        return self._answers.get(timeout=self.timeout_seconds + 5)

    def log(self):
        return b"".join(self._log).decode("utf-8", "replace")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=5)
        self._server.shutdown()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _handler(function):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                request_id, deadline_ms, body = function._events.get()
                self._answer(
                    200,
                    body,
                    {
                        "Lambda-Runtime-Aws-Request-Id": request_id,
                        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:function",
                        "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
                    },
                )

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or "null")
                if self.path.endswith("/response"):
                    function._answers.put((body, None))
                else:
                    function._answers.put((None, body))
                self._answer(202, b"{}", {})

            def _answer(self, status, body, headers):
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
