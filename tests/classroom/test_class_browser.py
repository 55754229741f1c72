"""A class in a real browser: formgrader, and the feedback page and the report in light, in dark and on a phone."""

import os
import re
import shutil
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
TOKEN = "opens-the-door"
WAIT = 120_000  # milliseconds, on a machine with too much to do


@pytest.fixture
def page(browser):
    one = browser.new_page()
    one.set_default_timeout(WAIT)
    yield one
    one.close()


@pytest.fixture
def serve(tmp_path):
    """Start JupyterLab in a folder, or by a command of ours; return its address."""
    running = []

    def serve(folder, *words):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
        own = {name: str(tmp_path / name.lower()) for name in (*names, "JUPYTERLAB_WORKSPACES_DIR")}
        own["JUPYTER_TOKEN"] = TOKEN
        command = [sys.executable, "-W", "ignore", "-m", *(words or ("jupyterlab", f"--ServerApp.root_dir={folder}"))]
        command += ["--no-browser", "--allow-root", f"--port={port}"]
        log = (tmp_path / f"log{port}").open("wb")
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        running.append((server, log))
        address = f"http://127.0.0.1:{port}"
        for _ in range(1200):
            assert server.poll() is None
            try:
                with urllib.request.urlopen(f"{address}/api"):
                    return address
            except OSError:
                time.sleep(0.1)
        raise AssertionError("JupyterLab does not answer")

    yield serve
    for server, log in running:
        server.terminate()
        server.wait(180)  # on a busy machine
        log.close()


def until(holds):
    """Wait until something is so; the wait is for browser and server, not for a check."""
    for _ in range(1200):
        if found := holds():
            return found
        time.sleep(0.1)
    raise AssertionError("it does not happen")


@pytest.fixture
def bundle(school, tmp_path, monkeypatch):
    """What a class gives its learners, as it is before anybody has opened it."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter_data_dir"))  # as for the server: nbgrader's cache
    wheel = tmp_path / "engine-1-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    target = tmp_path / "for-learners"
    words = ["--in", str(school.class_), "--to", str(target), "--wheel", str(wheel)]
    assert main(["bundle", "--class", *words]) == 0
    return target


def open_assignment_list(page, address):
    """Open JupyterLab, and nbgrader's Assignment List by its menu; give the panel."""
    page.goto(f"{address}/?token={TOKEN}")
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()
    panel = page.locator("#assignments")
    panel.locator("#course_list_default", has_text="spring").wait_for()
    return panel


def test_assignment_list_fetches_hands_in_and_fetches_feedback(school, texts, bundle, page, serve):
    exercise = bundle / "exercises" / SLUG
    address = serve(bundle, "grader", "lab")
    shutil.rmtree(exercise)  # as for an assignment that is newer than the bundle
    panel = open_assignment_list(page, address)
    panel.locator("#released_assignments_list button", has_text="Fetch").click()
    panel.locator("#fetched_assignments_list button", has_text="Submit").wait_for()
    assert sorted(path.name for path in exercise.iterdir()) == [f"{SLUG}.ipynb", "tiny.py"]
    picture(page, "fetched")
    (exercise / "tiny.py").write_text(texts["no_value"])
    panel.locator("#fetched_assignments_list button", has_text="Submit").click()
    feedback = panel.locator("#submitted_assignments_list button", has_text="Fetch Feedback")
    feedback.wait_for()
    picture(page, "submitted")
    (handed_in,) = (school.class_ / "exchange" / "spring" / "inbound").glob(f"*+{SLUG}+*")
    assert (handed_in / "tiny.py").read_text() == texts["no_value"]
    assert "handed in  m01_tiny" in (exercise / "receipt.txt").read_text()
    assert main(["class", "watch", "--once", "--in", str(school.class_)]) == 0
    panel = open_assignment_list(page, address)
    panel.get_by_text("(feedback available to fetch)").wait_for()
    panel.locator("#submitted_assignments_list button", has_text="Fetch Feedback").click()
    panel.get_by_text("(view feedback)").wait_for()
    picture(page, "feedback")
    (fetched,) = (exercise / "feedback").glob(f"*/{SLUG}.html")
    assert "39 of 100 points" in fetched.read_text()


def picture(page, name, **options):
    """Keep a picture for people, if they ask for it."""
    if where := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{where}/{name}.png", **options)


def test_formgrader_scores_by_hand_comments_and_gives_feedback(school, texts, page, serve):
    school.hand_in("ada", texts["no_value"])
    school.desk.collect()
    address = serve(school.class_, "grader", "class", "lab")
    page.goto(f"{address}/?token={TOKEN}")  # formgrader is what it opens
    page.get_by_role("link", name=SLUG).first.wait_for()
    picture(page, "formgrader")
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
    for action in ("generate", "release"):
        page.goto(f"{address}/formgrader")
        page.locator(f"td.{action}-feedback a").click()
        page.get_by_text(f"Successfully {action}d feedback of '{SLUG}'").wait_for()
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
        picture(one, f"{file.parent.parent.name}-{scheme}-{width}", full_page=True)
    assert all(url.startswith("file:") for url in asked)
    one.close()
