"""Supervises one allocation of the local compute target.

Run as `python3 -I supervisor.py` with a JSON document on standard input, so that no secret is ever in a file or in an
argument; a document that is not complete has no effect. It detaches, makes the program run, answers with one line of JSON on
standard output, and then lives exactly as long as anything of the program does. Everything that the portal needs to observe,
adopt and end the program is in the allocation's folder:

  state.json   written once, before the program exists: who supervises it (pid and start time), port, limits
  exit.json    written once, when nothing of the program is left
  usage.json   replaced every other second
  log/         see supervision/logs.py
  stop         written by the portal: {"graceSeconds": n}
"""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    try:
        spec = json.loads(sys.stdin.buffer.read())
    except ValueError:
        print(json.dumps({"result": "failed", "failure": "Invalid", "message": "The supervisor got an incomplete document."}))
        return 2
    receipt, answer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receipt)
        detach(answer)
        run(spec, answer)
    os.close(answer)
    os.waitpid(child, 0)
    with os.fdopen(receipt, "rb") as stream:
        line = stream.read()
    sys.stdout.buffer.write(line)
    sys.stdout.flush()
    return 0 if line else 1


def detach(answer):
    """Becomes a process of its own session that holds nothing of its caller but the pipe for the answer."""
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    os.chdir("/")
    os.umask(0o077)
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != answer:
            try:
                os.close(int(name))
            except OSError:
                pass


def run(spec, answer):
    """Never returns. What goes wrong is told without values: a message of an exception may hold a secret."""
    from supervision import lifecycle
    try:
        lifecycle.Supervision(spec, answer).run()
        os._exit(0)
    except BaseException as error:
        lifecycle.note_defect(spec, error)
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
