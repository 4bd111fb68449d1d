"""Run one command and write down what it used: python -I -S launcher.py REPORT COMMAND...

This is a separate process, because the kernel never reports a peak memory below what the parent held at the fork,
and this parent holds next to nothing. It imports only a few modules of the standard library.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    report, *command = sys.argv[1:]
    started_s = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):  # ending this process ends the command
        signal.signal(number, lambda number, frame: os.kill(pid, number))
    while True:
        try:
            _, status, usage = os.wait4(pid, 0)
            break
        except InterruptedError:
            continue
    figures = {
        "started_s": started_s,
        "ended_s": time.monotonic(),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would be most of this process
        json.dump(figures, file)


if __name__ == "__main__":
    main()
