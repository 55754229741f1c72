"""A small course with one lesson that holds, to be changed by each test, and a way to run it."""

from pathlib import Path

import pytest

from grader.course import Course
from grader.lesson.execution import run
from grader.lesson.parts import Lesson
from grader.lesson.source import parse, read

TOML = """\
title = "Tiny"
level = "beginner"
minutes = [1, 2]
core_minutes = 14
paths = [1]
outcome = "You give a value later."
requires = []
file = "tiny"

[names]
later = "async"

[clauses]
R1 = { aspect = "result", core = 100, stretch = 0 }

[misconceptions]
no-wait = "nothing need be waited for"

[steps]
start = "Start"
wait = "Wait for it"
end = "Come to an end"
"""
LESSON = """\
# Tiny

Beginner · core 14 minutes · assumes [the start](../start_here.md)

## Warm-up

What is a task?

<details><summary>Answer</summary>

A thing to do.

</details>

## The broken program

```python {#setup}
import anyio
import sniffio
from grader.notebook.parsons import parsons
```

**Predict:** what does it print?

```python {#broken}
async def main():
    await anyio.sleep(0)
    print("on", sniffio.current_async_library())
    return 3

anyio.run(main, backend="asyncio")
```
```output {#broken}
on asyncio
```
```output {#broken backend=trio}
on trio
```
```verify {#broken}
assert _ == 3
assert BACKEND in ("asyncio", "trio")
```

<details><summary>Answer</summary>

Its backend.

</details>

## The lesson

### Start

**Predict:** which number?

```python {#start}
print(1)
number = 1
```
```output {#start}
1
```
```verify {#start}
assert number == 1
```

<details><summary>Answer</summary>

1.

</details>

### Wait for it

**Predict:** and now?

```python {#wait}
number += 1
```
```verify {#wait}
assert number == 2
```

<details><summary>Answer</summary>2</details>

### Come to an end

**Predict:** and then?

```python {#end}
number += 1
```
```verify {#end}
assert number == 3
```

<details><summary>Answer</summary>3</details>

Not like this:

```python {fails=TypeError}
with 3:
    pass
```

## Put it in order

```parsons {#order}
async with anyio.create_task_group() as group:
    for place in range(3):
        group.start_soon(note, place)
--- instead of 3: it waits for each job before the next one starts
        await group.start_soon(note, place)
```
```verify {#order}
async def main():
    seen = []
    async def note(place):
        seen.append("begin")
        await anyio.sleep(0.01)
        seen.append("end")
    # <lines>
    return seen[:3]
assert anyio.run(main, backend="asyncio") == ["begin"] * 3
```

## The exercise

Write it.

## Explain and compare

Compare.

## Bug clinic

Find it.

## Further

```python {file=test_tiny.py}
import pytest

pytestmark = pytest.mark.anyio


async def test_it():
    assert True
```

## Where it is used

Everywhere, see [the start](../start_here.md#top) and [hints](hints.md).
"""
HINTS = """\
# Hints

## Hint 1

Think of what must happen before the value may come back: who waits for it, for how long, and what else runs meanwhile?

## Hint 2

Wait for as long as the caller asks you to, in a way that lets the other tasks run, and return the value afterwards.

## Hint 3

Two lines are enough: the first waits, the second returns. Fill in the gap of the first one: `await anyio.…(delay)`, then `return value`.

## Question

Why not `time.sleep`?

<details><summary>Answer</summary>

It blocks.

</details>
"""
SOLUTION = '''\
"""Give a value later."""

import anyio


async def later(value: int, *, delay: float) -> int:
    """Give `value` after `delay` seconds."""
    await anyio.sleep(delay)
    return value
'''
STUB = SOLUTION.replace("    await anyio.sleep(delay)\n    return value\n", "    raise NotImplementedError\n")
SCENE = """\
async def scene(subject, world, *, value, delay):
    async def go():
        await world.call("later", subject.later, value, delay=delay)

    await world.actors({"caller": [["go"]]}, {"go": go})
"""
CHECKS = '''\
from grader import check


@check("R1", misconception="no-wait", step="start")
def test_value(play):
    """The value comes back."""
    t = play(value=7, delay=1)
    t.expect("the value", t.call.value, 7)
'''


@pytest.fixture
def school(tmp_path) -> Course:
    """A course with one module and its lesson."""
    for name, text in {
        "course/start_here.md": "# Start\n\n```python {#hello}\nprint(1)\n```\n",
        "course/glossary.md": "# Glossary\n\nA term.\n",
        "course/m01_tiny/module.toml": TOML,
        "course/m01_tiny/lesson.md": LESSON,
        "course/m01_tiny/hints.md": HINTS,
        "exercises/m01_tiny/tiny.py": STUB,
        "exercises/m01_tiny/scene.py": SCENE,
        "exercises/m01_tiny/test_tiny.py": CHECKS,
        "grader/hidden/m01_tiny/test_tiny.py": CHECKS,
        "solutions/m01_tiny/tiny.py": SOLUTION,
    }.items():
        path = tmp_path / "school" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Course(tmp_path / "school")


@pytest.fixture
def changed(school):
    """Change the lesson; what it then is."""

    def change(old: str, new: str) -> Lesson:
        path = school.module("m01").toml.with_name("lesson.md")
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return read(path, school.root)

    return change


@pytest.fixture
def found(school, changed):
    """Change the lesson, run it, and give what does not hold."""

    def run_it(old: str = "", new: str = "") -> list[str]:
        return [str(wrong) for wrong in run(changed(old, new), school, school.module("m01"))]

    return run_it


@pytest.fixture
def parsed():
    """Read a text as a lesson."""

    def read_it(text: str) -> Lesson:
        return parse(text, Path("lesson.md"), "lesson.md")

    return read_it
