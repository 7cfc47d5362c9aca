"""The `lstmgen` program, and `python -m lstmgen`."""

import os
import signal


def main() -> None:
    """Loads the command line and runs it; until it is loaded, Ctrl-C ends the process at once, for there is nothing to lose or to say."""
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    except KeyboardInterrupt:
        os._exit(130)
    from lstmgen.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
