"""``python -m hangd``."""

from hangd.cli import main

if __name__ == "__main__":
    main()
