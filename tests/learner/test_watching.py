"""`grader check --watch`: stays warm, answers each save, however the editor writes, and ends quietly."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

import pytest

ANSWER = 0.5  # seconds from a save to its line, on a machine that does nothing else


class Watching:
    """A running `grader check --watch`, its lines as they come."""

    def __init__(self, root):
        command = [sys.executable, "-m", "grader", "check", "m01", "--watch"]
        self.process = subprocess.Popen(
            command,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # Whoever runs the tests in the background has Ctrl-C ignored, and a child would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one call, no lock
        )
        self.lines = Queue()
        self.said = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, word, seconds=30.0):
        """Seconds until a line that has the word."""
        began = time.monotonic()
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, began + seconds - time.monotonic()))
            except Empty:
                pytest.fail(f"no line with {word!r} in {seconds} s: {''.join(self.said)}")
            self.said.append(line)
            if word in line:
                return time.monotonic() - began

    def stop(self, number=signal.SIGINT):
        time.sleep(0.5)  # the line comes a moment before the command waits again
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.reader.join(10)
        self.process.stdout.close()
        while not self.lines.empty():
            self.said.append(self.lines.get())
        assert "Traceback" not in "".join(self.said)
        return code


@pytest.fixture
def watching(tiny):
    started = []

    def start():
        started.append(Watching(tiny.root))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
            each.reader.join(10)
            each.process.stdout.close()


def test_each_save_is_answered(watching, tiny, texts):
    stub = tiny.module("m01").stub
    watch = watching()
    watch.until("not started")
    watch.until("watching tiny.py: save to check again, Ctrl-C ends")
    stub.write_text(texts["no_value"], encoding="utf-8")
    watch.until("m01_tiny  ✗ core: 1 of 3 open")
    watch.until("✗ `later` returns None: line ")
    beside = stub.with_name("tiny.py~new")
    beside.write_text(texts["right"], encoding="utf-8")
    beside.replace(stub)  # as many editors save
    watch.until("m01_tiny  ✓ passed")
    stub.write_text("def later(:\n", encoding="utf-8")
    watch.until("Python cannot read this")
    stub.unlink()
    time.sleep(0.3)
    stub.write_text(texts["right"], encoding="utf-8")
    warm = watch.until("m01_tiny  ✓ passed")
    headers = [line for line in watch.said if re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert len(headers) == 5
    assert watch.stop() == 0, watch.said
    if os.getloadavg()[0] < (os.cpu_count() or 1) / 2:
        assert warm < ANSWER


def test_it_ends_with_1_if_the_file_does_not_pass(watching, tiny, texts):
    tiny.module("m01").stub.write_text(texts["no_value"], encoding="utf-8")
    watch = watching()
    watch.until("watching")
    assert watch.stop(signal.SIGTERM) == 1
