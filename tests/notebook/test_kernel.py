"""`run` in a real kernel: errors are errors of the cell, and the stop button stops whatever the cell does."""

import time

import pytest

from grader.course import Course
from grader.lesson.execution import copy_course

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
manager = pytest.importorskip("jupyter_client.manager", reason="no Jupyter here: pip install '.[lab]'")

HANGS = {
    "asleep": "await anyio.sleep(100)",
    "blocked in C": "time.sleep(100)",
    "spinning": "while True: pass",
    "spinning on checkpoints": "while True: await anyio.sleep(0)",
    "waiting for an event": "await anyio.Event().wait()",
    "shielded": "with anyio.CancelScope(shield=True): await anyio.sleep(100)",
    "swallowing": "while True:\n        try: await anyio.sleep(100)\n        except BaseException: pass",
}


@pytest.fixture(scope="module")
def kernel():
    started, client = manager.start_new_kernel()
    try:
        execute(client, "import anyio, time\nfrom grader.notebook import record, run")
        yield started, client
    finally:
        client.stop_channels()
        started.shutdown_kernel(now=True)


def execute(client, code, *, then=lambda: None):
    """Run a cell; call `then` once it runs; return its messages and how long it took after that (s)."""
    asked = client.execute(code)
    said, called = [], None
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != asked:
            continue
        content = message["content"]
        if message["msg_type"] == "stream" and "hanging" in content["text"] and called is None:
            time.sleep(0.3)  # from the print to the hang
            called = time.monotonic()
            then()
        elif message["msg_type"] == "error":
            said.append((content["ename"], content["evalue"], "\n".join(content["traceback"])))
        elif message["msg_type"] in {"execute_result", "display_data"}:
            said.append(content["data"])
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return said, called and time.monotonic() - called


def test_an_exception_group_is_an_error_of_the_cell_and_names_its_line(kernel):
    code = """\
async def fetch():
    raise ValueError("no such job")
async def main():
    async with anyio.create_task_group() as group:
        group.start_soon(fetch)
run(main)"""
    ((name, _, text),) = execute(kernel[1], code)[0]
    assert name == "ExceptionGroup"
    assert "ValueError: no such job   ← cell line 2" in text
    assert len(text.splitlines()) == 2


def test_an_error_shows_no_frame_of_a_library(kernel):
    ((name, _, text),) = execute(kernel[1], "async def main():\n    raise KeyError('x')\nrun(main, backend='trio')")[0]
    assert name == "KeyError"
    assert "running.py" not in text
    assert "site-packages" not in text


def test_a_deadlock_is_said_without_a_frame_of_the_package(kernel):
    code = "async def main():\n    await anyio.Event().wait()\nrun(main)"
    ((name, said, text),) = execute(kernel[1], code)[0]
    assert name == "Stuck"
    assert text == f"Stuck: {said}"
    assert "cell line 2" in said


def test_a_picture_is_the_result_of_the_cell(kernel):
    (data,) = execute(kernel[1], "record(anyio.sleep, 3)")[0]
    assert "<svg" in data["text/html"]
    assert "3 s returned" in data["text/plain"]


def test_a_self_check_is_one_output_with_a_text(kernel, checkout, tmp_path):
    course = Course(checkout)
    root = copy_course(course, tmp_path, course.module("m01"))
    (nothing, _) = execute(
        kernel[1], f"import os\nfrom grader.notebook import check, progress\nos.chdir({str(root)!r})"
    )
    assert nothing == []
    (data,) = execute(kernel[1], "check('m01')")[0]
    assert "m01_parallel_timeout  ✓ passed" in data["text/plain"]
    assert "passed" in data["text/html"]
    (data,) = execute(kernel[1], "progress()")[0]
    assert "✓ all passed" in data["text/plain"]
    assert "✓ all passed" in data["text/html"]
    ((name, text, _),) = execute(kernel[1], "check('m02').require()")[0]
    assert name == "NotPassed"
    assert "m02_deadline_task_queue  not started" in text


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("hang", HANGS)
def test_the_stop_button_ends_the_cell_and_the_next_one_works(kernel, backend, hang):
    started, client = kernel
    code = f"async def hangs():\n    print('hanging')\n    {HANGS[hang]}\nrun(hangs, backend={backend!r}, clock='real')"
    ((name, text, _),), seconds = execute(client, code, then=started.interrupt_kernel)
    assert name == "KeyboardInterrupt"
    assert "hangs" in text
    assert seconds < 30
    (data,), _ = execute(client, "async def fine():\n    await anyio.sleep(1)\n    return 7\nrun(fine)")
    assert data["text/plain"] == "7"
