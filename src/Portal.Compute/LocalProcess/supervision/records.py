"""Small durable files and instants."""
import json
import os
from datetime import datetime, timezone

RESERVE_BYTES = 4096


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(folder, name, document):
    """After this returns the document survives a power cut; before, the old one is whole."""
    temporary = os.path.join(folder, name + ".new")
    try:
        _write(temporary, json.dumps(document).encode(), durable=True)
        os.rename(temporary, os.path.join(folder, name))
        sync_folder(folder)
    except OSError:
        remove(temporary)
        raise


def write_loosely(folder, name, document):
    """For what is replaced soon; a full disk is no error."""
    temporary = os.path.join(folder, name + ".new")
    try:
        _write(temporary, json.dumps(document).encode(), durable=False)
        os.rename(temporary, os.path.join(folder, name))
    except OSError:
        remove(temporary)


def reserve(folder, name):
    """Claims the blocks for a document that must be writable later even when the disk is full; the portal writes `stop` so."""
    _write(os.path.join(folder, name + ".reserved"), b" " * RESERVE_BYTES, durable=True)


def write_reserved(folder, name, document):
    path = os.path.join(folder, name + ".reserved")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(handle, json.dumps(document).encode().ljust(RESERVE_BYTES), 0)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.rename(path, os.path.join(folder, name))
    sync_folder(folder)


def remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass


def _write(path, content, durable):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        while content:
            content = content[os.write(handle, content):]
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)
