"""Echoes requests as JSON, plants cookies, redirects, serves pages, upgrades to a raw echo. Standard library only."""
import base64
import hashlib
import http.server
import json
import os
import socketserver

BASE = os.environ["PORTAL_BASE_PATH"]
TOKEN = os.environ["PORTAL_PROXY_TOKEN"]


class Probe(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == BASE + "ready":
            return self.say(200, b"ready", "text/plain")
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.say(401, b"no credential", "text/plain")
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.socket()
        if path == BASE + "cookies":
            return self.say(200, b"planted", "text/plain", [
                ("Set-Cookie", "portal_session=stolen; Path=/; Domain=localhost"),
                ("Set-Cookie", "portal_workload=stolen; Path=/"),
                ("Set-Cookie", "mine=1; Domain=localhost; Path=/"),
            ])
        if path == BASE + "away":
            return self.say(302, b"", "text/plain", [("Location", "http://127.0.0.1:%s%secho" % (os.environ["PORT"], BASE))])
        if path == BASE + "page":
            return self.say(200, b"<!doctype html><title>Probe</title><h1>Probe page</h1>", "text/html")
        if path == BASE + "events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            import time
            for number in range(600):
                self.wfile.write(b"data: %d\n\n" % number)
                self.wfile.flush()
                time.sleep(0.1)
            return None
        body = json.dumps({"method": self.command, "path": self.path, "headers": [[k, v] for k, v in self.headers.items()]}).encode()
        return self.say(200, body, "application/json")

    do_POST = do_PUT = do_DELETE = do_GET

    def socket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.wfile.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % accept).encode())
        self.wfile.flush()
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                break
            length = head[1] & 127
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(length)))
            if head[0] & 15 == 8:
                break
            self.wfile.write(bytes([0x81, len(data)]) + data)
            self.wfile.flush()
        self.close_connection = True

    def say(self, status, body, kind, headers=()):
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


Server(("127.0.0.1", int(os.environ["PORT"])), Probe).serve_forever()
