"""Memory and processor limits: control groups where the portal found them usable, else measured."""
import os


class Limits:
    def __init__(self, spec, log):
        self.groups = spec.get("groups") or []
        self.memory_bytes = spec.get("memoryBytes") or 0
        self.measured = bool(spec.get("measured"))
        self.log = log
        self.events = None
        self.kills = 0

    def prepare(self):
        """Makes the groups. A host that refuses after all is told, and the limit is measured instead."""
        try:
            for group in self.groups:
                os.makedirs(group["folder"], exist_ok=True)
                for setting in group["settings"]:
                    self._set(group["folder"], setting)
                if group.get("events"):
                    self.events = os.path.join(group["folder"], group["events"])
        except OSError as error:
            self.log.say("The host refused a control group (%s); the memory limit is measured instead." % error.strerror)
            self.remove()
            self.groups, self.events, self.measured = [], None, True

    def enter(self):
        """In the child, before it becomes the program."""
        for group in self.groups:
            with open(os.path.join(group["folder"], "cgroup.procs"), "w") as file:
                file.write(str(os.getpid()))
        if self.measured:
            os.nice(5)
        try:
            # When the whole host runs out, workloads go before the portal and its database.
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("500")
        except OSError:
            pass

    def members(self):
        pids = set()
        for group in self.groups:
            try:
                with open(os.path.join(group["folder"], "cgroup.procs")) as file:
                    pids.update(int(line) for line in file)
            except (OSError, ValueError):
                pass
        return pids

    def kill_group(self):
        """One write that ends every member, where the kernel has it (version 2)."""
        for group in self.groups:
            try:
                with open(os.path.join(group["folder"], "cgroup.kill"), "w") as file:
                    file.write("1")
            except OSError:
                pass

    def new_kills(self):
        """How many processes the kernel ended for memory since the last look."""
        if not self.events:
            return 0
        try:
            with open(self.events) as file:
                total = sum(int(line.split()[1]) for line in file if line.startswith("oom_kill "))
        except (OSError, ValueError, IndexError):
            return 0
        fresh, self.kills = total - self.kills, total
        return max(0, fresh)

    def remove(self):
        for group in self.groups:
            try:
                os.rmdir(group["folder"])
            except OSError:
                pass

    @staticmethod
    def _set(folder, setting):
        try:
            handle = os.open(os.path.join(folder, setting["file"]), os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            if setting.get("optional"):
                return
            raise
        try:
            os.write(handle, setting["value"].encode())
        except OSError:
            if not setting.get("optional"):
                raise
        finally:
            os.close(handle)
