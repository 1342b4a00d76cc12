"""Run a command in a process of its own and print its time and memory as JSON.

    python launch.py command...

The peak memory of a process includes that of the program it was before: started from a large
one, the smallest command would seem as large. This one loads next to nothing.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Print seconds to the end, of the processor, and to the first word on standard error (or null),
    peak bytes, and that standard error; leave as the command did.
    """
    begin = time.perf_counter()
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        word = process.stderr.read(1)
        first_word = time.perf_counter() - begin if word else None
        said = word + process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    # Kilobytes but on macOS.
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    told = {
        "seconds": seconds,
        "processor": usage.ru_utime + usage.ru_stime,
        "first_word": first_word,
        "memory": memory,
        "said": said.decode(),
    }
    print(json.dumps(told))
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
