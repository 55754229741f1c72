"""The class at a glance as one page of HTML that needs nothing else: no script, no request to the net."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from html import escape

from grader.classroom.overview import CommonFault, ModuleView
from grader.classroom.settings import Settings

STYLE = """\
:root { color-scheme: light dark; --line: #8886; --quiet: #666; --bar: #3b6ea8; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa; --bar: #7fb0e8; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.quiet { color: var(--quiet); font-size: .9rem; }
.bars { display: flex; align-items: flex-end; gap: 3px; height: 5rem; margin: .5rem 0 0; padding: 0; list-style: none; }
.bars li { flex: 1 1 0; min-width: 2px; background: var(--bar); position: relative; }
.scale { display: flex; justify-content: space-between; }
"""


def page(settings: Settings, views: Iterable[ModuleView], *, made: str, names: bool = True) -> str:
    """The page.

    Args:
        settings: of the class.
        views: from `grader.classroom.overview.look_at`.
        made: when, for people.
        names: whether learners are named; else they are numbered, on each page from 1 on.
    """
    found = list(views)
    who = _namer(found, names=names)
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(settings.name)}: the class at a glance</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(settings.name)}: the class at a glance</h1>",
        f'<p class="quiet">made {escape(made)}; counts are learners, by the newest file that was scored</p>',
        _summary(found),
        *(_module(settings, view, who) for view in found if view.handed_in),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _namer(views: list[ModuleView], *, names: bool) -> Callable[[str], str]:
    if names:
        return lambda learner: learner
    people = {name for view in views for name, _ in (*view.stuck, *view.look)}
    people |= {name for view in views for group in (*view.equal, *view.alike) for name in group}
    order = sorted(people)
    random.SystemRandom().shuffle(order)  # the order of the names would tell them
    numbers = {name: f"learner {number}" for number, name in enumerate(order, 1)}
    return lambda learner: numbers[learner]


def _table(heads: Mapping[str, bool], rows: Iterable[Iterable[object]]) -> str:
    """A table; `heads` says of each column whether it holds numbers."""
    kinds = [' class="n"' if numbers else "" for numbers in heads.values()]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(heads, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind}>{escape(str(value))}</td>" for value, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _summary(views: list[ModuleView]) -> str:
    heads = {"module": False} | dict.fromkeys(("handed in", "passed", "core passed", "not run", "need a person"), True)
    rows = [(view.module.slug, view.handed_in, view.passed, view.core, view.not_run, len(view.look)) for view in views]
    return _table(heads, rows)


def _module(settings: Settings, view: ModuleView, who: Callable[[str], str]) -> str:
    module = view.module
    parts = [f"<h2>{escape(module.title)} <span class='quiet'>{escape(module.slug)}</span></h2>"]
    rows = [(aspect, count, view.handed_in) for aspect, count in view.aspects.items()]
    parts += ["<h3>All points of an aspect</h3>", _table({"aspect": False, "learners": True, "of": True}, rows)]
    parts += [
        "<h3>Scores</h3>",
        _bars([(str(count), count) for count in view.scores], ("0", most_points(settings, view))),
    ]
    parts += _faults("What fails most", "clause", view.clauses, view.handed_in)
    parts += _faults("The ideas behind it", "idea", view.ideas, view.handed_in)
    if view.stuck:
        rows_ = [(who(name), clause) for name, clause in view.stuck]
        parts += [
            "<h3>Stuck: the same clause in the last three files</h3>",
            _table({"learner": False, "clause": False}, rows_),
        ]
    if view.look:
        rows_ = [(who(name), why) for name, why in view.look]
        parts += ["<h3>A person should look</h3>", _table({"learner": False, "why": False}, rows_)]
    groups = [(", ".join(map(who, group)), "every byte") for group in view.equal]
    groups += [(", ".join(map(who, group)), "but for names and layout") for group in view.alike]
    if groups:
        parts += ["<h3>Equal files</h3>", _table({"learners": False, "equal": False}, groups)]
        parts.append('<p class="quiet">Short exercises have few right answers: equal files prove nothing.</p>')
    if len(view.hours) > 1:
        bars = [(f"{hour}:00 UTC: {count}", count) for hour, count in view.hours.items()]
        parts += ["<h3>Hand-ins by the hour</h3>", _bars(bars, (next(iter(view.hours)), list(view.hours)[-1]))]
    return "\n".join(parts)


def most_points(settings: Settings, view: ModuleView) -> str:
    """The most points of a module in this class."""
    return str(sum(settings.points(view.module).values()))


def _faults(title: str, kind: str, found: list[CommonFault], most: int) -> list[str]:
    if not found:
        return []
    rows = [(each.name, each.count, most, each.step) for each in found]
    return [f"<h3>{title}</h3>", _table({kind: False, "learners": True, "of": True, "lesson step": False}, rows)]


def _bars(found: list[tuple[str, int]], scale: tuple[str, str]) -> str:
    most = max((count for _, count in found), default=0) or 1
    bars = "".join(
        f'<li style="height:{max(count / most * 100, 1):.0f}%" title="{escape(label)}"></li>' for label, count in found
    )
    said = ", ".join(str(count) for _, count in found)
    ends = f'<div class="scale quiet"><span>{escape(scale[0])}</span><span>{escape(scale[1])}</span></div>'
    return f'<ul class="bars" role="img" aria-label="{escape(said)}">{bars}</ul>{ends}'
