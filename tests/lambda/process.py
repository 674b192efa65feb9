"""A child process as Lambda keeps one: a group of its own, only the given variables, its output by lines."""

import os
import signal
import subprocess
import threading


class Process:
    """Starts argv at once. on_line gets each line that it prints, on_exit is called at its end."""

    def __init__(self, argv, env, cwd, on_exit=lambda: None, on_line=lambda line: None):
        self.lines, self.on_line, self.on_exit = [], on_line, on_exit
        self.changed = threading.Condition()
        self.ended = self.buried = False
        self.child = subprocess.Popen(
            argv, env=env, cwd=cwd, process_group=0,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._watch, daemon=True).start()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def pid(self):
        return self.child.pid

    @property
    def status(self):
        """None while it runs, then its exit status; -9 for one that was killed."""
        return self.child.poll()

    def text(self):
        """What it printed so far, and all of it once it has ended."""
        if self.status is not None:
            self.reader.join(2)
        return "".join(self.lines)

    def _read(self):
        with self.child.stdout as output:
            for line in output:
                line = line.decode(errors="replace")
                self.on_line(line)
                with self.changed:
                    self.lines.append(line)
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _watch(self):
        self.child.wait()
        self.on_exit()

    def wait_for(self, found, timeout=20):
        """The first true value of found(text), asked again at every line; an error where none comes."""
        with self.changed:
            self.changed.wait_for(lambda: found("".join(self.lines)) or self.ended, timeout)
        value = found(self.text())
        assert value, f"not in what {self.child.args} printed:\n{self.text()}"
        return value

    def wait(self, timeout):
        """Its exit status and all of its output, or None where it is still there after timeout seconds."""
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self.reader.join(2)
        return status

    def state(self):
        """The kernel's letter for it, such as T for stopped."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def cpu_seconds(self):
        """What it has used of the processor so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        """Sends a signal to it and to what it has started."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        """Ends it and all that it started, whether or not it has ended by itself; returns its exit status."""
        if not self.buried:
            self.signal(signal.SIGKILL)
            self.buried = self.wait(5) is not None
        return self.status
