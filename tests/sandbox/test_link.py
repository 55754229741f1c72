"""The judge's end of a line, with a child that is only the other ends of its pipes."""

import contextlib
import json
import os
import signal
import threading
import time

import pytest

from grader.sandbox import IsolationRefused, LinkClosed, LinkTimeout
from grader.sandbox.limits import Limits
from grader.sandbox.link import Link

LIMITS = Limits(line=100, total=1000, output=20, cpu_s=10, memory=1000)
NO_MEMORY = 77


def soon(seconds=5.0):
    return time.monotonic() + seconds


class Child:
    """The far ends of a line.

    Args:
        link: the judge's end.
    """

    def __init__(self, link):
        with link.far_ends() as ends:
            self.requests, self.replies, self.prints, self.status = map(os.dup, ends)
        self.open = [self.requests, self.replies, self.prints, self.status]

    def say(self, obj):
        self.write(json.dumps(obj).encode() + b"\n")

    def write(self, data):
        os.write(self.replies, data)

    def tell(self, **news):
        os.write(self.status, json.dumps(news).encode() + b"\n")

    def end(self, status=0, cpu=0.0, resident=0):
        self.tell(ended=status, cpu=cpu, resident=resident)

    def hang_up(self, *ends):
        for end in ends or tuple(self.open):
            self.open.remove(end)
            os.close(end)

    def heard(self):
        return [json.loads(line) for line in os.read(self.requests, 1 << 20).splitlines()]


@pytest.fixture
def line():
    ended = []
    link = Link(LIMITS, close=lambda: ended.append(link), out_of_memory=NO_MEMORY)
    child = Child(link)
    yield link, child, ended
    link.close()
    with contextlib.suppress(OSError):
        child.hang_up()


def closed(link, seconds=5.0):
    with pytest.raises(LinkClosed) as caught:
        link.receive(soon(seconds))
    return caught.value.how


# -- messages -------------------------------------------------------------------------------------------------------
def test_messages_come_one_after_the_other(line):
    link, child, _ = line
    child.write(b'{"a": 1}\n{"b"')
    assert link.receive(soon()) == {"a": 1}
    with pytest.raises(LinkTimeout):
        link.receive(time.monotonic())
    child.write(b": 2}\n{}\n")
    assert [link.receive(soon()), link.receive(soon())] == [{"b": 2}, {}]


def test_what_is_sent_arrives(line):
    link, child, _ = line
    link.send({"op": "load"})
    link.send({"op": "play"})
    assert child.heard() == [{"op": "load"}, {"op": "play"}]
    assert link._unsent == b""


def test_what_a_busy_child_does_not_take_goes_out_while_the_judge_waits(line):
    link, child, _ = line
    message = {"text": "a" * (1 << 18)}
    link.send(message)
    taken = os.read(child.requests, 1 << 16)
    child.say({"taken": 1})
    assert link.receive(soon()) == {"taken": 1}
    while not taken.endswith(b"\n"):
        with contextlib.suppress(LinkTimeout):
            link.receive(soon(0.02))
        taken += os.read(child.requests, 1 << 16)
    assert json.loads(taken) == message
    # Nothing is left to send: waiting for an answer does not turn in circles.
    began = time.process_time()
    with pytest.raises(LinkTimeout):
        link.receive(soon(0.2))
    assert time.process_time() - began < 0.15


def test_waiting_for_an_answer_lasts_until_the_deadline(line):
    link, _, _ = line
    began = time.monotonic()
    with pytest.raises(LinkTimeout) as caught:
        link.receive(soon(0.1))
    assert time.monotonic() - began >= 0.1
    assert caught.value.cpu_seconds == 0.0


@pytest.mark.parametrize("text", ['"\\ud83d"', '"\\uDEAD b"', '"\\ud83d\\ude00"', '"\\u00e9"', '"plain"'])
def test_a_half_of_a_character_is_replaced(line, text):
    link, child, _ = line
    child.write(f'{{"text": {text}}}\n'.encode())
    said = link.receive(soon())["text"]
    assert said == json.loads(text).encode("utf-8", "replace").decode()
    assert said.encode()


@pytest.mark.parametrize("data", [b"[1]\n", b"7\n", b"null\n", b"\n", b"{\n", b"\xff\n", b"[" * 90 + b"\n"], ids=repr)
def test_what_is_not_a_message_ends_the_child(line, data):
    link, child, ended = line
    child.write(data + b'{"a": 1}\n')
    assert closed(link) == "wrote something that is not a message"
    assert ended == [link]
    assert closed(link) == "wrote something that is not a message"
    with pytest.raises(LinkClosed, match="not a message"):
        link.send({})


@pytest.mark.parametrize("before", [b"", b'{"a": 1}\n'], ids=["first", "second"])
def test_an_empty_line_is_not_a_message(line, before):
    link, child, _ = line
    child.write(before + b'\n{"b": 2}\n')
    assert link.output == ""  # what is looked at here is taken on the way
    if before:
        assert link.receive(soon()) == {"a": 1}
    assert closed(link) == "wrote something that is not a message"


def padded(length):
    return json.dumps({"a": "x" * (length - len('{"a": ""}'))}).encode()


def test_a_message_may_be_as_long_as_the_limit(line):
    link, child, _ = line
    child.write(padded(LIMITS.line) + b"\n")
    assert len(json.dumps(link.receive(soon()))) == LIMITS.line
    child.write(padded(LIMITS.line))  # the end of the line is still to come
    with pytest.raises(LinkTimeout):
        link.receive(soon(0.05))
    child.write(b"\n")
    assert link.receive(soon())


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_longer_message_ends_the_child(line, end):
    link, child, _ = line
    child.write(padded(LIMITS.line + 1) + end)
    assert closed(link) == "wrote too much"


def test_all_messages_and_prints_together_have_a_limit(line):
    link, child, _ = line
    os.write(child.prints, b"p" * 900)
    child.write(padded(99) + b"\n")
    assert link.receive(soon())
    with pytest.raises(LinkTimeout):
        link.receive(soon(0.05))
    assert link._total == LIMITS.total
    os.write(child.prints, b"p")
    assert closed(link) == "wrote too much"


# -- prints ---------------------------------------------------------------------------------------------------------
def test_the_end_of_the_prints_is_kept(line):
    link, child, _ = line
    os.write(child.prints, b"begin" + b"." * 20 + b"end\xff")
    assert link.output == "." * 16 + "end�"
    link.close()
    assert link.output == "." * 16 + "end�"


def test_prints_and_messages_do_not_mix(line):
    link, child, _ = line
    os.write(child.prints, b'{"printed": 1}\n')
    child.say({"said": 1})
    assert link.receive(soon()) == {"said": 1}
    assert link.output == '{"printed": 1}\n'


# -- how a child ends -----------------------------------------------------------------------------------------------
def test_messages_before_the_end_arrive_and_then_how_it_ended(line):
    link, child, ended = line
    child.say({"a": 1})
    os.write(child.prints, b"bye")
    child.end(3 << 8, cpu=1.5)
    assert link.receive(soon()) == {"a": 1}
    assert closed(link) == "exited with 3"
    assert (ended, link.output, link.cpu_seconds()) == ([link], "bye", 1.5)
    with pytest.raises(LinkClosed, match="exited with 3"):
        link.send({})


@pytest.mark.parametrize(
    ("status", "cpu", "resident", "how"),
    [(NO_MEMORY << 8, 0, 0, "ran out of memory"), (9, 10, 0, "used up its processor time"), (11, 0, 0, "signal 11")],
)
def test_how_it_ended_comes_from_the_process_that_waited(line, status, cpu, resident, how):
    link, child, _ = line
    child.end(status, cpu, resident)
    assert how in closed(link)


def test_a_child_that_hangs_up_gives_its_last_word(line):
    link, child, _ = line
    child.hang_up(child.replies)
    child.end(5 << 8)
    assert closed(link) == "exited with 5"


def test_a_last_word_may_come_a_little_later(line):
    link, child, _ = line
    child.hang_up(child.replies)
    later = threading.Timer(0.1, child.end, [5 << 8])
    later.start()
    assert closed(link) == "exited with 5"
    later.join()


def test_a_child_whose_server_dies_too_was_killed_from_outside(line):
    link, child, _ = line
    child.hang_up()
    began = time.monotonic()
    assert closed(link) == "was killed from outside"
    assert time.monotonic() - began < 1


def test_a_child_that_only_closes_its_end(line, monkeypatch):
    monkeypatch.setattr("grader.sandbox.link._LAST_WORD_S", 0.05)
    link, child, _ = line
    child.hang_up(child.replies)
    began = time.monotonic()
    assert closed(link) == "closed its end of the line"
    assert time.monotonic() - began < 1


def test_closing_ends_the_child_once_and_says_so(line):
    link, child, ended = line
    child.say({"a": 1})
    with link as same:
        assert same is link
    link.close()
    assert ended == [link]
    with pytest.raises(LinkClosed, match="was closed"):
        link.send({})
    assert (link.cpu_seconds(), link.standstill()) == (0.0, "")
    os.set_blocking(child.requests, False)
    assert os.read(child.requests, 1) == b""  # hung up


def test_nothing_comes_from_a_child_that_was_closed(line):
    link, _, _ = line
    link.close()
    assert closed(link) == "was closed"


def test_closing_waits_for_the_news_how_it_ended():
    news = {}
    link = Link(LIMITS, close=lambda: news["child"].end(9, cpu=2.5, resident=7), out_of_memory=NO_MEMORY)
    news["child"] = Child(link)
    link.close()
    assert (link._ending.status, link._ending.cpu, link._ending.resident) == (9, 2.5, 7)


def test_without_news_it_was_killed_with_what_it_had_used(line, monkeypatch):
    monkeypatch.setattr("grader.sandbox.processes.cpu_seconds", lambda process: 4.5)
    link, child, _ = line
    link.pid = 1 << 22
    child.hang_up()
    link.close()
    assert (link._ending.status, link._ending.cpu, link._ending.resident) == (signal.SIGKILL, 4.5, 0)
    assert link.cpu_seconds() == 4.5


# -- getting ready --------------------------------------------------------------------------------------------------
def test_the_kernel_says_which_process_is_the_child(line):
    link, child, _ = line
    child.tell(at="walls", pid=5)
    child.tell(at="child", pid=5)
    link.wait_ready(soon())
    assert link.pid == os.getpid()


def test_where_the_kernel_does_not_say_it_the_child_does(line, monkeypatch):
    heard = [[({"at": "child", "pid": 5}, 0)]]
    monkeypatch.setattr("grader.sandbox.processes.news", lambda status: heard.pop() if heard else [])
    link, child, _ = line
    child.tell(at="child", pid=5)
    link.wait_ready(soon())
    assert link.pid == 5


def test_a_child_that_cannot_be_confined_is_refused(line):
    link, child, _ = line
    child.tell(failed="no namespaces")
    with pytest.raises(IsolationRefused, match="a child can't be confined here: no namespaces"):
        link.wait_ready(soon())


def test_walls_that_are_not_ready_in_time_are_refused(line):
    link, _, _ = line
    with pytest.raises(IsolationRefused, match="not ready in time"):
        link.wait_ready(soon(0.05))


def test_a_fork_server_that_dies_is_told_at_once(line):
    link, child, _ = line
    child.hang_up()
    began = time.monotonic()
    with pytest.raises(ConnectionResetError, match="the fork server died"):
        link.wait_ready(soon())
    assert time.monotonic() - began < 1


def test_a_child_is_asked_for_its_time_and_state(line, monkeypatch):
    monkeypatch.setattr("grader.sandbox.processes.cpu_seconds", lambda process: process / 2)
    monkeypatch.setattr("grader.sandbox.processes.standstill", lambda process: f"{process} waits")
    link, child, _ = line
    assert (link.cpu_seconds(), link.standstill()) == (0.0, "")  # it is not known yet
    link.pid = 7
    assert (link.cpu_seconds(), link.standstill()) == (3.5, "7 waits")
    child.end()
    assert closed(link) == "exited with 0"
    assert (link.cpu_seconds(), link.standstill()) == (0.0, "")


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ('Fatal Python error: Aborted\n  File "tiny.py", line 17 in later\n  File "tiny.py", line 3', 17),
        ('Fatal Python error: Aborted\n  File "other.py", line 17 in later\n', None),
        ('  File "tiny.py", line 17 in later\n', 17),
        ('File "tiny.py", line 3\nFatal Python error\n', None),
    ],
)
def test_the_line_where_a_child_stands_still(monkeypatch, said, number):
    sent = []
    monkeypatch.setattr(os, "kill", lambda process, signal_: sent.append((process, signal_)))
    link = Link(Limits(), close=lambda: None, out_of_memory=NO_MEMORY)
    child = Child(link)
    link.pid = 7

    def end():
        os.write(child.prints, said.encode())
        child.end(6)

    later = threading.Timer(0.1, end)
    later.start()
    began = time.monotonic()
    assert link.last_line("tiny.py") == number
    assert time.monotonic() - began < 1
    later.join()
    assert sent == [(7, signal.SIGABRT), (7, signal.SIGCONT)]
    link.close()
    child.hang_up()
