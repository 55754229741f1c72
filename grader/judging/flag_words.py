"""Words that an exercise in anyio has no use for: what reaches for the interpreter or the engine, and why to look at it."""

from __future__ import annotations

#: Modules that an exercise in anyio has no use for, and why a file that imports one should be looked at.
MODULES = {
    "_ctypes": "reaches into the interpreter's memory",
    "_cffi_backend": "reaches into the interpreter's memory",
    "__main__": "is what starts the process",
    "bdb": "watches running code",
    "bltns": "can change what every name means",
    "builtins": "can change what every name means",
    "cProfile": "executes text as code",
    "cffi": "reaches into the interpreter's memory",
    "code": "executes text as code",
    "codeop": "executes text as code",
    "copyreg": "makes objects out of bytes",
    "ctypes": "reaches into the interpreter's memory",
    "doctest": "executes text as code",
    "dis": "reads compiled code",
    "faulthandler": "reaches into the interpreter",
    "fcntl": "works on file descriptors by number",
    "gc": "finds objects that nobody gave to the file",
    "grader": "is the engine",
    "greenlet": "switches between running code",
    "grader_worker": "is the engine",
    "imp": "loads modules by names made up at run time",
    "importlib": "loads modules by names made up at run time",
    "logging.config": "finds objects by text",
    "linecache": "reads the source of other code",
    "marshal": "makes code out of bytes",
    "idlelib": "finds objects by text",
    "mmap": "works on memory by address",
    "pdb": "watches running code",
    "profile": "executes text as code",
    "pydoc": "finds objects by text",
    "pickle": "makes objects out of bytes",
    "multiprocessing.reduction": "makes objects out of bytes",
    "pkgutil": "loads modules by names made up at run time",
    "rlcompleter": "executes text as code",
    "runpy": "executes other files",
    "shelve": "makes objects out of bytes",
    "symtable": "reads compiled code",
    "test.support": "replaces parts of other modules",
    "timeit": "executes text as code",
    "trace": "watches running code",
    "unittest.loader": "finds objects by text",
    "unittest.mock": "replaces parts of other modules",
    "xmlrpc": "finds objects by text",
    "zipimport": "loads modules by names made up at run time",
}
#: Names of modules that are useful apart from these.
PARTS = {
    "asyncio": {"eager_task_factory", "create_eager_task_factory"},
    "contextvars": {"Context", "copy_context"},
    "inspect": {
        *("getmodule", "unwrap", "findsource", "getfile", "get_annotations"),
        *("currentframe", "stack", "trace", "getouterframes", "getinnerframes", "getmembers", "getmembers_static"),
        *("getsource", "getsourcelines", "getsourcefile", "getclosurevars", "getgeneratorlocals", "getcoroutinelocals"),
        *("getattr_static", "getasyncgenlocals", "classify_class_attrs", "getargvalues"),
    },
    "operator": {"attrgetter", "methodcaller"},
    "os": {
        *("read", "write", "readv", "writev", "pread", "pwrite", "sendfile", "dup", "dup2", "close", "closerange"),
        *(
            "fdopen",
            "pipe",
            "pipe2",
            "ftruncate",
            "lseek",
            "open",
            "set_inheritable",
            "kill",
            "killpg",
            "_exit",
            "abort",
        ),
        *("fork", "forkpty", "execv", "execve", "execl", "execle", "execlp", "execvp", "execvpe", "posix_spawn"),
    },
    "string": {"Formatter"},
    "sys": {
        *("modules", "settrace", "setprofile", "gettrace", "getprofile", "meta_path", "path_hooks", "addaudithook"),
        *("setswitchinterval", "monitoring", "path_importer_cache", "displayhook", "excepthook", "unraisablehook"),
        *("set_asyncgen_hooks", "get_asyncgen_hooks", "set_coroutine_origin_tracking_depth", "call_tracing"),
        *("setrecursionlimit", "breakpointhook", "stdin", "__stdout__", "__stderr__", "__stdin__"),
    },
    "threading": {"settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads"},
    "traceback": {"walk_stack", "walk_tb", "extract_stack"},
    "trio.lowlevel": {"current_clock", "current_root_task", "add_instrument"},
    "typing": {"ForwardRef"},
    "types": {"CodeType", "FunctionType", "FrameType", "CellType", "LambdaType"},
}
#: Attributes by which code gets at what it was not given.
ATTRIBUTES = {
    **dict.fromkeys(("__closure__", "cell_contents"), "what a function keeps to itself"),
    **dict.fromkeys(("__globals__", "__builtins__", "f_globals", "f_builtins"), "another module's names"),
    **dict.fromkeys(("__code__", "co_code", "co_consts", "f_code", "gi_code", "cr_code", "ag_code"), "compiled code"),
    **dict.fromkeys(
        (*("f_back", "f_locals", "tb_frame", "gi_frame", "cr_frame", "ag_frame"), *("get_coro", "get_stack")),
        "the frames of running code",
    ),
    **dict.fromkeys(("cr_await", "gi_yieldfrom", "ag_await"), "what running code waits for"),
    **dict.fromkeys(("set_task_factory", "get_task_factory"), "how the event loop makes tasks"),
    **dict.fromkeys(("__subclasses__", "__bases__", "__base__"), "classes that the file was not given"),
    **dict.fromkeys(("__self__", "__func__", "__wrapped__"), "what stands behind a function"),
    **dict.fromkeys(("__loader__", "__spec__", "__getattribute__"), "the import system, or attributes by any name"),
    **dict.fromkeys(("native_token", "get_context"), "the event loop itself, or what a task carries along"),
    **dict.fromkeys(("__defaults__", "__kwdefaults__"), "a function's defaults"),
    **dict.fromkeys(("__reduce__", "__reduce_ex__", "__getstate__"), "what an object is made of"),
    **dict.fromkeys(
        ("__set_name__", "loadTestsFromName", "loadTestsFromNames"), "attributes by names made up at run time"
    ),
    **dict.fromkeys(("getclosurevars", "classify_class_attrs"), "what a function or class keeps to itself"),
    **dict.fromkeys(("getargvalues", "iter_await_frames", "settrace", "setprofile"), "the frames of running code"),
}
CALLS = {
    **dict.fromkeys(("exec", "eval", "compile"), "executes text as code"),
    "__import__": "loads a module by a name made up at run time",
    "globals": "reaches names by text",
    "breakpoint": "stops for a debugger",
}
BY_NAME = ("getattr", "setattr", "delattr", "hasattr")
OWN = ("self", "cls")
#: Attributes by which one module leads to another that an exercise has no use for.
WAYS = frozenset(
    {
        "bltns",
        "builtins",
        "contextvars",
        "ctypes",
        "gc",
        "importlib",
        "inspect",
        "linecache",
        "operator",
        "pickle",
        "sys",
    }
)
#: What a descriptor calls for an object of the caller's choice.
BINDS = ("__get__", "__set__", "__delete__")
#: Names of the engine's, which no other object has.
OF_ENGINE = frozenset(
    {
        *("_behind", "_control", "_probes", "_side", "_sweep_at", "_world", "_watch", "_on_cancel"),
        *("after_each_step", "between_steps", "note_call", "note_creation", "note_spawn", "note_strike", "left_by"),
        "watched_name",
    }
)
#: What may be set on any class or function without changing what it does.
LABELS = frozenset(
    {
        *("__doc__", "__name__", "__qualname__", "__module__", "__wrapped__", "__signature__", "__version__"),
        *("__cause__", "__context__", "__suppress_context__", "__traceback__", "__notes__", "__dict__", "__class__"),
    }
)
#: Names with an underscore that libraries document.
DOCUMENTED = frozenset(
    {
        *("_replace", "_asdict", "_fields", "_make", "_field_defaults"),
        *("_value_", "_name_", "_missing_", "_generate_next_value_", "_ignore_", "_order_", "_value2member_map_"),
    }
)
#: Names of such parts that other modules have too, and that mean the same there.
ANYWHERE = frozenset(
    {
        *("attrgetter", "methodcaller", "currentframe", "getmembers", "copy_context", "StrFormatter"),
        *("CodeType", "FunctionType", "FrameType", "CellType", "LambdaType"),
        "resolve_types",
        *("SIGPROF", "ITIMER_PROF", "ITIMER_REAL", "ITIMER_VIRTUAL", "setitimer", "getitimer"),
    }
)
OF_TASKS = frozenset({"context", "coro"})
"""What a task of trio's carries along."""
SHOWS = frozenset({"bool", "dir", "getattr", "hasattr", "help", "id", "isinstance", "print", "repr", "str", "type"})
"""Functions that show something of a module that they are given, and hand on none of it by a name that nobody can read."""
LOOPS = frozenset({"get_running_loop", "get_event_loop", "current_task", "current_root_task"})
"""What gives an object of the event loop's own."""
