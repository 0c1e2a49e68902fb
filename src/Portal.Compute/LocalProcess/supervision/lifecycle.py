"""The life of one allocation: claim, start, watch, end."""
import errno
import fcntl
import json
import os
import select
import signal
import time
import traceback

from . import launching, limits, logs, processes, records

TICK_SECONDS = 0.2
SAMPLE_SECONDS = 2.0
MEMORY_LOOK_SECONDS = 0.4


def note_defect(spec, error):
    """Where the supervisor broke, without any value."""
    try:
        frames = ["%s:%d" % (os.path.basename(f.filename), f.lineno) for f in traceback.extract_tb(error.__traceback__)]
        records.write_loosely(spec["home"], "defect.json", {"at": records.now(), "type": type(error).__name__, "where": frames})
    except BaseException:
        pass


class Supervision:
    def __init__(self, spec, answer):
        self.spec, self.answer, self.home = spec, answer, spec["home"]
        self.stop_deadline = None
        self.stop_requested = False
        self.signalled = False
        self.killing = False
        self.terminated = False
        self.out_of_memory = False
        self.memory_kill_at = None
        self.status = None
        self.meter = processes.Meter()
        self.next_sample = self.next_memory_look = 0.0

    def run(self):
        if not self._claim():
            return
        try:
            if not self._start():
                return
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            self._reply({"result": "failed", "failure": "NoCapacity" if full else "Invalid", "message": error.strerror or "error", "diskFull": full})
            return
        self._watch()
        self._finish()

    def _claim(self):
        """An allocation runs once: the lock keeps a second supervisor out, the state file a later one."""
        self.lock = os.open(os.path.join(self.home, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._reply({"result": "already"})
            return False
        if os.path.exists(os.path.join(self.home, "state.json")):
            self._reply({"result": "already"})
            return False
        return True

    def _start(self):
        spec = self.spec
        port = spec.get("port")
        if port and not launching.port_is_free(port):
            self._reply({"result": "portInUse"})
            return False
        processes.become_subreaper()
        self._catch_signals()
        records.reserve(self.home, "exit.json")
        records.reserve(self.home, "stop")
        self.log = logs.SegmentedLog(os.path.join(self.home, "log"), spec["logSegmentBytes"], spec["logMaxBytes"])
        self.limits = limits.Limits(spec["limits"], self.log)
        self.limits.prepare()
        child = launching.Child(spec, self.limits)
        self.child = child.pid
        state = dict(spec["record"])
        state.update(
            bootId=records.boot_id(), supervisorPid=os.getpid(), supervisorStart=processes.start_time(os.getpid()),
            childPid=child.pid, childStart=processes.start_time(child.pid), startedAt=records.now(),
            groups=[group["folder"] for group in self.limits.groups], measured=self.limits.measured)
        try:
            records.write_durably(self.home, "state.json", state)
        except OSError:
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            self.limits.remove()
            raise
        self.pumps = {p.handle: p for p in (logs.Pump(child.out, b"o", self.log), logs.Pump(child.err, b"e", self.log))}
        for key in ("environment", "command"):
            del spec[key]
        child.release()
        self._reply({"result": "started", "supervisorPid": os.getpid(), "startedAt": state["startedAt"]})
        return True

    def _reply(self, document):
        try:
            os.write(self.answer, json.dumps(document).encode() + b"\n")
        except OSError:
            pass
        os.close(self.answer)

    def _catch_signals(self):
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self.wake = wake_read
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def _on_terminate(self, *_):
        self.terminated = True

    def _watch(self):
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        for handle in self.pumps:
            poll.register(handle, select.POLLIN)
        while True:
            for handle, _ in poll.poll(TICK_SECONDS * 1000):
                if handle == self.wake:
                    os.read(self.wake, 4096)
                elif not self.pumps[handle].read():
                    poll.unregister(handle)
            self._reap()
            self._look_for_stop()
            if self.status is not None or self.killing:
                if self._nothing_left():
                    return
            else:
                self._look_at_memory()
                self._sample()

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.child:
                self.status = status

    def _look_for_stop(self):
        if not self.stop_requested:
            grace = self._requested_grace()
            if grace is None:
                return
            self.stop_requested = True
            self.stop_deadline = time.monotonic() + grace
            self.log.say("Asked to stop: %s, then at most %g seconds." % (self.spec["signal"], grace))
        if not self.signalled and self.status is None:
            below = self._program()
            self.signalled = bool(below)
            processes.kill(below, getattr(signal, self.spec["signal"], signal.SIGTERM))
        if time.monotonic() >= self.stop_deadline and self.status is None and not self.killing:
            self.log.say("Still there after the time to stop: killed.")
            self.killing = True

    def _requested_grace(self):
        try:
            with open(os.path.join(self.home, "stop")) as file:
                return max(0.0, float(json.load(file)["graceSeconds"]))
        except FileNotFoundError:
            return self.spec["graceSeconds"] if self.terminated else None
        except (OSError, ValueError, KeyError, TypeError):
            return self.spec["graceSeconds"]

    def _program(self):
        """The program's processes, without those of the sandbox around it: a signal to them would end all at once."""
        below = processes.descendants(os.getpid())
        if not self.spec["sandboxed"]:
            return below
        inner = set(processes.children(self.child))
        return [pid for pid in below if pid != self.child and pid not in inner]

    def _nothing_left(self):
        """Ends whatever is left, whichever session, parent or group it has moved to."""
        self.limits.kill_group()
        for _ in range(50):
            left = set(processes.descendants(os.getpid())) | self.limits.members()
            left.discard(os.getpid())
            if not left:
                self._reap()
                return self.status is not None
            processes.kill(left, signal.SIGKILL)
            self._reap()
            time.sleep(0.005)
        return False

    def _look_at_memory(self):
        moment = time.monotonic()
        if moment < self.next_memory_look:
            return
        self.next_memory_look = moment + MEMORY_LOOK_SECONDS
        self._count_kernel_kills()
        limit = self.limits.memory_bytes
        if not self.limits.measured or not limit:
            return
        pids = processes.known_descendants(os.getpid())
        _, resident = processes.Meter().sample(pids, moment)
        if resident > limit and processes.proportional_bytes(pids) > limit:
            self.out_of_memory = self.killing = True
            self.log.say("Over its memory of %d MiB: killed." % (limit >> 20))

    def _count_kernel_kills(self):
        if self.limits.new_kills():
            self.memory_kill_at = time.monotonic()
            self.log.say("A process was ended by the kernel: over the memory of %d MiB." % (self.limits.memory_bytes >> 20))

    def _sample(self):
        moment = time.monotonic()
        if moment < self.next_sample:
            return
        self.next_sample = moment + SAMPLE_SECONDS
        cores, resident = self.meter.sample(processes.known_descendants(os.getpid()), moment)
        records.write_loosely(self.home, "usage.json", {"at": records.now(), "cpuCores": round(cores, 4), "memoryBytes": resident})

    def _finish(self):
        for pump in self.pumps.values():
            pump.drain()
        self._count_kernel_kills()
        code, number = self._code()
        recent = self.memory_kill_at is not None and time.monotonic() - self.memory_kill_at < 10
        if not self.stop_requested and code != 0 and (recent or (code == 137 and self.limits.kills)):
            self.out_of_memory = True
        records.write_reserved(self.home, "exit.json", {
            "code": code, "signal": number, "oom": self.out_of_memory, "stopRequested": self.stop_requested,
            "killed": self.killing, "endedAt": records.now(), "logLinesDropped": self.log.dropped})
        self.limits.remove()

    def _code(self):
        """Shell convention: 128 and the signal's number when a signal ended it; the sandbox passes that on as a code."""
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            return 128 + number, number
        code = os.WEXITSTATUS(self.status)
        return code, (code - 128 if self.spec["sandboxed"] and 128 < code < 160 else None)
