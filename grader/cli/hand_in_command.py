"""``grader hand-in``: a learner's file to the class that collects it."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import own_course, warn
from grader.course import CourseError
from grader.learner.due import checks_owner, due_of
from grader.learner.extras import install


@click.command("hand-in")
@click.argument("module")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Into this drop folder, not to the exchange.")
@click.option("--as", "learner", help="Your id in the class; your account's name if not given.")
@click.pass_context
def hand_in(context: click.Context, module: str, folder: Path | None, learner: str | None) -> int:
    """Hand in your file of MODULE and get a receipt: time, hash, what the public checks say."""
    from grader.classroom import dropping, receipt

    course = own_course(context)
    found = course.module(module)
    account = dropping.own_name()
    if learner is not None and learner != account and checks_owner(course.root):
        warn(
            f"you are {learner} in the class and {account} on this machine: the class leaves out what does not belong to "
            f"the account {learner}, unless it collects from {account} itself. Ask your instructor if you are not sure"
        )
    if folder is not None:
        when = due_of(course.root, found.slug)
        made = dropping.drop(found.stub, found.slug, learner or account, folder, when)
        text = made.text(receipt.public_result(found, found.stub))
        found.stub.with_name("receipt.txt").write_text(text, "utf-8")
        print(text, end="")
        return 0
    try:
        from grader.classroom import hand_in as learners
    except ModuleNotFoundError as error:
        raise CourseError(
            f"{error.name} is not installed: {install('class', course.root)}; "
            "or hand in with --to FOLDER, which does not need it"
        ) from error
    print(learners.account_of(course.root, learner).submit(found.slug), end="")
    return 0
