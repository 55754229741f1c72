"""A request loop for tests of the sandbox: runs whatever code it is sent, and answers with its `r`."""

import traceback

COUNT = 0


def serve(channel):
    while (message := channel.receive()) is not None:
        if message["op"] == "quit":
            return
        names = {"channel": channel}
        try:
            exec(compile(message["code"], "snippet.py", "exec"), names)
            channel.send({"r": names.get("r")})
        except Exception as problem:  # noqa: BLE001 - whatever the snippet raises is the answer
            channel.send({"r": f"{type(problem).__name__}: {problem}", "trace": traceback.format_exc()})
