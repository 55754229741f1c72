"""Whose a hand-in is, when it came, and which file in it is the work: asked before the newest is chosen."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pwd
from dataclasses import replace

from grader.classroom.hand_ins import SKEW, HandIn, Search
from grader.course.versions import TESTS
from grader.judging.folder import one_line
from grader.judging.plain_files import NotAFolder, kind_in, open_folder


def check_origin(search: Search, *, owner: bool, named_by_learner: bool, now: dt.datetime) -> None:
    """Leave out what belongs to somebody else, and correct a time that lies ahead.

    To be asked before the newest is chosen: somebody else's folder must not stand in for a learner's own, and a folder
    that is dated ahead must not stand in for all that come later.

    Args:
        search: what was found.
        owner: whether a hand-in must belong to the account of its learner.
        named_by_learner: whether a name that says another time than the folder's own is worth a look, whoever owns it.
        now: in UTC.
    """
    kept = []
    for each in search.found:
        try:
            infos = _infos(search, each)
        except (NotAFolder, OSError) as error:
            search.leave_out(each.name, f"cannot be looked at ({error})")
            continue
        strangers = {info.st_uid for info in infos} - {os.getuid()}
        names = {_account(uid) for uid in strangers} - {each.learner}
        if owner and names:
            search.notes.append(
                f"{each.name} says {each.learner} but belongs to {one_line(', '.join(sorted(names)))}: left out "
                "(if your accounts have other names than your learners, set check_owner = false in class.toml)"
            )
            continue
        arrived = dt.datetime.fromtimestamp(max(info.st_ctime for info in infos), dt.UTC).replace(tzinfo=None)
        said, when = search.settings.local(each.time), search.settings.local(arrived)
        if each.time > now + SKEW:
            note = f"{each.name} is dated ahead ({said}): taken as of {when}"
            kept.append(replace(each, time=min(arrived, now), notes=(*each.notes, note)))
            continue
        if (named_by_learner or strangers) and arrived - each.time > SKEW:
            note = f"{each.learner}: {each.name} says {said} but changed at {when}: look at it"
            each = replace(each, notes=(*each.notes, note))  # noqa: PLW2901
        kept.append(each)
    search.found = kept


def _infos(search: Search, each: HandIn) -> list[os.stat_result]:
    """Of the folder that holds a hand-in, and of its file if there is one."""
    infos = []
    if each.place:
        with open_folder(each.root, each.place[:-1]) as folder:
            infos.append(os.stat(each.place[-1], dir_fd=folder, follow_symlinks=False))
    name = each.file or f"{search.settings.course.module(each.slug).name}.py"
    with contextlib.suppress(NotAFolder, OSError), open_folder(each.root, each.place) as folder:
        infos.append(os.stat(name, dir_fd=folder, follow_symlinks=False))
    if not infos:
        raise OSError("it is not there any more")
    return infos


def find_files(search: Search) -> None:
    """Where a folder holds the learner's work under another name than the module's, take that file, and say so."""
    for number, each in enumerate(search.found):
        module = next(module for module in search.modules if module.slug == each.slug)
        if each.file or not each.place:
            continue
        try:
            with open_folder(each.root, each.place) as folder:
                if kind_in(folder, f"{module.name}.py") != "absent":
                    continue
                files = [name for name in os.listdir(folder) if _is_work(name)]  # noqa: PTH208
        except (NotAFolder, OSError):
            continue  # the intake says what is wrong with it
        if len(files) == 1:
            note = f"{each.name}: there is no {module.name}.py, {one_line(files[0])} is taken for it"
            search.found[number] = replace(each, file=files[0], notes=(*each.notes, note))


def _is_work(name: str) -> bool:
    others = ("scene.py", "conftest.py", TESTS)
    return name.endswith(".py") and name not in others and not name.startswith(("test_", "."))


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"
