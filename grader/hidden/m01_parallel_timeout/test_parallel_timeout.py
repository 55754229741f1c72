"""Hidden checks of m01: what `gather_within` promises, under both backends and many orders."""

from grader import Play, check, cleanup, give, hang, near, token, wait

TIMED_OUT = token("TIMED_OUT")


@check("R1", misconception="finishing-order", step="one-place-each")
def test_order_of_jobs(play: Play) -> None:
    """The list has one entry for each job, in the order of the jobs, whoever finishes first."""
    times = play.draw(5)
    names = ["a", "b", "c", "d", "e"]
    jobs = {name: [wait(time), give(name.upper())] for name, time in zip(names, times, strict=True)}
    for t in play(jobs=jobs, timeout=60).orders(8):
        t.expect("the list", t.call.value, [token(name.upper()) for name in names])


@check("R3", misconception="stops-waiting-only", step="bound-the-wait")
def test_cleanup_awaited(play: Play) -> None:
    """A job that ran out of time has finished its cleanup when the call returns."""
    t = play(jobs={"late": [cleanup(wait(3)), hang()], "quick": [wait(1), give("Q")]}, timeout=10)
    t.expect("the list", t.call.value, [TIMED_OUT, token("Q")])
    t.expect("late cancelled at", t.of("late").cancelled_at, near(10))
    t.expect("the call returned at", t.call.end, near(13))


@check("R5", misconception="cancelled-returns-list", step="let-cancellation-pass")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, the call ends by the cancellation and returns no list."""
    jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(2)), hang()], "c": [hang()]}
    for t in play(jobs=jobs, timeout=30).cancelled("caller"):
        t.expect_cancellation_passes()
        t.expect_nothing_left()
