"""The script ``hangd``, and ``python -m hangd``. Imports come after SIGINT is handled: see `hangd.interrupt`."""

import os
import sys

# Not in `main`: an interruption of an import is lost where Python is in a callback of its own, and the process goes on.
try:
    from hangd.interrupt import end_at_once
except KeyboardInterrupt:
    os._exit(130)


def main() -> None:
    """Run the process."""
    try:
        end_at_once()
        _take_names_for_utf8()
        from hangd.cli.main import main as run

        run()
    except KeyboardInterrupt:  # before SIGINT was handled, or after the event loop gave it up
        os._exit(130)


def _take_names_for_utf8() -> None:
    """Begin anew in Python's UTF-8 mode if the locale has another encoding: clients name files in UTF-8.

    Python itself does so for the locales C and POSIX. In another one it would take the bytes of names for letters of
    that encoding, and open files of other names than it was told.
    """
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


if __name__ == "__main__":
    main()
