"""The script ``hangctl``, and ``python -m hangctl``. Imports come after SIGINT is handled: see `hangd.interrupt`."""

import os

# Not in `main`: an interruption of an import is lost where Python is in a callback of its own, and the process goes on.
try:
    from hangd.interrupt import end_at_once
except KeyboardInterrupt:
    os._exit(130)


def main() -> None:
    """Run the process."""
    try:
        end_at_once()
        from hangctl.main import main as run

        run()
    except KeyboardInterrupt:  # before SIGINT was handled
        os._exit(130)


if __name__ == "__main__":
    main()
