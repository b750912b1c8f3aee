"""Becomes one PostgreSQL program that ends when the process that wanted it ends.

Run as `python -I -S embedded_child.py PARENT UID GID GUARD PROGRAM ARGUMENTS…`, never imported by the service: what a
child has to do between fork and exec is not safe to do in a process with threads, so it happens in one without.
UID and GID are `-` to stay who we are; GUARD is 1 where the kernel does not report a parent's death.
"""

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1


def drop_privileges(uid: int, gid: int) -> None:
    """PostgreSQL refuses to run as root."""
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def guard(parent: int, command: list[str]) -> None:
    """Stay as the program's parent, hand signals on to it, and end it once our own parent has gone.

    Only a child not yet waited for is ever signalled, so its number cannot have passed to another process.
    """
    program = os.fork()
    if program == 0:
        os.execv(command[0], command)  # noqa: S606
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: os.kill(program, received))
    while True:
        ended, status = os.waitpid(program, os.WNOHANG)
        if ended:
            sys.exit(abs(os.waitstatus_to_exitcode(status)))
        if os.getppid() != parent:
            os.kill(program, signal.SIGINT)
        time.sleep(0.1)


def main(parent: str, uid: str, gid: str, guarded: str, *command: str) -> None:
    # Loaded first: afterwards the interpreter's own files may be out of reach.
    libc = ctypes.CDLL(None, use_errno=True)
    if uid != "-":
        drop_privileges(int(uid), int(gid))
    os.umask(0o077)
    os.chdir("/")
    # After the change of user, which would clear it; before the check, so that no death falls between the two.
    if guarded != "1" and libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):
        sys.exit("the process that wanted this program has ended")
    if guarded == "1":
        guard(int(parent), list(command))
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
