"""What pytest does in a course: the fixture `play`, short cards for failed checks, a line for what is not started."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from grader.checks.collect import checks_of
from grader.checks.play import Play
from grader.checks.rule import CheckFailed, NotRun, Rule
from grader.checks.runs import run_of, word
from grader.checks.trace import Trace
from grader.course import BACKENDS, Course, CourseError, Module
from grader.course.key import SELF_CHECK_KEY
from grader.display.report_card import sentences
from grader.display.show import clean, text_of
from grader.display.trace_text import timeline
from grader.judging.answers import TimeLimits
from grader.judging.blame import Reference
from grader.judging.failure import failure_row
from grader.judging.points import clause_id
from grader.judging.report import Row
from grader.judging.run_check import carry_out, plan_key
from grader.judging.session import Session
from grader.judging.submission import Submission, examine, next_step, read
from grader.learner.debugger import InProcessPlayer
from grader.learner.layout import lay_out
from grader.learner.own_tests import NAME as OWN_TESTS
from grader.learner.selfcheck import note_stages
from grader.sandbox import ForkServer

PRINTED = 20
"""Lines of the subject's prints that are shown under a failed check: a check makes dozens of runs."""

LIMITS = TimeLimits(total=24 * 3600.0)
"""A debugger may hold a run for as long as its user thinks."""


class CoursePlugin:
    """One run of pytest in a course."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self.config = config
        self.course = Course(root)
        try:
            self.said = lay_out(root)
        except CourseError as error:
            raise pytest.UsageError(str(error)) from error
        self.lines: list[str] = []
        self.forks = ForkServer(walls=False)
        self.passed: dict[tuple[str, str | None], set[tuple[str, str]]] = {}
        self._modules: dict[str, Module] = {}
        self._session: Session | None = None
        self._reference: Reference | None = None

    # -- which module, which file ----------------------------------------------------------------------------------
    def module_of(self, item: pytest.Item | pytest.Function) -> Module | None:
        """The module that a test belongs to; None if it is not a check of the course."""
        path, root = item.path, self.course.root
        places = (root / "exercises", root / "grader" / "hidden")
        slug = next((path.relative_to(place).parts[0] for place in places if path.is_relative_to(place)), None)
        if slug is None:
            return None
        if slug not in self._modules:
            try:
                self._modules[slug] = self.course.module(slug)
            except CourseError as error:
                raise pytest.Collector.CollectError(str(error)) from error
        return self._modules[slug]

    def subject(self, module: Module) -> Path:
        """The file that is judged."""
        if given := self.config.getoption("subject", default=None):
            return Path(given)
        return module.solution if self.config.getoption("solutions", default=False) else module.stub

    def submission(self, module: Module) -> Submission:
        """The file that is judged, as far as reading goes."""
        try:
            data, sha256 = read(self.subject(module))
        except CourseError as error:
            raise pytest.UsageError(str(error)) from error
        return examine(module, data, sha256)

    def session(self, module: Module) -> Session:
        """The children of the module's subject; those of the module before are ended."""
        if self._session is None or self._session.module is not module:
            self.end()
            self._session = Session(module, self.submission(module), self.forks, LIMITS)
            self._reference = Reference(module, self.forks)
        return self._session

    def has_terminal(self) -> bool:
        """Whether the standard input is a terminal: pytest hides it from the tests while it captures."""
        capture = self.config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture(in_=True)
        try:
            return sys.__stdin__ is not None and sys.__stdin__.isatty()
        finally:
            if capture is not None:
                capture.resume_global_capture()

    def end(self) -> None:
        """End the children that run."""
        if self._session is not None:
            self._session.settle()
            self._session.close()
            self._session = None
        if self._reference is not None:
            self._reference.close()
            self._reference = None

    # -- before the checks -----------------------------------------------------------------------------------------
    def pytest_collect_file(self, file_path: Path) -> None:
        """Let a learner's own tests import the learner's file."""
        if file_path.name == OWN_TESTS and file_path.parent.parent == self.course.root / "exercises":
            sys.path.insert(0, str(file_path.parent))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each check on both backends."""
        if "play" in metafunc.fixturenames and self.module_of(metafunc.definition) is not None:
            only = self.config.getoption("backend", default=None)
            metafunc.parametrize("play", [only] if only else list(BACKENDS), indirect=True)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the checks of files that are not started or cannot be loaded, and say so in a line."""
        modules = {item: module for item in items if (module := self.module_of(item)) is not None}
        unfit = set()
        for slug in dict.fromkeys(module.slug for module in modules.values()):
            if line := self._unfit(self._modules[slug]):
                unfit.add(slug)
                self.lines.append(line)
        left_out = [item for item in items if item in modules and modules[item].slug in unfit]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in set(left_out)]

    def _unfit(self, module: Module) -> str | None:
        submission = self.submission(module)
        fault = submission.fault
        if fault is None and not self.config.option.collectonly:
            try:
                fault = self.session(module).load()
            except NotRun:
                return None  # each check says it
        if fault is None:
            return None
        if fault.kind == "not started":
            return next_step(module)
        return f"{module.slug}  failed  → {self.subject(module).name}: {fault.text}"

    @pytest.fixture
    def play(self, request: pytest.FixtureRequest) -> Generator[Play, None, None]:
        """What a check plays with, on one backend."""
        module = self.module_of(request.node)
        if module is None:
            raise pytest.UsageError("the fixture `play` belongs to the checks of a course")
        session = self.session(module)
        backend = request.param
        if why := session.given_up(backend):
            pytest.fail(f"not tried on {backend}: {why}", pytrace=False)
        seed = self.config.getoption("seed", default=None)
        only = None if seed is None else run_of(seed)
        key = plan_key(SELF_CHECK_KEY, session.submission.sha256, request.function.__name__)
        here = InProcessPlayer(module.name, session.submission.text, module.scene.read_text(encoding="utf-8"))
        in_process = seed is not None or self.config.getoption("usepdb")
        # Without a terminal `breakpoint()` does nothing: a debugger that reads an empty input would end the run.
        debugger = here if self.has_terminal() else None
        yield Play(here if in_process else session, backend=backend, key=key, only=only, debugger=debugger)
        session.settle()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a check as in grading; pytest runs every other test."""
        play = pyfuncitem.funcargs.get("play")
        if not isinstance(play, Play):
            return None
        carry_out(pyfuncitem.obj, play, self._reference, let_through=(pytest.exit.Exception,))
        return True

    # -- after a check ---------------------------------------------------------------------------------------------
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show a failed check as a short card: the sentence, expected and seen, seed, timeline."""
        report = yield
        if call.when == "call":
            self.count(item, report)
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, NotRun):
            report.longrepr = f"not run: {error}"
        elif isinstance(error, CheckFailed) and isinstance(item, pytest.Function):
            report.longrepr = self.card(item, error)
        return report

    def count(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Remember which public checks of the learner's own file passed, for the progress."""
        module = self.module_of(item)
        if module is None or item.path != module.public_checks or self.subject(module) != module.stub:
            return
        if self.config.getoption("seed", default=None) is not None:  # one run of many
            return
        passed = self.passed.setdefault((module.slug, self.session(module).submission.sha256), set())
        if report.passed and isinstance(item, pytest.Function):
            passed.add((item.originalname, str(item.callspec.params["play"])))

    def card(self, item: pytest.Function, failure: CheckFailed) -> str:
        """The card of one failed check."""
        module = self.module_of(item)
        rule = getattr(item.function, "rule", None)
        if module is None or not isinstance(rule, Rule):
            return str(failure)
        row = Row(
            id=item.name,
            clause=clause_id(module, rule.clause),
            aspect=rule.aspect or "",
            backend=failure.trace["backend"] if failure.trace else "",
            verdict="failed",
            message=rule.sentence,
        )
        row = failure_row(row, failure)
        lines = [text_of(*sentences(row, texts=True))]
        if row.run is not None:
            lines.append(f"     again  pytest '{item.nodeid}' --seed {word(row.run)}")
        if failure.trace is not None and failure.trace["spans"]:
            lines += ["", timeline(Trace(failure.trace))]
        if printed := self.session(module).output.splitlines()[-PRINTED:]:
            lines += ["", "your file printed, at the end:", *(f"  {clean(line)}" for line in printed)]
        return "\n".join(lines)

    # -- at the end ------------------------------------------------------------------------------------------------
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What is not started has not passed."""
        fine: Iterable[int] = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self.lines and session.exitstatus in fine:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for (slug, sha256), passed in self.passed.items():
            if said := self.note_progress(self._modules[slug], passed, sha256):
                self.lines.append(said)

    @staticmethod
    def note_progress(module: Module, passed: set[tuple[str, str]], sha256: str | None) -> str:
        """Note the progress in a module; a line if that was not possible."""
        checks = checks_of(module, "public")
        missing = [check for check in checks for backend in BACKENDS if (check.id, backend) not in passed]
        return note_stages(module, core=not any(check.core for check in missing), everything=not missing, sha256=sha256)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the lines about files that were left out."""
        if self.said or self.lines:
            terminalreporter.section("your files", "-")
        for line in [*self.said, *self.lines]:
            terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        """End what was started."""
        self.end()
        self.forks.close()
