"""Each promise of the sandbox, attacked from inside: the snippets run in a confined child, as a subject would."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from grader.sandbox import ForkServer, IsolationRefused, Limits, LinkClosed, LinkTimeout, describe, level, probe, view

HERE = Path(__file__).parent
SERVE = HERE / "serve_snippets.py"
KINDS = {
    "bubblewrap": ("bubblewrap", True),
    "bubblewrap-as-anyone": ("bubblewrap", False),
    "namespaces": ("namespaces", True),
    "namespaces-as-anyone": ("namespaces", False),
}
MIB = 1 << 20
SOON_S = 10


def server_of(kind, **limits):
    wanted, as_root = KINDS[kind]
    if reason := probe._why_not(wanted):
        pytest.skip(f"no level {wanted} here: {reason}")
    return ForkServer(wanted, serve=SERVE, as_root=as_root, limits=Limits(**limits))


@pytest.fixture(scope="module", params=KINDS)
def server(request):
    with server_of(request.param) as server:
        yield server


@pytest.fixture
def child(server):
    with server.child() as child:
        yield child


@pytest.fixture(scope="module")
def tight():
    """A server with small limits, for bombs."""
    with server_of("bubblewrap", memory=300 * MIB, cpu_s=1, line=64 * 1024, total=MIB) as server:
        yield server


@pytest.fixture(scope="module")
def small():
    """A server with little memory and time enough to fill it on a busy machine."""
    with server_of("bubblewrap", memory=300 * MIB, cpu_s=20, line=64 * 1024, total=MIB) as server:
        yield server


@pytest.fixture(scope="module")
def plain():
    with ForkServer(walls=False, serve=SERVE) as server:
        yield server


def start(child, code):
    child.send({"op": "run", "code": textwrap.dedent(code)})


def run(child, code, seconds=SOON_S):
    start(child, code)
    return child.receive(time.monotonic() + seconds)["r"]


def how(child, code, seconds=SOON_S):
    start(child, code)
    with pytest.raises(LinkClosed) as closed:
        child.receive(time.monotonic() + seconds)
    return closed.value.how


def consume(child):
    while True:
        child.receive(time.monotonic() + SOON_S)


def exists(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def ended_within(seconds, process):
    """Gone, or dead and left to the machine's first process to be waited for: it takes its time."""
    file = Path(f"/proc/{process}/stat")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = file.read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.005)
    return False


# What can be seen


def test_only_interpreter_packages_and_worker_are_visible(child):
    seen = run(
        child,
        """
        import os
        r = []
        for folder, folders, files in os.walk("/", onerror=lambda e: r.append(str(e))):
            r += [os.path.join(folder, name) for name in files]
        """,
    )
    allowed = [mount.target for mount in view.mounts()]
    assert seen
    assert [path for path in seen if not any(path == one or path.startswith(one + "/") for one in allowed)] == []


def test_nothing_of_the_course_is_visible(child):
    """With a positive control: the same search finds the worker."""
    found = run(
        child,
        """
        import os
        r = sorted(
            name
            for folder, folders, files in os.walk("/")
            for name in folders + files
            if name in ("hidden", "solutions", "exercises", "grader", "judge.py", "site-packages", "fork_server.py")
            and not os.path.join(folder, name).endswith("/dist-packages")
            and (name != "site-packages" or os.listdir(os.path.join(folder, name)))
        )
        """,
    )
    assert found == ["fork_server.py"]


OUTSIDE = [
    str(HERE),
    str(Path.home() / ".bashrc"),
    "/home",
    "/etc/passwd",
    "/proc",
    "/sys",
    "/proc/self/mem",
    "/dev/pts",
    "/dev/shm",
]


def test_paths_outside_are_not_there(child):
    assert run(child, f"import os; r = [path for path in {OUTSIDE!r} if os.path.lexists(path)]") == []


def test_nothing_else_of_the_engine_can_be_imported(child):
    assert run(child, "import grader_worker; r = 'found'") == "found"
    assert "ModuleNotFoundError" in run(child, "import grader")
    assert "ModuleNotFoundError" in run(child, "import pytest")


def test_environment_is_empty(child):
    assert run(child, "import os; r = [dict(os.environ), os.listdir('.'), os.getcwd()]") == [{}, [], "/tmp"]


def test_modules_that_learners_use_can_be_imported(child):
    assert run(child, "import ssl, decimal, sqlite3, ctypes, lzma, hashlib, zoneinfo, multiprocessing; r = 1") == 1


# What can be written


def test_writing_outside_is_impossible(child):
    for folder in ("", "/dev", "/checkpoint", "/checkpoint/worker", "/checkpoint/packages/anyio", "STDLIB"):
        said = run(child, f"import os; open({folder!r}.replace('STDLIB', os.path.dirname(os.__file__)) + '/x.py', 'w')")
        assert "Read-only file system" in said or "Permission denied" in said, folder


def test_each_child_has_a_temporary_folder_of_its_own(server, child):
    code = "import os, tempfile; open(tempfile.mkdtemp() + '/a', 'w').write('secret'); r = sorted(os.listdir('/tmp'))"
    assert len(run(child, code)) == 1
    with server.child() as neighbour:
        assert len(run(neighbour, code)) == 1


def test_disk_bomb_stops(child):
    said = run(
        child,
        """
        for number in range(100):
            with open(f"/tmp/{number}", "wb") as file:
                file.write(bytes(4 << 20))
        """,
    )
    assert "No space left" in said
    assert "File too large" in run(child, "import os; os.unlink('/tmp/0'); open('/tmp/b', 'wb').truncate(1 << 40)")


def test_bomb_of_empty_files_stops(child):
    said = run(child, "import os\nfor n in range(100_000): os.close(os.open(f'/tmp/{n}', os.O_CREAT))")
    assert "No space left" in said


# What can be called


REACHING_OUT = {
    "network": "import socket; socket.socket()",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "netlink": "import socket; socket.socketpair(socket.AF_NETLINK)",
    "fork": "import os; os.fork()",
    "vfork and exec": "import subprocess; subprocess.run(['/bin/true'])",
    "exec": "import os, sys; os.execv(sys.executable, ['python'])",
    "spawn": "import os, sys; os.posix_spawn(sys.executable, ['python'], {})",
    "forkpty": "import os; os.forkpty()",
    "chroot": "import os; os.chroot('/tmp')",
    "priority of all": "import os; os.setpriority(os.PRIO_USER, 0, 19)",
    "other user": "import os; os.setuid(0)",
    "limits of another": "import resource; resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))",
    "raised limit": "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))",
    "pidfd": "import os; os.pidfd_open(1)",
    "memfd": "import os; os.memfd_create('x')",
    "device node": "import os, stat; os.mknod('/tmp/d', stat.S_IFBLK | 0o600, os.makedev(254, 0))",
}


def test_reaching_out_is_refused(child):
    for code in REACHING_OUT.values():
        assert str(run(child, code)).startswith(("PermissionError", "OSError", "ValueError", "FileNotFoundError")), code


def test_raw_system_calls_are_refused(child):
    """Numbers of x86_64; the rest of the list is by name in syscalls.py."""
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")
    calls = {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165, "umount2": 166, "pivot_root": 155,
        "unshare": 272, "setns": 308, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425,
        "keyctl": 250, "add_key": 248, "shmget": 29, "msgget": 68, "mq_open": 240, "open_by_handle_at": 304, "seccomp": 317,
        "init_module": 175, "reboot": 169, "personality": 135, "fork": 57, "vfork": 58, "pidfd_getfd": 438, "mount_setattr": 442,
        "process_madvise": 440, "sched_setaffinity": 203, "acct": 163, "swapon": 167, "kexec_load": 246, "landlock": 444,
    }  # fmt: skip
    code = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        r = {{}}
        for name, number in {calls!r}.items():
            result = libc.syscall(number, 0, 0, 0, 0, 0)
            r[name] = (result, ctypes.get_errno())
        r["clone3"] = (libc.syscall(435, 0, 0), ctypes.get_errno())
        r["clone"] = (libc.syscall(56, 17, 0, 0, 0, 0), ctypes.get_errno())
        r["clone into a namespace"] = (libc.syscall(56, 0x10010000, 0, 0, 0, 0), ctypes.get_errno())
        r["x32"] = (libc.syscall(0x40000000 + 57, 0), ctypes.get_errno())
        r["young"] = (libc.syscall(9999, 0), ctypes.get_errno())
        r["no new privileges"] = libc.prctl(39, 0, 0, 0, 0)
    """
    found = run(child, code)
    enosys = {name for name, result in found.items() if result == [-1, 38]}
    eperm = {name for name, result in found.items() if result == [-1, 1]}
    assert enosys == {"clone3", "young"}
    assert set(found) - enosys - eperm == {"no new privileges"}


def test_no_capabilities_and_a_filter(child):
    lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert Path(f"/proc/{child.pid}/oom_score_adj").read_text() == "1000\n"


def test_root_gives_each_child_a_user_of_its_own():
    with server_of("bubblewrap") as server, server.child() as one, server.child() as other:
        if os.geteuid() != 0 or probe.spare_users() is None:
            pytest.skip("needs root with user ids to spare")
        users = {Path(f"/proc/{child.pid}").stat().st_uid for child in (one, other)}
        assert len(users) == 2
        assert min(users) > 65535


def test_own_descriptors_only(child):
    """Standard ones and the line to the judge; nothing the fork server or the judge had open."""
    code = """
        import os, stat
        r = []
        for number in range(4096):
            try:
                mode = os.fstat(number).st_mode
            except OSError:
                continue
            r.append([number, stat.S_ISFIFO(mode) or os.ttyname is None])
    """
    assert run(child, code) == [[0, False], [1, True], [2, True], [253, True], [254, True]]


def test_killing_the_keeper_the_server_or_all_is_impossible(child):
    code = """
        import os, signal
        r = [os.getpid(), os.getppid()]
        for process in (1, 0x7fff, -1):
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
                try:
                    os.kill(process, number)
                except ProcessLookupError:
                    pass
    """
    assert run(child, code) == [2, 1]
    assert run(child, "r = 'alive'") == "alive"


# What must work


def test_threads_signals_timers_and_both_backends_work(child):
    code = """
        import signal, time, anyio
        got = []
        signal.signal(signal.SIGUSR1, lambda *_: got.append("usr1"))
        signal.raise_signal(signal.SIGUSR1)
        signal.signal(signal.SIGALRM, lambda *_: got.append("alarm"))
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        signal.pause()

        async def main():
            with anyio.open_signal_receiver(signal.SIGTERM) as received:
                signal.raise_signal(signal.SIGTERM)
                async for number in received:
                    got.append(number.name)
                    break
            async with await anyio.open_file("/tmp/text", "w") as file:
                await file.write("x")
            async with anyio.create_task_group() as group:
                for _ in range(30):
                    group.start_soon(anyio.to_thread.run_sync, time.sleep, 0.001)

        for backend in ("asyncio", "trio"):
            anyio.run(main, backend=backend)
        r = got
    """
    assert run(child, code) == ["usr1", "alarm", "SIGTERM", "SIGTERM"]


def test_sets_have_the_same_order_in_each_server(child):
    assert run(child, "r = hash('checkpoint')") == int(
        subprocess.check_output(
            [sys.executable, "-c", "print(hash('checkpoint'))"], env={"PYTHONHASHSEED": "0"}, text=True
        )
    )


def test_prints_are_kept_from_the_end_and_never_reach_ours(child, capfd):
    run(child, "import os, sys; print('a' * 200_000); sys.stderr.write('é\\n'); os.write(1, b'raw\\n')")
    assert child.output.endswith("é\nraw\n")
    assert len(child.output.encode()) == 64 * 1024
    assert capfd.readouterr() == ("", "")


def test_the_line_survives_a_subject_that_patches_everything(child):
    code = """
        import builtins, json, json.encoder, os, select, signal, sys
        def broken(*_, **__): raise RuntimeError("patched")
        json.dumps = json.loads = json.encoder.JSONEncoder.iterencode = json.JSONEncoder.encode = broken
        json.decoder.JSONDecoder.decode = json.decoder.JSONDecoder.raw_decode = broken
        os.write = os.read = select.poll = signal.pthread_sigmask = broken
        sys.stdout = sys.stderr = None
        builtins.isinstance = builtins.bytes = builtins.bytearray = builtins.dict = broken
        r = [1.5, "é\\u2028", None, {"a": True}]
    """
    assert run(child, code) == [1.5, "é\u2028", None, {"a": True}]
    assert run(child, "r = 2") == 2


def test_poll_tells_of_a_waiting_message(child):
    start(child, "import time\nr = channel.poll()\nwhile not channel.poll(): time.sleep(0.001)")
    start(child, "r = 'second'")
    answers = [child.receive(time.monotonic() + SOON_S)["r"] for _ in range(2)]
    assert answers[1] == "second"


# How it ends


ENDINGS = {
    "import os; os._exit(3)": "exited with 3",
    "raise SystemExit(4)": "exited with 4",
    "raise SystemExit('text')": "exited with 1",
    "raise KeyboardInterrupt": "exited with 70",
    "import ctypes; ctypes.string_at(0)": "was killed by signal 11 (segmentation fault)",
    "import os; os.abort()": "was killed by signal 6 (aborted)",
    "import os; os.kill(os.getpid(), 9)": "was killed by signal 9 (killed)",
    "import os; os.kill(os.getpid(), 15)": "was killed by signal 15 (terminated)",
}


@pytest.mark.parametrize("code", ENDINGS)
def test_ending_is_told_truly(tight, code):
    with tight.child() as child:
        assert how(child, code) == ENDINGS[code]


@pytest.mark.parametrize("code", ENDINGS)
def test_ending_is_told_truly_without_walls(plain, code):
    with plain.child() as child:
        assert how(child, code) == ENDINGS[code]


def test_crash_says_where(server):
    with server.child() as child:
        how(child, "import ctypes\n\n\nctypes.string_at(0)")
        assert 'File "snippet.py", line 4' in child.output


def test_quit_ends_without_waiting_for_threads_and_atexit(server):
    with server.child() as child:
        run(
            child,
            """
            import atexit, threading, time
            atexit.register(time.sleep, 1000)
            threading.Thread(target=time.sleep, args=(1000,)).start()
            """,
        )
        child.send({"op": "quit"})
        with pytest.raises(LinkClosed, match="exited with 0"):
            child.receive(time.monotonic() + SOON_S)


def test_memory_bomb_meets_memory_error(small):
    with small.child() as child:
        assert "MemoryError" in run(child, "x = bytearray(1 << 30)")
        assert "Cannot allocate memory" in run(child, "import mmap; x = mmap.mmap(-1, 1 << 30)")


def test_out_of_memory_is_told(small):
    with small.child() as child:
        code = "import sys\nclass Out(BaseException): pass\ndef send(o): raise MemoryError\n"
        code += "import grader_worker.process.channel as c\nc.Channel.send = lambda *a: [bytearray(1 << 20) for _ in range(400)]"
        assert how(child, code) == "ran out of memory"


def test_thread_bomb_stops(server):
    with server.child() as child:
        said = run(
            child,
            """
            import threading, time
            threading.stack_size(64 * 1024)
            r = 0
            while r < 200:
                try:
                    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
                except RuntimeError:
                    break
                r += 1
            """,
        )
    root_for_the_kernel = not server._as_root and os.geteuid() == 0  # real user id 0 knows no limit on processes
    assert said <= 100 or root_for_the_kernel


def test_endless_loop_in_c_is_seen_and_killed(child):
    start(child, "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); 9**9**9")
    with pytest.raises(LinkTimeout) as late:
        child.receive(time.monotonic() + 0.2)
    assert late.value.cpu_seconds > 0.02
    child.close()
    assert not exists(child.pid)


def test_stopped_child_is_killed(child):
    start(child, "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    with pytest.raises(LinkTimeout):
        child.receive(time.monotonic() + 0.05)
    child.close()
    assert not exists(child.pid)


def test_waiting_child_uses_no_processor_time(child):
    start(child, "import time; time.sleep(1000)")
    with pytest.raises(LinkTimeout) as late:
        child.receive(time.monotonic() + 0.1)
    assert late.value.cpu_seconds < 0.05


IGNORE = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"


@pytest.mark.parametrize("first", ["", pytest.param(IGNORE, marks=pytest.mark.slow, id="ignored")])
def test_processor_time_is_limited(tight, first):
    with tight.child() as child:
        assert how(child, first + "while True: pass", 60) == "used up its processor time"
        assert child.cpu_seconds() > 0.1  # the last look before it died


FLOODS = {
    "channel.send({'r': 'x' * 100_000})": "wrote too much",
    "import os\nwhile True: os.write(channel.writing, b'x' * 4096)": "wrote too much",
    "while True: channel.send({'r': 'x' * 1000})": "wrote too much",
    "while True: print('x' * 1000)": "wrote too much",
    "import os\nos.write(channel.writing, b'{\\n')": "wrote something that is not a message",
    "import os\nos.write(channel.writing, b'[' * 60000 + b'\\n')": "wrote something that is not a message",
    "import os\nos.write(channel.writing, b'\\xff\\n')": "wrote something that is not a message",
    "import os\nos.write(channel.writing, b'[1]\\n')": "wrote something that is not a message",
}


@pytest.mark.parametrize("code", FLOODS)
def test_flood_and_rubbish_close_the_line(tight, code):
    with tight.child() as child:
        start(child, code)
        with pytest.raises(LinkClosed) as closed:
            consume(child)
        assert closed.value.how == FLOODS[code]
        assert not exists(child.pid)


def test_half_a_character_becomes_a_question_mark(child):
    assert run(child, "r = 'a\\ud800b\\U0001f600'") == "a?b\U0001f600"


def test_closing_its_line_is_told(plain):
    with plain.child() as child:
        assert (
            how(child, "import os, time\nos.close(channel.writing)\ntime.sleep(1000)") == "closed its end of the line"
        )


def test_sending_to_a_child_that_never_reads_does_not_block(child):
    start(child, "import time; time.sleep(1000)")
    child.send({"op": "run", "code": "#" * (4 * MIB)})
    with pytest.raises(LinkTimeout):
        child.receive(time.monotonic() + 0.05)


def test_long_message_arrives_whole(child):
    assert run(child, f"r = {'x' * MIB!r}") == "x" * MIB


# What is left


def test_close_leaves_nothing(server):
    child = server.child()
    run(child, "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(99,)).start()")
    assert exists(child.pid)
    child.close()
    child.close()
    assert not exists(child.pid)
    with pytest.raises(LinkClosed, match="was closed"):
        child.send({"op": "quit"})


def test_many_children_at_once_are_independent(server):
    children = [server.child() for _ in range(4)]
    for number, child in enumerate(children):
        start(child, f"r = {number}")
    children[1].close()
    assert [child.receive(time.monotonic() + SOON_S)["r"] for child in children if child.pid != children[1].pid] == [
        0,
        2,
        3,
    ]
    for child in children:
        child.close()
    assert not any(exists(child.pid) for child in children)


def test_closing_the_server_ends_its_children():
    with server_of("bubblewrap") as server:
        child = server.child()
        start(child, "import time; time.sleep(1000)")
    assert not exists(child.pid)
    child.close()


JUDGE = f"""
import sys, time
from pathlib import Path
from grader.sandbox import ForkServer
level, walls = sys.argv[1], sys.argv[2] == "walls"
server = ForkServer(level, walls=walls, serve=Path({str(SERVE)!r}))
child = server.child()
child.send({{"op": "run", "code": "import signal\\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\\n9**9**9"}})
print(child.pid, server._running._process.pid, server._running._temporary, flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("how_to_start", ["bubblewrap walls", "namespaces walls", "none plain"])
def test_killed_judge_leaves_no_process(how_to_start):
    wanted = how_to_start.split()[0]
    if wanted != "none" and (reason := probe._why_not(wanted)):
        pytest.skip(reason)
    judge = subprocess.Popen(
        [sys.executable, "-c", JUDGE, *how_to_start.split()], stdout=subprocess.PIPE, text=True, cwd=HERE.parent
    )
    *processes, temporary = judge.stdout.readline().split()
    processes = [int(process) for process in processes]
    judge.stdout.close()
    assert all(map(exists, processes))
    judge.kill()
    judge.wait()
    assert all(ended_within(SOON_S, process) for process in processes)
    assert not Path(temporary).exists()


def test_server_that_died_is_started_again():
    with server_of("bubblewrap") as server:
        with server.child() as child:
            assert run(child, "r = 1") == 1
        server._running._process.kill()
        server._running._process.wait(10)
        with server.child() as child:
            assert run(child, "r = 2") == 2


def test_child_of_a_killed_server_is_told(server):
    fresh = ForkServer(server.level, serve=SERVE)
    with fresh, fresh.child() as child:
        run(child, "r = 1")
        fresh._running._process.send_signal(signal.SIGKILL)
        with pytest.raises(LinkClosed, match="was killed from outside"):
            child.receive(time.monotonic() + SOON_S)


# Levels


def test_self_check_needs_no_walls_but_sees_the_same_packages(plain):
    assert plain.level == "none"
    with plain.child() as child:
        assert run(child, "import anyio, grader_worker, os; r = dict(os.environ).keys() == {'TMPDIR'}") is True
        assert "ModuleNotFoundError" in run(child, "import grader")
        assert "ModuleNotFoundError" in run(child, "import pytest")
        folder = run(child, "import tempfile; r = tempfile.gettempdir()")
        assert Path(folder).is_dir()


def test_no_level_is_refused_with_one_line(monkeypatch):
    monkeypatch.setattr(probe, "level", lambda: "none")
    with pytest.raises(IsolationRefused, match="--unsafe-no-sandbox") as refused, ForkServer() as server:
        server.child()
    assert "\n" not in str(refused.value)


def test_broken_walls_are_refused_with_one_line(tmp_path, monkeypatch):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(IsolationRefused, match="No permissions") as refused, ForkServer("bubblewrap") as server:
        server.child()
    assert "\n" not in str(refused.value)


def test_doctor_lines():
    lines = describe()
    assert {name: there for name, there, _ in lines}["isolation level"] == (level() != "none")
    assert all(text and "\n" not in text for _, _, text in lines)
