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
        content = json.dumps({key: spec[key] for key in ("command", "environment", "folder", "path")}).encode()
        with os.fdopen(os.dup(document), "wb") as file:
            file.write(content)
        os.lseek(document, 0, os.SEEK_SET)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            self._become(spec, limits, gate, document)
        for handle in (gate, document, self._out, self._err):
            os.close(handle)

    def release(self):
        os.write(self._gate, b"1")
        os.close(self._gate)

    def _become(self, spec, limits, gate, document):
        try:
            if os.read(gate, 1) != b"1":
                os._exit(125)
            os.setsid()
            limits.enter()
            os.dup2(self._out, 1)
            os.dup2(self._err, 2)
            os.set_inheritable(document, True)
            wrapper = list(spec["wrapper"])
            arguments = wrapper + [spec["python"], "-I", "-S", "-c", STAGE, str(document)]
            os.execve(arguments[0], arguments, {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"})
        except BaseException as error:
            os.write(2, ("portal: cannot start: %s\n" % type(error).__name__).encode())
        os._exit(125)
