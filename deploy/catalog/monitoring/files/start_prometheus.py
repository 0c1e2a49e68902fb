"""Writes Prometheus' configuration from the environment and becomes Prometheus. Extra arguments are handed on."""
import ctypes
import json
import os
import re
import secrets
import sys


def seconds(duration):
    """PT1M30S as Prometheus writes it: 90s."""
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return f"{hours * 3600 + minutes * 60 + rest}s"


def configuration(portal, token_file, interval):
    address = portal.split("://", 1)[1].rstrip("/")
    scheme = portal.split("://", 1)[0]
    jobs = [{"job_name": "portal", "scheme": scheme, "static_configs": [{"targets": [address]}]}]
    if token_file:
        access = {"type": "Bearer", "credentials_file": token_file}
        found = {"url": f"{portal.rstrip('/')}/api/v1/discovery/prometheus", "authorization": access, "refresh_interval": "30s"}
        jobs.append({"job_name": "workloads", "authorization": access, "http_sd_configs": [found]})
    return {"global": {"scrape_interval": interval, "evaluation_interval": interval}, "scrape_configs": jobs}


def access_only_with(credential):
    """Prometheus' web configuration: user portal, password hashed with bcrypt. The least cost will do: the credential is random."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    # 128 bits in 22 characters: the last one has two bits.
    salt = "".join(secrets.choice(alphabet) for _ in range(21)) + secrets.choice(".Oeu")
    hashed = library.crypt(credential.encode(), f"$2b$04${salt}".encode())
    if not hashed or not hashed.startswith(b"$2b$04$"):
        sys.exit("libcrypt of this host does not know bcrypt.")
    return {"basic_auth_users": {"portal": hashed.decode()}}


def main():
    work = os.environ["HOME"]
    token = os.environ.pop("SCRAPE_TOKEN", "")
    token_file = os.path.join(work, "access-token")
    with open(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(token)
    path = os.path.join(work, "prometheus.yml")
    with open(path, "w", encoding="utf-8") as file:
        # JSON is YAML.
        json.dump(configuration(os.environ["PORTAL_URL"], token_file if token else None, seconds(os.environ["SCRAPE_INTERVAL"])), file, indent=2)
    web = os.path.join(work, "web.yml")
    with open(web, "w", encoding="utf-8") as file:
        json.dump(access_only_with(os.environ.pop("PORTAL_PROXY_TOKEN")), file)
    os.execvp("prometheus", ["prometheus", f"--config.file={path}", f"--web.config.file={web}", *sys.argv[1:]])


if __name__ == "__main__":
    main()
