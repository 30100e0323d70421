"""A Windows Job Object: every process that one of its processes starts belongs to it, and all of them end together.

Structures and constants as in winnt.h, https://learn.microsoft.com/windows/win32/procthread/job-objects.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from ctypes import wintypes

CREATE_SUSPENDED = 0x00000004
_KILL_ON_JOB_CLOSE = 0x00002000
_BASIC_PROCESS_ID_LIST = 3
_EXTENDED_LIMIT_INFORMATION = 9
_TERMINATE, _SET_QUOTA = 0x0001, 0x0100
_MAX_PROCESSES = 1024


class BasicLimits(ctypes.Structure):
    """`JOBOBJECT_BASIC_LIMIT_INFORMATION`."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """`JOBOBJECT_EXTENDED_LIMIT_INFORMATION`; its six I/O counters are not used."""

    _fields_ = (
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class ProcessIdList(ctypes.Structure):
    """`JOBOBJECT_BASIC_PROCESS_ID_LIST` with room for 1024 processes."""

    _fields_ = (
        ("NumberOfAssignedProcesses", ctypes.c_uint32),
        ("NumberOfProcessIdsInList", ctypes.c_uint32),
        ("ProcessIdList", ctypes.c_size_t * _MAX_PROCESSES),
    )


if sys.platform == "win32":

    class Job:
        """One job. Its processes also end when this process does, however it ends: Windows closes the handle then."""

        def __init__(self) -> None:
            """Raises OSError."""
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._kernel.CreateJobObjectW.restype = wintypes.HANDLE
            self._kernel.OpenProcess.restype = wintypes.HANDLE
            for name in ("AssignProcessToJobObject", "TerminateJobObject", "CloseHandle"):
                getattr(self._kernel, name).restype = wintypes.BOOL
            self._handle: int | None = self._kernel.CreateJobObjectW(None, None)
            if not self._handle:
                raise ctypes.WinError(ctypes.get_last_error())
            limits = ExtendedLimits()
            limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
            done = self._kernel.SetInformationJobObject(
                wintypes.HANDLE(self._handle),
                _EXTENDED_LIMIT_INFORMATION,
                ctypes.byref(limits),
                ctypes.sizeof(limits),
            )
            if not done:
                error = ctypes.WinError(ctypes.get_last_error())
                self.close()
                raise error

        def take(self, process: subprocess.Popen[bytes]) -> None:
            """Take a process that has not begun to run (`CREATE_SUSPENDED`), so that nothing it starts can escape. Raises OSError."""
            handle = self._kernel.OpenProcess(_SET_QUOTA | _TERMINATE, False, process.pid)
            if not handle:
                raise ctypes.WinError(ctypes.get_last_error())
            taken = self._kernel.AssignProcessToJobObject(wintypes.HANDLE(self._handle), wintypes.HANDLE(handle))
            error = ctypes.get_last_error()
            self._kernel.CloseHandle(wintypes.HANDLE(handle))
            if not taken:
                raise ctypes.WinError(error)

        def members(self) -> list[int]:
            """Return the ids of the processes that live in the job."""
            found = ProcessIdList()
            self._kernel.QueryInformationJobObject(
                wintypes.HANDLE(self._handle), _BASIC_PROCESS_ID_LIST, ctypes.byref(found), ctypes.sizeof(found), None
            )
            return [int(found.ProcessIdList[index]) for index in range(found.NumberOfProcessIdsInList)]

        def kill(self) -> None:
            """End every process of the job."""
            self._kernel.TerminateJobObject(wintypes.HANDLE(self._handle), 1)

        def close(self) -> None:
            """Give the handle back, which ends what still runs in the job."""
            if self._handle:
                self._kernel.CloseHandle(wintypes.HANDLE(self._handle))
                self._handle = None
