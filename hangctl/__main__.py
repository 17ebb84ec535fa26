"""The script ``hangctl``, and ``python -m hangctl``. Imports come after SIGINT is handled: see `hangd.interrupt`."""

import os


def main() -> None:
    """Run the process."""
    try:
        from hangd.interrupt import end_at_once

        end_at_once()
        from hangctl.main import main as run

        run()
    except KeyboardInterrupt:  # while the two were imported
        os._exit(130)


if __name__ == "__main__":
    main()
