"""Serves the files below a folder to whoever has the token: GET / lists them as JSON, GET reads one, PUT writes one. Ends when nobody asked for a while."""

import hmac
import http.server
import json
import os
import shutil
import stat
import threading
import time
import urllib.parse

ROOT = os.path.realpath(os.environ["FILES_ROOT"])
TOKEN = os.environ["FILES_TOKEN"]
IDLE_SECONDS = float(os.environ["FILES_IDLE_SECONDS"])
last = time.monotonic()


def entries():
    for folder, folders, names in os.walk(ROOT, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            try:
                found = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield {"path": os.path.relpath(path, ROOT), "size": found.st_size, "modified": found.st_mtime}


def inside(path):
    """The file's real place, or None when it is not below the root, also by a link."""
    relative = urllib.parse.unquote(path.lstrip("/"))
    if not relative or "\0" in relative:
        return None
    full = os.path.normpath(os.path.join(ROOT, relative))
    return full if os.path.realpath(full) == full and full.startswith(ROOT + os.sep) else None


class Files(http.server.BaseHTTPRequestHandler):
    def allowed(self):
        global last
        last = time.monotonic()
        if hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {TOKEN}".encode()):
            return True
        self.answer(401)
        return False

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if not self.allowed():
            return
        if self.path == "/":
            self.answer(200, json.dumps(list(entries())).encode())
            return
        path = inside(self.path)
        try:
            if path is None or not stat.S_ISREG(os.lstat(path).st_mode):
                self.answer(404)
                return
            with open(path, "rb") as file:
                self.send_response(200)
                self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
                self.send_header("Connection", "close")
                self.end_headers()
                shutil.copyfileobj(file, self.wfile, 1 << 18)
        except OSError:
            self.answer(404)

    def do_PUT(self):
        if not self.allowed():
            return
        path = inside(self.path)
        if path is None:
            self.answer(400)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        left = int(self.headers["Content-Length"])
        with open(path + ".part", "wb") as file:
            while left > 0:
                part = self.rfile.read(min(left, 1 << 18))
                if not part:
                    return
                file.write(part)
                left -= len(part)
        os.replace(path + ".part", path)
        self.answer(204)

    def log_message(self, *_):
        pass


def watch():
    while time.monotonic() - last < IDLE_SECONDS:
        time.sleep(1)
    os._exit(0)


threading.Thread(target=watch, daemon=True).start()
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Files).serve_forever()
