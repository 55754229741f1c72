"""The system calls that a confined child may make, as a seccomp filter written by hand.

A list of what is allowed: what is not on it fails with "Operation not permitted", and what the list is too young to
know with "Function not implemented", so that the C library falls back to older ways. Not on it are, among others,
fork and exec, ptrace, mount, namespaces, sockets that reach beyond a pair, keys, bpf, io_uring, memfd and userfaultfd.
"""

from __future__ import annotations

import platform
import struct
from functools import cache

# name=number on x86_64,number on aarch64 ("-": that machine has no such call)
_ALLOWED = """
# files and folders
read=0,63 write=1,64 readv=19,65 writev=20,66 pread64=17,67 pwrite64=18,68 preadv=295,69 pwritev=296,70
preadv2=327,286 pwritev2=328,287 open=2,- openat=257,56 creat=85,- close=3,57 close_range=436,436 lseek=8,62
stat=4,- fstat=5,80 lstat=6,- newfstatat=262,79 statx=332,291 access=21,- faccessat=269,48 faccessat2=439,439
dup=32,23 dup2=33,- dup3=292,24 fcntl=72,25 flock=73,32 fsync=74,82 fdatasync=75,83 truncate=76,45 ftruncate=77,46
fallocate=285,47 fadvise64=221,223 readahead=187,213 getdents=78,- getdents64=217,61 getcwd=79,17 chdir=80,49
fchdir=81,50 rename=82,- renameat=264,38 renameat2=316,276 mkdir=83,- mkdirat=258,34 rmdir=84,- link=86,-
linkat=265,37 unlink=87,- unlinkat=263,35 symlink=88,- symlinkat=266,36 readlink=89,- readlinkat=267,78 chmod=90,-
fchmod=91,52 fchmodat=268,53 fchmodat2=452,452 umask=95,166 utime=132,- utimes=235,- utimensat=280,88
futimesat=261,- statfs=137,43 fstatfs=138,44 mknod=133,- mknodat=259,33 sendfile=40,71 copy_file_range=326,285
getxattr=191,8 lgetxattr=192,9 fgetxattr=193,10 listxattr=194,11 llistxattr=195,12 flistxattr=196,13
# waiting
poll=7,- ppoll=271,73 select=23,- pselect6=270,72 epoll_create=213,- epoll_create1=291,20 epoll_ctl=233,21
epoll_wait=232,- epoll_pwait=281,22 epoll_pwait2=441,441 pipe=22,- pipe2=293,59 eventfd=284,- eventfd2=290,19
signalfd=282,- signalfd4=289,74 timerfd_create=283,85 timerfd_settime=286,86 timerfd_gettime=287,87
# talking over a pair of sockets
sendto=44,206 recvfrom=45,207 sendmsg=46,211 recvmsg=47,212 sendmmsg=307,269 recvmmsg=299,243 shutdown=48,210
getsockname=51,204 getpeername=52,205 setsockopt=54,208 getsockopt=55,209
# memory
mmap=9,222 mprotect=10,226 munmap=11,215 mremap=25,216 msync=26,227 mincore=27,232 madvise=28,233 brk=12,214
# signals and timers
rt_sigaction=13,134 rt_sigprocmask=14,135 rt_sigreturn=15,139 rt_sigpending=127,136 rt_sigtimedwait=128,137
rt_sigsuspend=130,133 sigaltstack=131,132 pause=34,- kill=62,129 tkill=200,130 tgkill=234,131 alarm=37,-
getitimer=36,102 setitimer=38,103 timer_create=222,107 timer_settime=223,110 timer_gettime=224,108
timer_getoverrun=225,109 timer_delete=226,111 restart_syscall=219,128
# time
nanosleep=35,101 clock_nanosleep=230,115 clock_gettime=228,113 clock_getres=229,114 gettimeofday=96,169 time=201,-
times=100,153
# itself and its threads
exit=60,93 exit_group=231,94 wait4=61,260 waitid=247,95 futex=202,98 set_robust_list=273,99 set_tid_address=218,96
rseq=334,293 membarrier=324,283 sched_yield=24,124 sched_getaffinity=204,123 sched_getparam=143,121
sched_getscheduler=145,120 sched_get_priority_max=146,125 sched_get_priority_min=147,126 getcpu=309,168
getpid=39,172 gettid=186,178 getppid=110,173 getpgrp=111,- getpgid=121,155 getsid=124,156 getuid=102,174
getgid=104,176 geteuid=107,175 getegid=108,177 getresuid=118,148 getresgid=120,150 getgroups=115,158
getpriority=140,141 getrlimit=97,163 setrlimit=160,164 getrusage=98,165 sysinfo=99,179 uname=63,160
getrandom=318,278 arch_prctl=158,-
"""
_NEWEST = 462  # calls above this number are younger than the list

_ARCH = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # place in the table, AUDIT_ARCH_*
_CLONE, _CLONE3, _IOCTL, _PRCTL, _PRLIMIT, _SOCKETPAIR = (
    (56, 220), (435, 435), (16, 29), (157, 167), (302, 261), (53, 199),
)  # fmt: skip
_THREAD = 0x00010000
_NEW_NAMESPACE = 0x7E020080  # CLONE_NEW*
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_PRCTLS = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA
_AF_UNIX = 1

_ALLOW, _EPERM, _ENOSYS, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_LOAD, _EQUAL, _GREATER, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data; little-endian: low half first

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def is_supported() -> bool:
    """Tell whether the table knows this machine."""
    return platform.machine() in _ARCH


def numbers(column: int) -> list[int]:
    """Return the allowed call numbers of one machine, sorted."""
    found = []
    for line in _ALLOWED.splitlines():
        if line.startswith("#"):
            continue
        for entry in line.split():
            number = entry.partition("=")[2].split(",")[column]
            if number != "-":
                found.append(int(number))
    return sorted(found)


def _spans(sorted_numbers: list[int]) -> list[tuple[int, int]]:
    """Join neighbours: [0, 1, 2, 5] becomes [(0, 2), (5, 5)]."""
    spans: list[tuple[int, int]] = []
    for number in sorted_numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


def _only_if(call: int, argument: int, values: tuple[int, ...]) -> list[Instruction]:
    """Allow a call only with one of these values as the given argument. The argument is a C int: its low half counts."""
    body: list[Instruction] = [(_LOAD, 0, 0, _ARGUMENT + 8 * argument)]
    for value in values:
        body += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    body.append((_RETURN, 0, 0, _EPERM))
    return [(_EQUAL, 0, len(body), call), *body]


def _clone(call: int) -> list[Instruction]:
    """Allow clone for threads alone: no process, no namespace."""
    return [
        (_EQUAL, 0, 5, call),
        (_LOAD, 0, 0, _ARGUMENT),
        (_ANY_BIT, 2, 0, _NEW_NAMESPACE),
        (_ANY_BIT, 0, 1, _THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]


def clone_number() -> int:
    """Return the number of `clone` on this machine."""
    return _CLONE[_ARCH[platform.machine()][0]]


@cache
def program(machine: str | None = None) -> bytes:
    """Return the filter as an array of struct sock_filter.

    Args:
        machine: as `platform.machine()` names it; this one if None.

    Raises:
        OSError: there is no table for this machine.
    """
    name = machine or platform.machine()
    if name not in _ARCH:
        raise OSError(f"no table of system calls for {name}")
    column, audit = _ARCH[name]
    code: list[Instruction] = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, 0x40000000),  # the x32 numbers of x86_64
        (_RETURN, 0, 0, _EPERM),
    ]
    for low, high in _spans(numbers(column)):
        code += [(_AT_LEAST, 0, 2, low), (_GREATER, 1, 0, high), (_RETURN, 0, 0, _ALLOW)]
    code += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ENOSYS)]  # else the C library would not try clone
    code += _clone(_CLONE[column])
    code += _only_if(_IOCTL[column], 1, _IOCTLS)
    code += _only_if(_PRCTL[column], 0, _PRCTLS)
    code += _only_if(_PRLIMIT[column], 0, (0,))
    code += _only_if(_SOCKETPAIR[column], 0, (_AF_UNIX,))
    code += [(_GREATER, 0, 1, _NEWEST), (_RETURN, 0, 0, _ENOSYS), (_RETURN, 0, 0, _EPERM)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)
