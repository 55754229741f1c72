"""How far a long command is."""

import pytest

from grader.cli.pace import Pace


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_rate_and_time_left_are_said_from_time_to_time(clock, capsys):
    with Pace("scoring", clock) as pace:
        pace.begin(300)
        for _ in range(100):
            clock.now += 0.5
            pace.step()
    assert capsys.readouterr().err == "grader: scoring: 60 of 300, 2.0 a second, about 2 min left\n"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "about 5 s left"), (89, "about 89 s left"), (600, "about 10 min left"), (7200, "about 2.0 h left")],
)
def test_a_time_is_said_roughly(seconds, said):
    assert Pace.left_words(seconds) == said


def test_a_slow_rate_is_said_by_the_minute():
    assert (Pace.pace_words(0.1), Pace.pace_words(2.345)) == ("6 a minute", "2.3 a second")


def test_ctrl_c_says_what_is_kept(clock, capsys):
    def work():
        with Pace("scoring", clock) as pace:
            pace.begin(3)
            pace.step()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert "scoring stopped: 1 of 3 are done and kept; the same command goes on" in capsys.readouterr().err
