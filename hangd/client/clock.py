"""Times of a film, as people read them."""


def clock(seconds: float, *, hours: bool | None = None) -> str:
    """Return a time as "1:02:03" or "1:23".

    Args:
        hours: whether there are hours in it: "0:01:23", "62:03". None: if there are any.
    """
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    if hours or (hours is None and minutes >= 60):
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"{minutes}:{rest:02}"
