"""Output in bounded segment files.

A segment is named by the offset of its first byte in the whole log (20 digits), so that an offset is a cursor that stays valid
while old segments are dropped. A line is `<RFC 3339 instant, microseconds> <o|e|p> <text>`: out, err, or the portal's own word.
"""
import os

from . import records

LONGEST_LINE = 64 * 1024


class SegmentedLog:
    def __init__(self, folder, segment_bytes, max_bytes):
        self.folder, self.segment_bytes, self.max_bytes = folder, segment_bytes, max_bytes
        self.segments = []          # [first offset, length]
        self.handle = -1
        self.unreported = 0         # lines dropped since the last good write
        self.dropped = 0
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def append(self, kind, lines):
        """Never raises and never waits for room: what cannot be written is counted, and said once there is room again."""
        if not lines:
            return
        stamp = records.now().encode()
        text = b"".join(b"%s %s %s\n" % (stamp, kind, line) for line in lines)
        if self.unreported:
            text = b"%s p %d lines were dropped here: the disk that holds the log was full\n" % (stamp, self.unreported) + text
        try:
            self._write(text)
            self.unreported = 0
        except OSError:
            self.unreported += len(lines)
            self.dropped += len(lines)

    def say(self, text):
        self.append(b"p", [text.encode()])

    def _write(self, text):
        if self.handle < 0 or self.segments[-1][1] >= self.segment_bytes:
            self._roll()
        segment = self.segments[-1]
        written = 0
        try:
            while written < len(text):
                written += os.write(self.handle, text[written:] if written else text)
        except OSError:
            os.ftruncate(self.handle, segment[1])
            raise
        segment[1] += written
        # One large piece may overshoot its segment; the whole stays within its bound all the same.
        self._drop_until(self.max_bytes)

    def _roll(self):
        start = sum(self.segments[-1]) if self.segments else 0
        fresh = os.open(os.path.join(self.folder, "%020d.log" % start), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self.handle >= 0:
            os.close(self.handle)
        self.handle = fresh
        self.segments.append([start, 0])
        self._drop_until(self.max_bytes - self.segment_bytes)

    def _drop_until(self, most):
        while len(self.segments) > 1 and sum(length for _, length in self.segments) > most:
            records.remove(os.path.join(self.folder, "%020d.log" % self.segments.pop(0)[0]))


class Pump:
    """Cuts one stream of the program into lines."""

    def __init__(self, handle, kind, log):
        self.handle, self.kind, self.log, self.rest = handle, kind, log, b""
        os.set_blocking(handle, False)

    def read(self):
        """False when the stream has ended."""
        try:
            data = os.read(self.handle, 256 * 1024)
        except BlockingIOError:
            return True
        if not data:
            return False
        self._feed(data)
        return True

    def drain(self, most=16 * 1024 * 1024):
        """Takes what is still in the pipe, without waiting for writers that nobody knows."""
        while most > 0:
            try:
                data = os.read(self.handle, 256 * 1024)
            except BlockingIOError:
                break
            if not data:
                break
            most -= len(data)
            self._feed(data)
        if self.rest:
            self.log.append(self.kind, [self.rest])
            self.rest = b""

    def _feed(self, data):
        *whole, rest = (self.rest + data).split(b"\n")
        lines = []
        for line in whole:
            lines.extend(_pieces(line))
        while len(rest) > LONGEST_LINE:
            lines.append(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self.rest = rest
        self.log.append(self.kind, lines)


def _pieces(line):
    if len(line) <= LONGEST_LINE:
        return (line,)
    return [line[i:i + LONGEST_LINE] for i in range(0, len(line), LONGEST_LINE)]
