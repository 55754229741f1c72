"""Every lesson in a real JupyterLab, in a real browser: restart, run all, no error, the picture is there."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from grader.course import Course
from grader.lesson.execution import pages
from grader.lesson.notebook_file import has_cells

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CHECKOUT = Path(__file__).resolve().parents[2]
pytest.importorskip("jupyterlab", reason="no JupyterLab here: pip install '.[lab]'")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def lab(checkout, tmp_path_factory):
    """A JupyterLab on a copy of what learners have, with folders of its own; yields its address."""
    place = tmp_path_factory.mktemp("lab")
    course = place / "course of a learner"
    for part in ("course", "exercises"):
        shutil.copytree(checkout / part, course / part, ignore=shutil.ignore_patterns("__pycache__"))
    port = free_port()
    folders = {
        name: str(place / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    lab_folders = {name: str(place / name.lower()) for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={course}"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=", "--ServerApp.disable_check_xsrf=True"]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **folders, **lab_folders}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, server, place / "log")
            yield address
        finally:
            server.terminate()
            server.wait(180)  # on a busy machine


def wait_for(address, server, log):
    for _ in range(3000):  # five minutes on a machine with too much to do
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/api/status"):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


STATE = """path => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    if (!panel || !panel.content || !panel.content.model || panel.context?.path !== path) return {ready: false};
    const cells = Array.from(panel.content.widgets).filter(cell => cell.model.type === 'code');
    const outputs = cells.flatMap(cell => cell.model.outputs.toJSON());
    const status = panel.sessionContext.session?.kernel?.status;
    return {
        ready: true, status,
        left: cells.filter(cell => !cell.model.executionCount).length,
        cells: cells.length,
        errors: outputs.filter(output => output.output_type === 'error').map(output => output.ename + ': ' + output.evalue),
        pictures: outputs.filter(output => (output.data?.['text/html'] ?? '').includes('<svg')).length,
    };
}"""


CLOSE = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel?.sessionContext?.shutdown();
    panel?.dispose();
}"""


def lessons():
    return [
        page.with_suffix(".ipynb").relative_to(CHECKOUT).as_posix()
        for page in pages(Course(CHECKOUT))
        if has_cells(page)
    ]


@pytest.fixture(scope="module")
def page(browser, lab):
    """One window with JupyterLab, in which every notebook is opened."""
    with browser.new_page() as page:
        page.goto(f"{lab}/lab/workspaces/auto-{time.monotonic_ns()}")
        page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=120_000)
        page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('docmanager:open')", timeout=120_000)
        page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        yield page


@pytest.fixture
def opened(page):
    """Open a notebook; after the test its kernel ends, and it is closed."""

    def opening(notebook):
        page.evaluate(
            "path => { window.jupyterapp.commands.execute('docmanager:open', {path}); return null; }", notebook
        )
        until(page, notebook, lambda state: state["status"] == "idle")
        return page

    yield opening
    page.evaluate(CLOSE)


@pytest.mark.parametrize("notebook", lessons())
def test_restart_and_run_all_ends_without_an_error(opened, notebook):
    page = opened(notebook)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:restart-run-all'); return null; }")
    page.locator(".jp-Dialog .jp-mod-accept").click(timeout=30_000)
    state = until(page, notebook, lambda state: state["left"] == 0 and state["status"] == "idle")
    assert state["errors"] == []
    assert state["cells"] > 0
    assert state["pictures"] >= pictures(notebook)


def pictures(notebook):
    """How many pictures a notebook makes at least: a cell's last line is a call of `record`."""
    cells = json.loads((CHECKOUT / notebook).read_text("utf-8"))["cells"]
    ends = ["".join(cell["source"]).rstrip().rpartition("\n")[2] for cell in cells if cell["cell_type"] == "code"]
    return sum(end.startswith("record(") for end in ends)


def until(page, notebook, holds):
    """Wait until the state of a notebook, open in front, is as asked; the wait is for the browser, not for a check."""
    state = {}
    for _ in range(1200):
        state = page.evaluate(STATE, notebook)
        if state["ready"] and holds(state):
            return state
        time.sleep(0.1)
    raise AssertionError(state)


GAME = """\
from anyio import Lock, create_task_group
from anyio.lowlevel import checkpoint
from grader.notebook import play

async def opposite():
    red, blue = Lock(), Lock()
    async def pay(source, target, late):
        for _ in range(late):
            await checkpoint()
        async with source:
            async with target:
                pass
    async with create_task_group() as group:
        group.start_soon(pay, red, blue, 0, name="a")
        group.start_soon(pay, blue, red, 2, name="b")

play(opposite)
"""


def test_a_game_is_played_with_the_keyboard_alone(opened, lab):
    pytest.importorskip("ipywidgets")
    cell = {"cell_type": "code", "id": "game", "metadata": {}, "outputs": [], "execution_count": None, "source": GAME}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    content = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    body = json.dumps({"type": "notebook", "format": "json", "content": content}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{lab}/api/contents/game.ipynb", body, method="PUT")).close()
    page = opened("game.ipynb")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return null; }")
    until(page, "game.ipynb", lambda state: state["left"] == 0 and state["status"] == "idle")
    stands = page.locator("pre[role=status]")
    later = page.locator("button", has_text="b").filter(has_text="▶")
    later.focus(timeout=60_000)
    for moves in ("moves    b (1 out of order)", "moves    b b (2 out of order)"):
        page.keyboard.press("Enter")
        stands.filter(has_text=moves).wait_for(timeout=60_000)
        assert page.evaluate("document.activeElement.textContent") == "▶ b"  # the keyboard has kept its place
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "go: rest in order"
    page.keyboard.press("Space")
    stands.filter(has_text="✗ fails").wait_for(timeout=60_000)
    assert "which is par" in stands.inner_text()
    page.locator("input[type=text]").last.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("a b x")
    page.keyboard.press("Enter")
    stands.filter(has_text="there is no task `x`").wait_for(timeout=60_000)
