"""What /proc says about the program's processes. The supervisor is a subreaper, so its descendants are all of them."""
import ctypes
import os

_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def become_subreaper():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    libc.prctl(_PR_SET_NAME, b"portal-superv", 0, 0, 0)


def start_time(pid):
    """Clock ticks since boot; with the pid it names a process for ever. None when it is gone."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def descendants(root):
    """Every living process below root, parents first. A look at all of /proc: complete at its instant."""
    below = _by_parent()
    found, queue = [], [root]
    while queue:
        fresh = below.get(queue.pop(), [])
        found.extend(pid for pid, state in fresh if state not in "ZX")
        queue.extend(pid for pid, _ in fresh)
    return found


def children(pid):
    return [child for child, _ in _by_parent().get(pid, [])]


def _by_parent():
    below = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(name)
            if fields:
                below.setdefault(int(fields[1]), []).append((int(name), fields[0]))
    return below


def known_descendants(root):
    """Cheaper and good enough to measure: follows the kernel's lists of children."""
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        try:
            for thread in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/children" % (pid, thread)) as file:
                    below = [int(child) for child in file.read().split()]
                found.extend(below)
                queue.extend(below)
        except FileNotFoundError:
            if pid == root:
                return descendants(root)
        except (OSError, ValueError):
            pass
    return found


def kill(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


class Meter:
    """Memory and processor time of a set of processes."""

    def __init__(self):
        self.seen, self.at = {}, None

    def sample(self, pids, at):
        """(cores busy since the last sample, resident bytes)"""
        used, resident, seen = 0.0, 0, {}
        for pid in pids:
            fields = _stat(pid)
            if not fields:
                continue
            seconds = (int(fields[11]) + int(fields[12])) / _TICKS
            seen[pid] = seconds
            used += max(0.0, seconds - self.seen.get(pid, 0.0))
            resident += int(fields[21]) * _PAGE
        elapsed = at - self.at if self.at is not None else None
        self.seen, self.at = seen, at
        return (used / elapsed if elapsed else 0.0), resident


def proportional_bytes(pids):
    """Memory with shared pages counted once in all; processes that cannot be read count with what is resident."""
    total = 0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid) as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except (OSError, ValueError):
            fields = _stat(pid)
            total += int(fields[21]) * _PAGE if fields else 0
    return total


def _stat(pid):
    """The fields after the name, which may itself hold blanks and brackets: state is 0, parent 1, utime 11, start 19, rss 21."""
    try:
        with open("/proc/%s/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return None
