"""Be the scheduler: what can be chosen, how a game ends, its par, and the same game by buttons, by typing and in a terminal."""

import io
import sys
from types import SimpleNamespace

import pytest
from anyio import Lock, Semaphore, create_task_group, sleep
from anyio.lowlevel import checkpoint

from grader.cli import main
from grader.cli.play_command import game_of
from grader.course import Course
from grader.judging import smallest
from grader.judging.smallest import Played, Smaller
from grader.notebook import game_buttons
from grader.notebook.game_search import search
from grader.notebook.runner import outcome_of
from grader.notebook.scheduler_game import play
from grader.worker.loops.control import Control
from grader.worker.loops.orders import Order

WITHOUT_CANCEL = ("m07", "m10", "m12")
GAMES = ("m02", "m07", "m09", "m10", "m12")


@pytest.fixture(params=["asyncio", "trio"])
def backend(request):
    return request.param


async def hangs():
    """Fails if `b` catches up by two steps."""
    red, blue = Lock(), Lock()

    async def pay(source, target, late):
        for _ in range(late):
            await checkpoint()
        async with source, target:
            pass

    async with create_task_group() as group:
        group.start_soon(pay, red, blue, 0, name="a")
        group.start_soon(pay, blue, red, 2, name="b")


async def loses():
    """Fails if `a` is cancelled in its first sleep."""
    idle, slots = ["thing"], Semaphore(1)

    async def query():
        async with slots:
            thing = idle.pop()
            await sleep(1)
            try:
                await sleep(1)
            finally:
                idle.append(thing)

    async with create_task_group() as group:
        group.start_soon(query, name="a")
        group.start_soon(query, name="b")
    assert idle == ["thing"], f"left: {idle}"


# -- moves ---------------------------------------------------------------------------------------------------------
def test_a_game_begins_at_the_first_choice(backend):
    game = play(hangs, backend=backend)
    assert not game.ended
    assert game.options == ("a", "b")
    assert [name for name, _ in game.run.state.ready] == ["a", "b"]
    assert game.run.state.time == 0


def test_moves_are_played_from_the_start_and_state_shows_lines_and_holders(backend):
    game = play(hangs, "b b b a", backend=backend)
    ready = dict(game.run.state.ready)
    assert "async with" in ready["a"]
    assert {line for line in game.run.state.held if "held by" in line} <= {"red: held by a", "blue: held by b"}
    assert game.moves == "b b b a"
    assert game.deviations == 3 - (game.run.choices[2].in_order)


def test_go_plays_the_rest_in_order(backend):
    game = play(hangs, "go", backend=backend)
    assert (game.ended, game.failed, game.deviations) == (True, False, 0)
    assert "no failure" in str(game)


def test_the_losing_moves_lose_with_par(backend):
    game = play(hangs, backend=backend)
    assert game.par == 2
    lost = play(hangs, " ".join(game.searched.losing.moves), backend=backend)
    assert (lost.failed, lost.deviations) == (True, 2)
    assert "in a circle" in str(lost)
    assert "which is par" in str(lost)


def test_a_cancellation_is_a_move_and_time_passes_when_everybody_waits(backend):
    game = play(loses, cancel="a", backend=backend)
    assert game.par == 1
    assert "cancel:a" in game.options
    while "time" not in game.options:
        game.move(game.options[0])
    assert game.run.state.time == 0
    again = play(loses, f"{game.moves} cancel:a go", cancel="a", backend=backend)
    assert again.failed
    game.move("time")
    assert game.run.state.time == pytest.approx(1)


def test_a_task_is_cancelled_at_most_once(backend):
    game = play(loses, "cancel:a", cancel="a", backend=backend)
    assert "cancel:a" not in game.options


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ("x", "move 1: there is no task `x`: choose a, b"),
        ("b hangs", "move 2: `hangs` is not ready: choose a, b"),
        ("cancel:a", "move 1: `a` cannot be cancelled now: choose a, b"),
        ("cancel:q", "move 1: there is no task `q`: choose a, b"),
        ("time", "move 1: time passes only when every task waits: choose a, b"),
    ],
)
def test_a_move_that_cannot_be_made_is_one_line(moves, said, backend):
    game = play(hangs, moves, backend=backend)
    assert game.wrong == said
    assert f"✗        {said}" in str(game)
    assert game.moves == moves.split()[0] * (len(moves.split()) - 1)  # those before it are made


def test_moves_after_the_end_are_too_many(backend):
    losing = " ".join(play(hangs, backend=backend).searched.losing.moves)
    game = play(hangs, f"{losing} b", backend=backend)
    assert game.wrong.startswith("the program ends after")
    assert game.wrong.endswith("leave out `b`")


def test_undo_and_again():
    game = play(hangs, "b b")
    game.undo()
    assert game.moves == "b"
    game.enter("")
    assert game.moves == ""


def test_a_task_to_cancel_that_is_not_there_is_one_line():
    with pytest.raises(ValueError, match="there is no task `c` to cancel: the tasks are a, b"):
        play(hangs, cancel="c")


def test_the_call_in_the_place_of_the_function_is_named():
    with pytest.raises(TypeError, match="give the function, not the call"):
        play(hangs())


def test_a_game_fits_into_80_columns(backend):
    for moves in ("", "b b", "x", "b b a b a b", "b b go"):
        assert all(len(line) <= 80 for line in str(play(hangs, moves, cancel="a", backend=backend)).splitlines())


# -- the lessons' games --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("module", GAMES)
def test_a_broken_program_fails_out_of_order_only_and_its_twin_never(checkout, module, backend):
    course = Course(checkout)
    game, source = game_of(course, course.module(module), backend=backend)
    assert game.par >= 1
    assert source.startswith("from ")
    assert not source.endswith(")\n\nplay(")
    twin, _ = game_of(course, course.module(module), right=True, backend=backend)
    assert twin.par is None
    assert twin.searched.exhausted
    assert twin.tried > 1
    assert f"all {twin.tried} orders that there are" in " ".join(str(twin).split())


@pytest.mark.parametrize("module", WITHOUT_CANCEL)
def test_par_is_the_length_of_the_shrunk_run(checkout, module, backend, monkeypatch):
    """Orders that are drawn, and shrunk as those of a check are: the shortest has as many choices as par."""
    monkeypatch.setattr(smallest, "MOST_SECONDS", 60)
    course = Course(checkout)
    game, _ = game_of(course, course.module(module), backend=backend)
    twin, _ = game_of(course, course.module(module), right=True, backend=backend)

    def play_order(program, order):
        control = Control(order)
        outcome = outcome_of(program, (), backend, "virtual", lambda _: control)
        return SimpleNamespace(what="it") if outcome.error is not None else None, control

    def again(_row, run, _observe):
        failure, _ = play_order(game.program, Order(choices=dict(run["choices"])))
        return Played(failure, None)

    lengths = []
    for seed in range(25):
        assert play_order(twin.program, Order("uniform", seed))[0] is None
        failure, control = play_order(game.program, Order("uniform", seed))
        if failure is not None:
            data = {"order": "uniform", "taken": control.order.taken}
            lengths.append(len(Smaller(SimpleNamespace(what="it"), again).run(data)["choices"]))
    assert min(lengths) == game.par


def test_a_search_that_is_cut_says_what_it_covered():
    cut = search(hangs, frozenset({"a", "b"}), most=4)
    assert (cut.losing, cut.tried, cut.whole, cut.exhausted) == (None, 4, 0, False)
    assert cut.words == "4 orders, among them all with up to 0 deviations"


# -- buttons -------------------------------------------------------------------------------------------------------
@pytest.fixture
def panel():
    pytest.importorskip("ipywidgets")
    return game_buttons.panel_of(play(hangs))


def test_buttons_and_typing_are_the_same_game(panel):
    for word in ("b", "b"):
        panel.buttons[word].click()
    panel.others["go: rest in order"].click()
    assert str(panel.game) == str(play(hangs, "b b go"))
    assert panel.typed.value == panel.game.moves
    panel.others["start again"].click()
    panel.typed.value = "b b go"
    assert str(panel.game) == str(play(hangs, "b b go"))


def test_buttons_stay_where_they_are_and_say_without_colour_what_can_be_chosen(panel):
    before = list(panel.box.children[1].children)
    panel.buttons["b"].click()
    assert list(panel.box.children[1].children) == before
    assert [button.description for button in before] == ["· hangs", "▶ a", "▶ b"]
    assert not any(button.disabled for button in before)
    panel.buttons["hangs"].click()
    assert "`hangs` is not ready" in panel.state.value
    assert panel.game.moves == "b"


def test_without_ipywidgets_the_game_is_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    shown = play(hangs)._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    assert "Type play(hangs" in shown["text/plain"]


def test_what_a_program_says_is_escaped():
    async def evil():
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in play(evil)._repr_html_()


# -- the terminal --------------------------------------------------------------------------------------------------
def in_terminal(checkout, capsys, monkeypatch, lines, *args):
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    code = main(["--root", str(checkout), "play", *args])
    return code, capsys.readouterr().out


def test_the_game_in_a_terminal(checkout, capsys, monkeypatch):
    code, out = in_terminal(checkout, capsys, monkeypatch, "x\nb b\nundo\nb go\nquit\n", "m10")
    assert code == 0
    assert "there is no task `x`: choose a, b" in out
    assert "✗ fails" in out
    assert "   5  async def opposite():" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_the_right_program_is_not_lost_in_a_terminal(checkout, capsys, monkeypatch):
    code, out = in_terminal(checkout, capsys, monkeypatch, "b b go\n", "m10", "--right", "--backend", "trio")
    assert code == 1
    assert "✓ ends" in out


def test_the_terminal_says_the_rules_first_and_when_asked(checkout, capsys, monkeypatch):
    _, out = in_terminal(checkout, capsys, monkeypatch, "help\nquit\n", "m09")
    rules = "A move lets one task run until it waits: type its name."
    assert out.count(rules) == 2
    assert "`cancel:a` cancels that task" in out
    assert out.count("You are the scheduler") == 2  # `help` is not a task
    assert "there is no task" not in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_a_failure_names_the_line_that_raised(checkout, capsys, monkeypatch):
    code, out = in_terminal(checkout, capsys, monkeypatch, "a b cancel:a\nquit\n", "m09")
    assert code == 0
    assert "✗ fails  IndexError: pop from empty list\n         raised in line 9: connection = idle.pop()" in out


def test_a_lesson_without_a_game_says_which_have_one(checkout, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["--root", str(checkout), "play", "m01"]) == 2
    assert "those of m02, m07, m09, m10, m12 have one" in capsys.readouterr().err
