"""Serves a tiny language model with the completions and chat API that OpenAI's clients speak. Standard library only."""
import argparse
import hmac
import json
import os
import random
import secrets
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import tiny_lm_math

FORMAT = "portal-tiny-lm/1"
LONGEST_BODY = 1_000_000  # bytes
MOST_TOKENS = 4096
DEFAULT_TOKENS = 120
AT_ONCE = 8  # answers in the making; more wait their turn


class Refused(Exception):
    """A request that cannot be answered; becomes an error document."""

    def __init__(self, status, message, parameter=None):
        super().__init__(message)
        self.status, self.parameter = status, parameter


class Model:
    """The file that a training run left."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if content.get("format") != FORMAT:
            raise SystemExit(f"{path} is not a tiny language model ({FORMAT}); choose a finished run of 'Tiny language model training'.")
        self.maths = tiny_lm_math.best()
        self.window, self.vocabulary, self.training = content["contextWindow"], content["vocabulary"], content["training"]
        self.weights = {name: self.maths.table(values) for name, values in content["weights"].items()}
        self.index = {character: i for i, character in enumerate(self.vocabulary)}
        self.start, self.unknown = self.index[content["start"]], self.index[content["unknown"]]

    def continuation(self, prompt, temperature, chance):
        """Characters after the prompt, for ever."""
        seen = [self.index.get(c, self.unknown) for c in prompt[-self.window :]]
        seen = [self.start] * (self.window - len(seen)) + seen
        while True:
            chances = self.maths.lists(tiny_lm_math.forward(self.maths, self.weights, [seen])[2])[0]
            chances[self.unknown] = 0.0  # it stands for what the model cannot write
            if temperature == 0:
                chosen = max(range(len(chances)), key=chances.__getitem__)
            else:
                chosen = chance.choices(range(len(chances)), [c ** (1 / temperature) for c in chances])[0]
            seen = seen[1:] + [chosen]
            yield self.vocabulary[chosen]


class Wanted:
    """What a request asks for, checked."""

    def __init__(self, body, chat, name):
        self.chat = chat
        model = body.get("model", name)
        if model != name:
            raise Refused(HTTPStatus.NOT_FOUND, f"There is no model '{model}' here; this endpoint serves '{name}'.", "model")
        self.prompt = self.conversation(body) if chat else self.text(body)
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        self.tokens = self.number({"max_tokens": limit}, "max_tokens", DEFAULT_TOKENS, 1, MOST_TOKENS, int)
        self.temperature = self.number(body, "temperature", 0.7, 0, 2, float)
        self.seed = body.get("seed")
        self.stream = self.flag(body, "stream")
        options = body.get("stream_options") or {}
        self.usage_at_the_end = isinstance(options, dict) and bool(options.get("include_usage"))
        stop = body.get("stop") or []
        self.stops = [stop] if isinstance(stop, str) else stop
        if not isinstance(self.stops, list) or len(self.stops) > 4 or not all(isinstance(s, str) and s for s in self.stops):
            raise Refused(HTTPStatus.BAD_REQUEST, "'stop' is a text or up to 4 texts.", "stop")
        if chat:
            self.stops = self.stops + ["\nUser:", "\n\n"]
        if body.get("n", 1) != 1:
            raise Refused(HTTPStatus.BAD_REQUEST, "'n' other than 1 is not offered.", "n")

    @staticmethod
    def text(body):
        prompt = body.get("prompt", "")
        if not isinstance(prompt, str):
            raise Refused(HTTPStatus.BAD_REQUEST, "'prompt' is a text.", "prompt")
        return prompt

    @staticmethod
    def conversation(body):
        """Messages as the training text writes them: 'User: …' and 'Assistant: …', a line each."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Refused(HTTPStatus.BAD_REQUEST, "'messages' is a list of at least one message with 'role' and 'content'.", "messages")
        lines = []
        for i, message in enumerate(messages):
            content = message.get("content") if isinstance(message, dict) else None
            if isinstance(content, list):
                content = "".join(part.get("text", "") for part in content if isinstance(part, dict))
            if not isinstance(content, str):
                raise Refused(HTTPStatus.BAD_REQUEST, f"Message {i} has no text as 'content'.", f"messages[{i}].content")
            lines.append({"user": "User: ", "assistant": "Assistant: "}.get(message.get("role"), "") + content)
        return "\n".join(lines) + "\nAssistant: "

    @staticmethod
    def number(body, name, default, least, most, kind):
        value = body.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, kind)) or not least <= value <= most:
            raise Refused(HTTPStatus.BAD_REQUEST, f"'{name}' is a number from {least} to {most}.", name)
        return kind(value)

    @staticmethod
    def flag(body, name):
        value = body.get(name) or False
        if not isinstance(value, bool):
            raise Refused(HTTPStatus.BAD_REQUEST, f"'{name}' is true or false.", name)
        return value


class Answer:
    """One answer in the making: pieces of text, then why it ended."""

    def __init__(self, model, wanted):
        self.model, self.wanted = model, wanted
        self.tokens, self.reason = 0, "length"

    def pieces(self):
        """Text that is certain not to belong to a stop text."""
        held, stops = "", self.wanted.stops
        longest = max((len(s) for s in stops), default=1)
        for character in self.model.continuation(self.wanted.prompt, self.wanted.temperature, random.Random(self.wanted.seed)):
            held += character
            self.tokens += 1
            found = min((i for i in (held.find(s) for s in stops) if i >= 0), default=-1)
            if found >= 0:
                self.reason = "stop"
                yield held[:found]
                return
            if self.tokens == self.wanted.tokens:
                yield held
                return
            if len(held) >= longest:
                yield held[: len(held) - longest + 1]
                held = held[len(held) - longest + 1 :]

    def usage(self):
        prompt = len(self.wanted.prompt)
        return {"prompt_tokens": prompt, "completion_tokens": self.tokens, "total_tokens": prompt + self.tokens}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "tiny-lm"
    sys_version = ""
    timeout = 60

    def do_GET(self):
        path = self.inner_path()
        if path == "/healthz":
            self.answer({"status": "ok"})
        elif not self.is_allowed():
            self.refuse_stranger()
        elif path == "/v1/models":
            self.answer({"object": "list", "data": [self.card()]})
        elif path == f"/v1/models/{self.server.name}":
            self.answer(self.card())
        elif path == "/metrics":
            self.metrics()
        elif path == "/":
            self.send("text/html; charset=utf-8", self.server.page)
        else:
            self.refuse(Refused(HTTPStatus.NOT_FOUND, "There is nothing at this address; see v1/models, v1/completions and v1/chat/completions."))

    def do_POST(self):
        path = self.inner_path()
        if not self.is_allowed():
            self.close_connection = True  # the body is not read
            self.refuse_stranger()
            return
        if path not in ("/v1/completions", "/v1/chat/completions"):
            self.refuse(Refused(HTTPStatus.NOT_FOUND, "There is nothing at this address; see v1/completions and v1/chat/completions."))
            return
        try:
            wanted = Wanted(self.body(), path.endswith("/chat/completions"), self.server.name)
            with self.server.room:
                self.complete(wanted)
        except Refused as refused:
            self.refuse(refused)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller has heard enough

    def is_allowed(self):
        """The portal checks who calls and presents this endpoint's own credential; neighbours on the host do not have it."""
        credential = self.server.credential
        return not credential or hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {credential}".encode())

    def refuse_stranger(self):
        self.refuse(Refused(HTTPStatus.UNAUTHORIZED, "Call this endpoint through the portal."))

    def inner_path(self):
        path = self.path.split("?", 1)[0]
        base = self.server.base.rstrip("/")
        return path[len(base) :] or "/" if base and path.startswith(base + "/") else path

    def body(self):
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            self.close_connection = True
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.") from None
        if length > LONGEST_BODY:
            self.close_connection = True
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {LONGEST_BODY} bytes.")
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None
        if not isinstance(body, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "The body is a JSON object.")
        return body

    def complete(self, wanted):
        answer = Answer(self.server.model, wanted)
        head = {
            "id": ("chatcmpl-" if wanted.chat else "cmpl-") + secrets.token_hex(12),
            "object": ("chat.completion" if wanted.chat else "text_completion") + (".chunk" if wanted.chat and wanted.stream else ""),
            "created": int(time.time()), "model": self.server.name,
        }
        if wanted.stream:
            self.stream(answer, head)
        else:
            text = "".join(answer.pieces())
            part = {"message": {"role": "assistant", "content": text}} if wanted.chat else {"text": text}
            self.answer({**head, "choices": [{"index": 0, **part, "finish_reason": answer.reason}], "usage": answer.usage()})
        self.server.count(answer)

    def stream(self, answer, head):
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")  # an answer of unknown length ends with its connection
        self.end_headers()
        self.close_connection = True
        chat = answer.wanted.chat

        def event(part, reason=None):
            self.send_event({**head, "choices": [{"index": 0, **part, "finish_reason": reason}]})

        if chat:
            event({"delta": {"role": "assistant", "content": ""}})
        for piece in answer.pieces():
            event({"delta": {"content": piece}} if chat else {"text": piece})
        event({"delta": {}} if chat else {"text": ""}, answer.reason)
        if answer.wanted.usage_at_the_end:
            self.send_event({**head, "choices": [], "usage": answer.usage()})
        self.wfile.write(b"data: [DONE]\n\n")

    def send_event(self, content):
        self.wfile.write(b"data: " + json.dumps(content).encode() + b"\n\n")
        self.wfile.flush()

    def card(self):
        model = self.server.model
        return {
            "id": self.server.name, "object": "model", "created": self.server.began, "owned_by": "portal", "context_window": model.window, "max_model_len": model.window,
            "vocabulary_size": len(model.vocabulary), "training": model.training,
        }

    def metrics(self):
        lines = []
        for name, kind, words, value in self.server.counters():
            lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}", f"{name} {value}"]
        self.send("text/plain; version=0.0.4; charset=utf-8", ("\n".join(lines) + "\n").encode())

    def answer(self, content, status=HTTPStatus.OK):
        self.send("application/json", json.dumps(content).encode(), status)

    def refuse(self, refused):
        kind = "server_error" if refused.status >= 500 else "invalid_request_error"
        self.answer({"error": {"message": str(refused), "type": kind, "param": refused.parameter, "code": None}}, refused.status)

    def send(self, kind, content, status=HTTPStatus.OK):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code="-", size="-"):
        # Health checks every second would hide everything else.
        if self.inner_path() not in ("/healthz", "/metrics"):
            super().log_request(code, size)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host, port, model, name, base):
        self.model, self.name, self.base, self.began = model, name, base, int(time.time())
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "chat.html"), "rb") as file:
            self.page = file.read()
        self.credential = os.environ.get("PORTAL_PROXY_TOKEN", "")
        self.room = threading.BoundedSemaphore(AT_ONCE)
        self.lock = threading.Lock()
        self.answers = self.characters = 0
        super().__init__((host, port), Handler)

    def count(self, answer):
        with self.lock:
            self.answers += 1
            self.characters += answer.tokens

    def counters(self):
        with self.lock:
            yield "tiny_lm_answers_total", "counter", "Answers given.", self.answers
            yield "tiny_lm_generated_tokens_total", "counter", "Characters generated.", self.characters
        yield "tiny_lm_context_window_tokens", "gauge", "Characters the model looks back.", self.model.window


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--artifacts", required=True, help="folder of the run's artifacts")
    arguments.add_argument("--host", default="127.0.0.1", help="address to listen on")
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--name", default="tiny-lm")
    arguments.add_argument("--base", default="/")
    options = arguments.parse_args()
    path = os.path.join(options.artifacts, "model.json")
    if not os.path.exists(path):
        raise SystemExit("The run left no model.json; choose a finished run of 'Tiny language model training'.")
    model = Model(path)
    server = Server(options.host, options.port, model, options.name, options.base)
    print(f"Serving '{options.name}', {model.training['steps']} steps of training, context window {model.window} characters.", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
