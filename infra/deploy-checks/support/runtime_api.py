"""Lambda's Runtime API on this machine: starts a bootstrap and sends it one invocation at a time."""

import json
import os
import queue
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

START_SECONDS = 30
LOGS = os.environ.get("XPTO_LOGS")  # a folder that keeps all logs of the functions, at debug level


class Failed(Exception):
    """The function answered an invocation with an error."""

    def __init__(self, answer):
        super().__init__(f"{answer.get('errorType')}: {answer.get('errorMessage')}")
        self.type, self.message = answer.get("errorType"), answer.get("errorMessage")


class Died(SystemExit):
    """The process ended before it answered."""


class Function:
    """Runs a bootstrap under the Runtime API for the `with` block.

    As on Lambda, a process that has not answered by its timeout is killed, here `overrun` seconds later. `properties` are those of the
    AWS::Lambda::Function: the process gets its timeout, memory, environment and log settings, as on Lambda. `extra` are variables that only
    this machine needs, such as endpoints.
    """

    def __init__(self, bootstrap, properties, extra, overrun=1):
        self.name, self.timeout, self.overrun = properties["FunctionName"], properties["Timeout"], overrun
        self.events, self.answers = queue.Queue(), queue.Queue()
        self.stopped, self.watchdog = False, threading.Timer(0, lambda: None)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.handle_error = lambda *_: None  # a killed bootstrap resets its connection
        logging = properties["LoggingConfig"]
        environment = {
            **{name: str(value) for name, value in properties["Environment"]["Variables"].items()},
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties["MemorySize"]),
            "AWS_LAMBDA_LOG_GROUP_NAME": logging["LogGroup"],
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0",
            "AWS_LAMBDA_LOG_FORMAT": logging["LogFormat"],
            "AWS_LAMBDA_LOG_LEVEL": "DEBUG" if LOGS else logging["ApplicationLogLevel"],
            **extra,
        }
        self.bootstrap, self.environment = bootstrap, environment

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        # The bootstrap gets no variable of this shell, only what the template sets.
        # Standard error also goes into the log, as on Lambda.
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen([self.bootstrap], env=self.environment, **output)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.server.shutdown()
        self.server.server_close()
        if LOGS:
            with open(f"{LOGS}/{self.name}-{os.getpid()}-{self.server.server_port}.log", "a", encoding="utf-8") as log:
                log.writelines(self.lines)

    def invoke(self, event):
        """Returns the function's answer.

        Raises Failed if it answers with an error, Died if the process ends before it answers.
        """
        self.events.put(event)
        until = time.monotonic() + START_SECONDS + self.timeout + self.overrun
        while time.monotonic() < until:
            try:
                kind, answer = self.answers.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    raise Died(f"{self.name}: the bootstrap ended with status {self.process.returncode}") from None
                continue
            if kind == "response":
                return answer
            raise Failed(answer)
        raise SystemExit(f"{self.name}: did not ask for the event within {START_SECONDS} s")

    def logs(self, text, seconds=5):
        """Returns whether a log line contains the text: a line may be read a moment after the answer."""
        until = time.monotonic() + seconds
        while not any(text in line for line in self.lines) and time.monotonic() < until:
            time.sleep(0.05)
        return any(text in line for line in self.lines)

    def peak_mib(self):
        """Returns the peak memory of the process so far; None without /proc."""
        status = f"/proc/{self.process.pid}/status"
        if not os.path.exists(status):
            return None
        with open(status, encoding="ascii", errors="replace") as lines:
            kib = next((line.split()[1] for line in lines if line.startswith("VmHWM")), None)
        return kib and int(kib) / 1024

    def handler(function):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                event = None
                while event is None:
                    if function.stopped:
                        return
                    try:
                        event = function.events.get(timeout=0.2)
                    except queue.Empty:
                        pass
                body = json.dumps(event).encode()
                function.watchdog = threading.Timer(function.timeout + function.overrun, function.process.kill)
                function.watchdog.start()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.send_header("lambda-runtime-aws-request-id", str(uuid.uuid4()))
                self.send_header("lambda-runtime-deadline-ms", str(int((time.time() + function.timeout) * 1000)))
                arn = f"arn:aws:lambda:sa-east-1:123456789012:function:{function.name}"
                self.send_header("lambda-runtime-invoked-function-arn", arn)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                function.watchdog.cancel()
                kind = self.path.rpartition("/")[2]
                function.answers.put((kind, json.loads(self.body() or b"null")))
                self.send_response(202)
                self.send_header("content-length", "0")
                self.end_headers()

            def body(self):
                if self.headers.get("transfer-encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def log_message(self, *_):
                pass

        return Handler
