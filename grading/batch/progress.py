"""How many are graded, how fast, how long it still takes."""


def said(done: int, todo: int, seconds: float) -> str:
    line = f"{done} of {todo} graded"
    if not done or seconds <= 0:
        return line
    left = f", {_spoken((todo - done) * seconds / done)} left" if done < todo else ""
    return f"{line}, {60 * done / seconds:.3g} a minute{left}"


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
