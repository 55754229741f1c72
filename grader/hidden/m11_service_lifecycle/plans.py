"""What the hidden checks of m11 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader import Play, Trace, at_most, cleanup, fail, hang, on_cancel, verb, wait

START = 2.9
ready, states, health = verb("ready"), verb("states"), verb("health")
Plan = Mapping[str, Any]
Services = Mapping[str, Plan]


# -- services --------------------------------------------------------------------------------------------------------
def service(*requires: str, up: float = 1.0, down: float = 0.7, **more: Any) -> dict[str, Any]:
    """A service that is ready after `up` seconds and needs `down` seconds to end when it is cancelled."""
    return {"requires": list(requires), "run": [cleanup(wait(down)), wait(up), ready(), hang()], **more}


def doing(*steps: Any, requires: Sequence[str] = (), up: float = 1.0, down: float = 0.7) -> dict[str, Any]:
    """A service that does this once it is ready."""
    return {"requires": list(requires), "run": [cleanup(wait(down)), wait(up), ready(), *steps]}


def chain(play: Play, *names: str, **last: Any) -> dict[str, Any]:
    """Services of which each requires the one before, in random order; `last`: more of the last one's plan."""
    ups, downs = play.draw(len(names)), play.draw(len(names))
    plan = {
        name: service(*names[:i][-1:], up=ups[i], down=downs[i], **(last if name == names[-1] else {}))
        for i, name in enumerate(names)
    }
    return mixed(play, plan)


def mixed(play: Play, plan: Services) -> dict[str, Any]:
    """The services in random order."""
    return {name: dict(plan[name]) for name in play.shuffled(list(plan))}


def graph(play: Play, count: int = 6) -> dict[str, Any]:
    """Services that require others at random, none in a circle."""
    names = play.shuffled(["db", "log", "mail", "web", "api", "jobs"])[:count]
    ups, downs = play.draw(count), play.draw(count)
    plan = {}
    for i, name in enumerate(names):
        wanted = [other for other in names[:i] if play.pick(0, 2) == 0]
        plan[name] = service(*wanted, up=ups[i], down=downs[i])
    return mixed(play, plan)


DIAMOND = {
    "db": service(up=1.3, down=0.6),
    "log": service("db", up=2.1, down=1.9),
    "mail": service("db", up=0.8, down=0.4),
    "web": service("log", "mail", up=0.7, down=1.1),
}
MIRROR = {**dict(reversed(DIAMOND.items())), "web": service("mail", "log", up=0.7, down=1.1)}
"""The same, given and required the other way round."""
MANY = 24
"""As many services as nobody would let start a few at a time by chance."""


def by(moment: float) -> Any:
    """That moment at the latest, or a little later."""
    return at_most(moment + 0.06)


# -- what is read from a run -----------------------------------------------------------------------------------------
def runs(t: Trace) -> dict[str, Any]:
    """Service → its run, of those that were started."""
    return {span.who: span for span in t.all("run")}


def body_end(t: Trace) -> float:
    """When the body ended; fails the subject if it never began."""
    return t.one("body").end or 0.0


def final(t: Trace, who: str = "caller") -> Any:
    """The states after the block of that caller; fails the subject if its body never began."""
    t.one("body", who)
    notes = t.notes("final", who)
    t.expect_that("the states after the block", bool(notes), "cannot be read")
    return notes[0]["value"]


def order_complaint(t: Trace, plan: Services) -> str:
    """Say which service was cancelled before one that requires it had ended; empty text if none was."""
    seen = runs(t)
    for name, span in seen.items():
        for other in seen:
            late = seen[other].end is None or seen[other].end > (span.cancelled_at or 0.0) + 1e-6
            if name in plan[other].get("requires", ()) and span.cancelled_at is not None and late:
                end = "never ended" if seen[other].end is None else f"ended at {seen[other].end:g} s"
                return f"{name} was cancelled at {span.cancelled_at:g} s; {other}, which requires it, {end}"
    return ""


def expect_stop_order(t: Trace, plan: Services, when: str = "") -> None:
    """Expect that no service was cancelled before all that require it had ended.

    Args:
        t: the run.
        plan: the services.
        when: what ended the block, as the beginning of a sentence, if it is to be the headline.
    """
    complaint = order_complaint(t, plan)
    part = f"{when}, each service is cancelled only when all that require it have ended." if when else ""
    t.expect_that("a service and those that require it", not complaint, complaint, part=part)


def expect_stopped(t: Trace, plan: Services, when: str = "", *, started: Iterable[str] | None = None) -> None:
    """Expect that these services, or all of the plan, were started, and stopped in order, and that all have ended."""
    t.expect_begun(*(plan if started is None else started))
    expect_stop_order(t, plan, when)
    t.expect_all_ended()


def expect_leaves(t: Trace, *errors: str, part: str = "") -> None:
    """Expect that these errors leave the call, bare or in groups; others may be with them."""
    for error in errors:
        t.expect_that(f"{error} should leave the call", error in t.call.errors, f"it {t.call.ending}", part=part)


def expect_start_error(t: Trace, name: str, when: str = "When a service does not start") -> None:
    """Expect that a `StartError` with the service's name leaves the call."""
    expect_leaves(t, "StartError", part=f"{when}, `StartError` leaves the call.")
    texts = [error.text for error in t.call.errors if error == "StartError"]
    part = "The text of a `StartError` has the name of the service that did not start."
    t.expect_that(
        f"the name {name}", any(name in text for text in texts), "not in the text of the StartError", part=part
    )


def expect_no_body(t: Trace, when: str = "When a service does not start") -> None:
    """Expect that the body did not run; one that began and was cancelled at its first checkpoint did not."""
    ran = [span.ending for span in t.all("body") if (span.end or 0) > span.start + 1e-6]
    t.expect("bodies that ran", ran, [], part=f"{when}, the body does not run.")


def expect_at(t: Trace, what: str, moment: float | None, wanted: Any, *, part: str = "") -> None:
    """Expect that something happened at that time, in seconds after the call."""
    t.expect(f"counted from the call, {what} at", None if moment is None else moment - START, wanted, part=part)


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "unknown": {"db": service(), "web": service("db", "cache"), "log": service()},
    "unknown, first": {"web": service("cache"), "db": service()},
    "twice": {"db": service(), "log": service(), "copy": service(name="db")},
    "twice, and required": {"copy": service(name="db"), "web": service("db"), "db": service()},
    "itself": {"db": service(), "web": service("db", "web")},
    "two": {"log": service(), "web": service("mail"), "mail": service("web")},
    "four": {"log": service(), "a": service("d"), "b": service("a", "log"), "c": service("b"), "d": service("c")},
}


def failing(*steps: Any, requires: Sequence[str] = ("log",)) -> dict[str, Any]:
    """A chain of three of which the last does not get ready."""
    return {
        "web": {"requires": list(requires), "run": list(steps)},
        "log": service("db", up=1.4, down=1.2),
        "db": service(up=0.8, down=0.6),
    }


AT = START + 0.8 + 1.4
"""When the last of the three is started."""


def grumpy(error: str, *requires: str, kind: str = "Fault", down: float = 0.9) -> dict[str, Any]:
    """A service that raises when it is stopped."""
    return {
        "requires": list(requires),
        "run": [wait(1), ready(), on_cancel(wait(down), fail(error, kind)), hang()],
    }


def crashing(who: str, steps: Sequence[Any]) -> dict[str, Any]:
    """A chain of which one crashes."""
    names = ["db", "log", "web"]
    return {
        name: doing(
            *(steps if name == who else [hang()]), requires=names[:i][-1:], up=0.9, down=0 if name == who else 1.1
        )
        for i, name in enumerate(names)
    }
