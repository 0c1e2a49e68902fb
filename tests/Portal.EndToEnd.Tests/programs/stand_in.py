#!/usr/bin/env python3
"""Stands at the name of a platform tool: takes its real command line and environment, refuses anything else, and serves its health check."""
import argparse
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def mlflow(words):
    parser = argparse.ArgumentParser(prog="mlflow server", allow_abbrev=False)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--backend-store-uri", required=True)
    parser.add_argument("--artifacts-destination", required=True)
    parser.add_argument("--serve-artifacts", action="store_true")
    if words[:1] != ["server"]:
        sys.exit("mlflow: expected 'server'")
    options = parser.parse_args(words[1:])
    open(options.backend_store_uri.removeprefix("sqlite:///"), "a").close()
    return options.host, options.port, "/health"


def lakefs(words):
    if words != ["run"]:
        sys.exit("lakefs: expected 'run'")
    if len(os.environ["LAKEFS_AUTH_ENCRYPT_SECRET_KEY"]) < 16 or os.environ["LAKEFS_DATABASE_TYPE"] != "local" or os.environ["LAKEFS_BLOCKSTORE_TYPE"] != "local":
        sys.exit("lakefs: wrong settings")
    os.makedirs(os.environ["LAKEFS_DATABASE_LOCAL_PATH"], exist_ok=True)
    host, port = os.environ["LAKEFS_LISTEN_ADDRESS"].rsplit(":", 1)
    return host, int(port), "/_health"


def prefect(words):
    parser = argparse.ArgumentParser(prog="prefect server start", allow_abbrev=False)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    if words[:2] != ["server", "start"]:
        sys.exit("prefect: expected 'server start'")
    options = parser.parse_args(words[2:])
    os.makedirs(os.environ["PREFECT_HOME"], exist_ok=True)
    return options.host, options.port, "/api/health"


def milvus(words):
    if words != ["run", "standalone"] or os.environ["DEPLOY_MODE"] != "STANDALONE" or os.environ["ETCD_USE_EMBED"] != "true":
        sys.exit("milvus: expected 'run standalone' with an embedded etcd")
    os.makedirs(os.environ["LOCALSTORAGE_PATH"], exist_ok=True)
    return "127.0.0.1", int(os.environ["PROXY_PORT"]), "/v1/vector/collections"


def main():
    name = os.path.basename(sys.argv[0])
    host, port, health = {"mlflow": mlflow, "lakefs": lakefs, "prefect": prefect, "milvus": milvus}[name](sys.argv[1:])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            known = {health: "ok", "/": f"front page of {name}", "/static/app.js": f"script of {name}"}
            found = known.get(self.path.split("?")[0])
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write((found or f"{name} has no {self.path}").encode())

    print(f"{name} serves on {host}:{port}", flush=True)
    ThreadingHTTPServer((host, port), Handler).serve_forever()


main()
