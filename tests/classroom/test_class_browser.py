"""A class in a real browser: formgrader, and the feedback page and the report in light, in dark and on a phone."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from grader.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
pytest.importorskip("jupyterlab", reason="no JupyterLab here: pip install '.[lab]'")
SLUG = "m01_tiny"
WAIT = 120_000  # milliseconds, on a machine with too much to do


@pytest.fixture
def page(browser):
    one = browser.new_page()
    one.set_default_timeout(WAIT)
    yield one
    one.close()


@pytest.fixture
def serve(tmp_path):
    """Start JupyterLab in a folder; return its address."""
    running = []

    def serve(folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
        own = {name: str(tmp_path / name.lower()) for name in (*names, "JUPYTERLAB_WORKSPACES_DIR")}
        command = [sys.executable, "-W", "ignore", "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
        command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--LabApp.news_url="]
        command += ["--LabApp.expose_app_in_browser=True", "--ServerApp.disable_check_xsrf=True"]
        log = (tmp_path / f"log{port}").open("wb")
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        running.append((server, log))
        address = f"http://127.0.0.1:{port}"
        for _ in range(1200):
            assert server.poll() is None
            try:
                with urllib.request.urlopen(f"{address}/api/status"):
                    return address
            except OSError:
                time.sleep(0.1)
        raise AssertionError("JupyterLab does not answer")

    yield serve
    for server, log in running:
        server.terminate()
        server.wait(30)
        log.close()


def until(holds):
    """Wait until something is so; the wait is for browser and server, not for a check."""
    for _ in range(1200):
        if found := holds():
            return found
        time.sleep(0.1)
    raise AssertionError("it does not happen")


def test_formgrader_scores_by_hand_comments_and_gives_feedback(school, texts, page, serve):
    school.hand_in("ada", texts["no_value"])
    school.desk.collect()
    address = serve(school.class_)
    page.goto(f"{address}/formgrader/manage_submissions/{SLUG}")
    page.locator("td.autograde a, td.autograde button, a[title='Autograde']").first.click()
    until((school.class_ / "autograded" / "ada" / SLUG / f"{SLUG}.ipynb").is_file)
    until(lambda: school.line("ada").verdict == "failed")
    with school.desk.book() as book:
        submitted = book.find_submission_notebook(SLUG, SLUG, "ada").id
    page.goto(f"{address}/formgrader/submissions/{submitted}/")
    box = page.locator("input.score").first
    box.wait_for()
    until(box.is_enabled)
    box.fill("30")
    box.press("Tab")
    comment = page.locator("textarea.comment").first
    comment.fill("Look at *step 2*.")
    comment.press("Tab")
    until(lambda: school.line("ada").by_hand)
    page.goto(f"{address}/formgrader/manage_submissions/{SLUG}")
    for action in ("generate_feedback", "release_feedback"):
        answer = page.request.post(f"{address}/formgrader/api/assignment/{SLUG}/{action}", timeout=WAIT)
        assert json.loads(answer.text())["success"]
    told = school.page("ada")
    assert "Look at <em>step 2</em>." in told
    assert "given by your instructor" in told
    assert len(list((school.class_ / "exchange/spring/feedback").glob("*.html"))) == 1


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_the_feedback_page_and_the_report_fit_and_can_be_read(school, texts, browser, tmp_path, scheme, width):
    school.hand_in("ada", texts["no_value"])
    school.hand_in("ben", texts["right"])
    school.score()
    school.desk.feedback()
    assert main(["class", "report", "--in", str(school.class_), "--to", str(tmp_path)]) == 0
    one = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    asked = []
    one.on("request", lambda request: asked.append(request.url))
    files = [school.class_ / "feedback" / name / SLUG / f"{SLUG}.html" for name in ("ada", "ben")]
    for file in (*files, tmp_path / "report.html"):
        one.goto(file.as_uri())
        seen = one.evaluate(
            """() => ({wide: document.documentElement.scrollWidth, back: getComputedStyle(document.body).backgroundColor,
                       root: getComputedStyle(document.documentElement).colorScheme,
                       text: getComputedStyle(document.body).color})"""
        )
        assert seen["wide"] <= width, file
        assert "dark" in seen["root"]
        red = int(re.findall(r"\d+", seen["text"])[0])
        assert (red > 128) == (scheme == "dark"), seen
        if where := os.environ.get("SCREENSHOTS"):
            one.screenshot(path=f"{where}/{file.parent.parent.name}-{scheme}-{width}.png", full_page=True)
    assert all(url.startswith("file:") for url in asked)
    one.close()
