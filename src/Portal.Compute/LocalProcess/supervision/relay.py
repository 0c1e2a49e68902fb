"""Runs in the network of a program that has one of its own: takes connections from a socket opened outside and hands them on
to the program's port. The last stage before the program takes this text and runs it (launching.py): the file itself is not
visible in the sandbox."""
import os
import signal
import socket
import threading
import time

PIECE = 1 << 16


def serve_apart(door, port):
    """Serves in a process that is not the program's child: a program may wait for all of its children."""
    middle = os.fork()
    if middle != 0:
        os.waitpid(middle, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _serve(door, port)
    finally:
        os._exit(0)


def _serve(door, port):
    # It ends with the sandbox: while the program uses its time to stop, its answers still have a way out. And whoever hangs up ends one connection, not all.
    for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    threading.stack_size(256 << 10)
    listener = socket.socket(fileno=door)
    while True:
        try:
            outer, _ = listener.accept()
        except OSError:
            # Out of handles: until some connection ends.
            time.sleep(0.05)
            continue
        threading.Thread(target=_hand_on, args=(outer, port), daemon=True).start()


def _hand_on(outer, port):
    try:
        with outer, socket.create_connection(("127.0.0.1", port)) as inner:
            inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=_pump, args=(inner, outer), daemon=True)
            back.start()
            _pump(outer, inner)
            back.join()
    except OSError:
        pass


def _pump(source, target):
    """One direction to its end; an end in good order leaves the other direction open, an error ends both."""
    try:
        while piece := source.recv(PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, target):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
