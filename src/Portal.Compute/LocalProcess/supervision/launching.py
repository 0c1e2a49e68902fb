"""How the program comes to be: a child that waits for leave, joins its limits and becomes the wrapper (sandbox, drop of
privileges), inside which a last stage, by then the workload's own user, takes argument vector and environment from memory."""
import json
import os
import socket
import sys

# Runs as the workload's user. The document is in an unlinked memory file: neither arguments nor the wrapper's environment hold it.
STAGE = r"""
import json, os, resource, signal, sys
handle = int(sys.argv[1])
with os.fdopen(handle, "rb") as file:
    program = json.loads(file.read())
for number in range(1, signal.NSIG):
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_SETMASK, [])
if program["door"] is not None:
    relay = {"__name__": "relay"}
    exec(program["relay"], relay)
    relay["serve_apart"](program["door"], program["port"])
    os.close(program["door"])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.umask(0o077)
try:
    os.chdir(program["folder"])
    arguments = [os.fsencode(a) for a in program["command"]]
    environment = {os.fsencode(k): os.fsencode(v) for k, v in program["environment"].items()}
    name = program["command"][0]
    if "/" in name:
        os.execve(arguments[0], arguments, environment)
    for folder in program["path"].split(":"):
        try:
            os.execve(os.path.join(folder, name), arguments, environment)
        except FileNotFoundError:
            pass
    raise FileNotFoundError(2, "not found in " + program["path"])
except OSError as error:
    os.write(2, ("portal: cannot run %s: %s\n" % (program["command"][0], error.strerror)).encode())
    os._exit(126 if isinstance(error, PermissionError) else 127)
"""


def open_door(home):
    """The socket by which the portal enters the program's own network, in a folder that only the portal's user can enter."""
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Through the open folder: the path of a socket may have 107 bytes only.
        path = "/proc/self/fd/%d/port.sock" % folder
        if os.path.lexists(path):
            os.unlink(path)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(path)
        door.listen(128)
        return door.detach()
    finally:
        os.close(folder)


def relay_source():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay.py"), encoding="utf-8") as file:
        return file.read()


def port_is_free(port):
    """Whether a server could listen there now, on any address of this host."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            probe = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            continue
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind((address, port))
                probe.listen(1)
            except OSError as error:
                if error.errno in (98, 13):
                    return False
    return True


class Child:
    """The program's first process, held before exec until released; it ends by itself when the supervisor dies before that."""

    def __init__(self, spec, limits):
        out_read, self._out = os.pipe()
        err_read, self._err = os.pipe()
        self.out, self.err = out_read, err_read
        gate, self._gate = os.pipe()
        document = os.memfd_create("program", 0)
        door = open_door(spec["home"]) if spec["ownNetwork"] else None
        content = json.dumps({
            **{key: spec[key] for key in ("command", "environment", "folder", "path", "port")},
            "door": door, "relay": relay_source() if door is not None else None}).encode()
        with os.fdopen(os.dup(document), "wb") as file:
            file.write(content)
        os.lseek(document, 0, os.SEEK_SET)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            self._become(spec, limits, gate, [document] if door is None else [document, door])
        for handle in (gate, document, door, self._out, self._err):
            if handle is not None:
                os.close(handle)

    def release(self):
        os.write(self._gate, b"1")
        os.close(self._gate)

    def _become(self, spec, limits, gate, handed):
        try:
            if os.read(gate, 1) != b"1":
                os._exit(125)
            os.setsid()
            limits.enter()
            os.dup2(self._out, 1)
            os.dup2(self._err, 2)
            for handle in handed:
                os.set_inheritable(handle, True)
            wrapper = list(spec["wrapper"])
            arguments = wrapper + [spec["python"], "-I", "-S", "-c", STAGE, str(handed[0])]
            os.execve(arguments[0], arguments, {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"})
        except BaseException as error:
            os.write(2, ("portal: cannot start: %s\n" % type(error).__name__).encode())
        os._exit(125)
