"""Python without waiting for its imports: python warm.py SCRIPT|-m MODULE|-c CODE [ARGUMENT ...]

A server has imported what most commands need. For each call of this script it forks a process, which takes over the
caller's arguments, folder, environment and streams. The caller lives exactly as long: it passes signals on, and ends
with the same exit code."""
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener, wait
from multiprocessing.reduction import recv_handle, send_handle

ADDRESS = "U2NET_NB_WARM"  # the environment variable that holds the path of the server's socket


def serve(address: str) -> None:
    "Fork a process for each caller, for ever. The calling process should have imported much and done nothing yet."
    listener = Listener(address, "AF_UNIX")
    while True:
        with listener.accept() as caller: forked(_attend, caller)


def forked(work: Callable, *arguments: object) -> multiprocessing.Process:
    "A fork of this process, started, that does the work and ends."
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    process.start()
    return process


def _attend(caller: Connection) -> None:
    "Start what a caller asks for, and report its process number and, in the end, its exit code."
    *what, streams = *caller.recv(), [recv_handle(caller) for _ in range(3)]
    worker = forked(_become, *what, streams)
    with suppress(OSError):  # a caller that is killed
        caller.send(worker.pid)
        if caller in wait([caller, worker.sentinel]): worker.kill()
        worker.join()
        caller.send(worker.exitcode)


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> None:
    "Run a script, a module or code in this process, as Python itself would."
    for number, stream in enumerate(streams): os.dup2(stream, number)
    sys.stdin = open(0)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    kind = arguments[0] if arguments[0] in ("-c", "-m") else ""
    sys.argv = arguments[1:] if kind else arguments
    if kind == "-c": exec(arguments[1], {"__name__": "__main__"})
    elif kind == "-m": runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else: runpy.run_path(arguments[0], run_name="__main__")


def _call(arguments: list[str]) -> int:
    "Have the server run this; returns the exit code, negative for a signal."
    with Client(os.environ[ADDRESS], "AF_UNIX") as server:
        server.send((arguments, os.getcwd(), dict(os.environ)))
        for number in range(3): send_handle(server, number, 0)
        worker = server.recv()
        for number in signal.SIGINT, signal.SIGTERM: signal.signal(number, lambda number, _: os.kill(worker, number))
        return server.recv()


if __name__ == "__main__":
    code = _call(sys.argv[1:])
    if code < 0: os.kill(os.getpid(), -code)
    sys.exit(code)
