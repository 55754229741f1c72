"""All that runs beside a subject: clock, orders, threads, signals, probes, trace.

It imports the standard library, anyio and trio, and nothing else of `grader`: inside the walls there is nothing else.
"""
