"""The command line. Its imports are inside the function, so that Ctrl-C ends them like everything else."""

import sys
from collections.abc import Sequence

# Exit code after Ctrl-C, as in shells.
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    The exit code is 0, 1 (a simulation failed, or the output could not be written), 2 (wrong input) or 130 (stopped by
    Ctrl-C). Without `arguments` it is the program of its process, which ignores Ctrl-C while it ends.
    """
    try:
        import signal

        from sbpath.cli.process import run

        code = run(sys.argv[1:] if arguments is None else arguments)
        if arguments is None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt as stopped:
        import signal

        # Python remembers an interrupt within a text given to exec, as of a dataclass, until the next such text, and
        # would end by the signal instead of with the exit code.
        exec("")
        if arguments is None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(f"sbpath: {stopped.args[0] if stopped.args else 'stopped'}", file=sys.stderr, flush=True)
        code = INTERRUPTED
        if arguments is None:
            import atexit
            import os

            # Destructors of what a library was making complain of what is missing, or abort the process.
            atexit._run_exitfuncs()
            os._exit(code)
    return code
