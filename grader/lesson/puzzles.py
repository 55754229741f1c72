"""Parsons problems: which letter stands for which line, what is right in an answer, and which programs can be made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_uppercase

from grader.lesson.joining import program_of
from grader.lesson.parts import Distractor, Puzzle


@dataclass(frozen=True)
class Answer:
    """What is to be said about a learner's answer.

    Args:
        text: the sentences.
        program: the lines from the top that are right.
        right: whether the answer is complete and right.
    """

    text: str
    program: tuple[str, ...] = ()
    right: bool = False


def lines_by_letter(puzzle: Puzzle, slug: str) -> dict[str, str]:
    """Letter → line: right and wrong ones shuffled, the same way each time."""
    lines = [*puzzle.lines, *(each.text for each in puzzle.distractors)]
    shuffled = lines
    salt = 0
    while shuffled[: len(puzzle.lines)] in puzzle.orders:  # an answer that reads A B C … would not be a problem
        keys = [hashlib.sha256(f"{slug} {puzzle.id} {salt} {number}".encode()).digest() for number in range(len(lines))]
        shuffled = [line for _, line in sorted(zip(keys, lines, strict=True))]
        salt += 1
    return dict(zip(ascii_uppercase, shuffled, strict=False))


def judge_answer(puzzle: Puzzle, slug: str, answer: str) -> Answer:
    """Say what is right in an answer.

    Args:
        answer: letters in order; anything between them is ignored.
    """
    known = lines_by_letter(puzzle, slug)
    letters = re.findall(r"[A-Z]", answer.upper())
    if strange := next((letter for letter in letters if letter not in known), None):
        return Answer(f"There is no line {strange}: the letters are A to {max(known)}.")
    if twice := next((letter for letter in letters if letters.count(letter) > 1), None):
        return Answer(f"Line {twice} is in it twice: each line is used once at most.")
    given = [known[letter] for letter in letters]
    total = len(puzzle.lines)
    count = max(common_lines(given, order) for order in puzzle.orders)
    program = tuple(given[:count])
    if count == total == len(given):
        return Answer(f"Right: all {total} lines are in place.", program, right=True)
    so_far = f"{count} of {total} lines are right so far." if count else "The first line is not right yet."
    if count == len(given):
        return Answer(so_far if given else "", program)
    if count == total:
        return Answer(f"All {total} lines are in place, but line {letters[count]} is too many.", program)
    wrong = letters[count]
    reason = next((each for each in puzzle.distractors if each.text == given[count]), None)
    said = f"Line {wrong} belongs nowhere: {sentence(reason)}" if reason else f"Line {wrong} does not come here."
    return Answer(f"{so_far} {said}", program)


def sentence(distractor: Distractor) -> str:
    """Why a wrong line is wrong, as a sentence."""
    return distractor.reason if distractor.reason.endswith((".", "!", "?")) else f"{distractor.reason}."


def common_lines(given: list[str], order: list[str]) -> int:
    """How many lines are the same from the top."""
    count = 0
    for mine, right in zip(given, order, strict=False):
        if mine != right:
            break
        count += 1
    return count


def right_programs(puzzle: Puzzle, proof: str) -> Iterator[str]:
    """The programs that must pass: each right order in place of the placeholder."""
    for order in puzzle.orders:
        yield program_of(order, proof)


def wrong_program(puzzle: Puzzle, distractor: Distractor, proof: str) -> str:
    """The program that must fail: a wrong line in place of the right one."""
    lines = list(puzzle.lines)
    lines[distractor.place - 1] = distractor.text
    return program_of(lines, proof)
