"""An end to what does not come to an end, in a process that is to go on: it is interrupted, as by hand."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from typing import Any

from .files import Endless

_AGAIN = 1.0  # seconds after which it is interrupted once more, should it have caught that


class Limit:
    """``with Limit(10.0):`` raises :class:`Endless` after so many seconds; in the main thread, which alone is interrupted."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.is_over = seconds, False
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._clock.start()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._ended.set()
            while self._clock.is_alive():
                self._clock.join()
            time.sleep(0)  # an interrupt that is on its way arrives here
        except KeyboardInterrupt:
            if not self.is_over:
                raise
        if self.is_over and isinstance(error, KeyboardInterrupt):
            told = f"no result after {self.seconds:.0f} seconds: is there a loop that never ends?"
            raise Endless(told).with_traceback(trace) from None

    def _watch(self) -> None:
        wait = self.seconds
        while not self._ended.wait(wait):
            self.is_over, wait = True, _AGAIN
            _interrupt()


def _interrupt() -> None:
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):  # ends what merely sleeps, too
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
