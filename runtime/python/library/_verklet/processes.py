"""`subprocess`, `os.system`, `os.popen` and `os.waitpid` over the kernel's processes: CPython's own subprocess module runs
unmodified above a `fork_exec` that asks the kernel."""

import errno
import json
import os
import posix
import signal
import subprocess
import sys

import _verklet
from _verklet import boundary
from _verklet.display import MATPLOTLIB_BACKEND
from _verklet.patches_common import raise_errno

WNOHANG = 1
_children = set()


def install(host):
    subprocess._can_fork_exec = True
    subprocess._fork_exec = fork_exec
    subprocess._del_safe.waitpid = waitpid
    subprocess._del_safe.waitstatus_to_exitcode = waitstatus_to_exitcode
    subprocess._del_safe.WIFSTOPPED = lambda status: False
    subprocess._del_safe.WSTOPSIG = lambda status: 0
    subprocess._del_safe.WNOHANG = WNOHANG
    subprocess._del_safe.ECHILD = errno.ECHILD
    names = {
        "waitpid": waitpid,
        "wait": lambda: waitpid(-1, 0),
        "waitstatus_to_exitcode": waitstatus_to_exitcode,
        "WNOHANG": WNOHANG,
        "WIFEXITED": lambda status: status & 0x7F == 0,
        "WEXITSTATUS": lambda status: status >> 8 & 0xFF,
        "WIFSIGNALED": lambda status: status & 0x7F != 0,
        "WTERMSIG": lambda status: status & 0x7F,
        "system": system,
        "posix_spawn": posix_spawn,
        "posix_spawnp": posix_spawn,
        "fork": refuse_fork,
        "forkpty": refuse_fork,
        "execv": execv,
        "execve": execve,
    }
    for name, value in names.items():
        setattr(os, name, value)
        setattr(posix, name, value)


def refuse_fork(*args, **kwargs):
    boundary.met(boundary.Finding("python.fork", "os.fork", "the tab cannot copy a running program"))
    raise OSError(errno.ENOSYS, "fork needs a server session (python.fork)")


def fork_exec(
    args, executables, close_fds, pass_fds, cwd, env,
    p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite,
    errpipe_read, errpipe_write, restore_signals, start_new_session, process_group,
    gid, groups, uid, umask, preexec_fn,
):  # fmt: skip
    if preexec_fn is not None:
        raise RuntimeError("preexec_fn needs fork, which needs a server session (python.fork)")
    environment = dict(os.environ) if env is None else dict(split_pair(pair) for pair in env)
    if environment.get("MPLBACKEND") == MATPLOTLIB_BACKEND:
        # Ours is only here: a child on a server has its own, and a Python of the tab sets it again.
        del environment["MPLBACKEND"]
    argv = [os.fsdecode(argument) for argument in args]
    folder = os.getcwd() if cwd is None else os.path.abspath(os.fsdecode(cwd))
    request = {
        "files": [os.fsdecode(path) for path in executables],
        "argv": argv,
        "env": environment,
        "cwd": folder,
        "stdio": [p2cread if p2cread != -1 else 0, c2pwrite if c2pwrite != -1 else 1, errwrite if errwrite != -1 else 2],
        "newGroup": bool(start_new_session) or process_group == 0,
    }
    pid = errno.ENOENT * -1
    if os.path.isdir(folder):
        pid = _verklet.host.spawn(json.dumps(request))
        place = b""
    else:
        place = b"noexec:chdir"
    if pid < 0:
        os.write(errpipe_write, b"OSError:%x:%s" % (-pid, place))
        # What CPython's parent sees after a failed exec: a child that is there to be waited for.
        _children.add(-1)
        return -1
    return pid


def split_pair(pair):
    name, _, value = os.fsdecode(pair).partition("=")
    return name, value


def waitpid(pid, options):
    if pid == -1 and -1 in _children:
        _children.discard(-1)
        return -1, 255 << 8
    import select

    while True:
        answer = _verklet.host.wait(int(pid), True)
        if answer:
            found = json.loads(answer)
            if isinstance(found, int):
                raise_errno(found)
            return found["pid"], found["status"]
        if options & WNOHANG:
            return 0, 0
        # A child's end rings this process; a signal handler may raise.
        select.poll().poll(_verklet.host.pollForChildMs())


def waitstatus_to_exitcode(status):
    return -(status & 0x7F) if status & 0x7F else status >> 8 & 0xFF


def system(command):
    sys.stdout.flush()
    process = subprocess.Popen(command, shell=True)
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:
            # The child had the signal, too; its status is the answer.
            continue
    return code << 8 if code >= 0 else -code


def posix_spawn(path, argv, env, **options):
    process = subprocess.Popen(list(argv), executable=path, env=dict(env), close_fds=False)
    process.returncode = 0  # the caller waits for it, not this object
    return process.pid


def execv(path, argv):
    execve(path, argv, os.environ)


def execve(path, argv, env):
    """The kernel cannot replace a program in its worker: runs it as a child, and ends with its status."""
    process = subprocess.Popen(list(argv), executable=path, env=dict(env))
    code = process.wait()
    os._exit(code if code >= 0 else 128 - code)
