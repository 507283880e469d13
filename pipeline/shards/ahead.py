"""`map` on threads, in order, some calls ahead of the consumer."""

import collections
import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Ahead(Generic[Result]):
    """Maps functions over lists, one list after another, on the same threads.

    Calls start in order, and some of them start before their results are asked
    for. As the last calls of one list end, the first of the next list start, so
    that the threads never wait for the consumer between two lists.
    """

    def __init__(self, *, depth: int, threads: int):
        """Starts nothing yet.

        Args:
          depth: calls that have started and whose results were not taken.
          threads: calls that run at once.
        """
        self._pool, self._depth = ThreadPoolExecutor(threads), depth
        self._waiting: collections.deque[Callable[[], Result]] = (
            collections.deque()
        )
        self._started: collections.deque[Future[Result]] = collections.deque()

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Waits for the calls that run, drops the others, ends the threads."""
        self._pool.shutdown(cancel_futures=True)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Queues a call for each item, behind those of the maps before.

        Returns:
          What each call returns, in order. The results of one map must be taken
          to their end before those of the next.
        """
        calls = [functools.partial(function, item) for item in items]
        self._waiting.extend(calls)
        return self._results(len(calls))

    def _results(self, count: int) -> Iterator[Result]:
        self._start()
        for _ in range(count):
            yield self._started.popleft().result()
            self._start()

    def _start(self) -> None:
        while self._waiting and len(self._started) < self._depth:
            self._started.append(self._pool.submit(self._waiting.popleft()))
