"""`map` on threads, in order, some calls ahead of the consumer."""

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Ahead(Generic[Result]):
    """`map` on threads, in order: calls are begun before they are asked for."""

    def __init__(
        self,
        function: Callable[[Any], Result],
        items: Iterable[Any],
        *,
        depth: int,
        threads: int,
    ):
        """Begins nothing yet; later as many as `depth` calls at once."""
        self._pool, self._depth = ThreadPoolExecutor(threads), depth
        self._calls = (self._pool.submit(function, item) for item in items)
        self._begun: collections.deque[Future[Result]] = collections.deque()

    def begin(self) -> bool:
        """Begins one more call, if there is one."""
        before = len(self._begun)
        self._begun.extend(itertools.islice(self._calls, 1))
        return len(self._begun) > before

    def results(self, then: Callable[[], Any]) -> Iterator[Result]:
        """What each call returns.

        Args:
          then: called for each call that ends when no other is left to begin,
            so that the threads' next work can.
        """
        with self._pool:
            while len(self._begun) < self._depth and self.begin():
                pass
            while self._begun:
                yield self._begun.popleft().result()
                if not self.begin():
                    then()
