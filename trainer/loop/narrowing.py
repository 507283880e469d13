"""Whether a reward has made captions alike, or blind to their images."""

import dataclasses
from collections.abc import Mapping

# Captions that are rewarded for a score always lose some variety.
_MODE_SHARE_TIMES, _MODE_SHARE_MORE = 2.0, 0.02
_SWAP_GAP_KEPT = 0.7


@dataclasses.dataclass(frozen=True)
class Narrowing:
    """Compares an evaluation with one from before the reward.

    Attributes:
      mode_share: share of captions that were the most frequent one; NaN if it
        is unknown, which nothing exceeds.
      swap_gap: nats a token that another image cost; NaN if it is unknown.
    """

    mode_share: float
    swap_gap: float

    def __call__(self, scalars: Mapping[str, float]) -> str:
        """What has become worse; '' for nothing.

        Args:
          scalars: of an evaluation, `mode_share` and `swap_gap` among them.
        """
        share, gap = scalars["mode_share"], scalars["swap_gap"]
        limit = _MODE_SHARE_TIMES * self.mode_share + _MODE_SHARE_MORE
        if share > limit:
            return (
                f"{share:.1%} of the captions are the same one, and "
                f"{self.mode_share:.1%} were before the reward"
            )
        if gap < _SWAP_GAP_KEPT * self.swap_gap:
            return (
                f"another image costs {gap:.2f} nats a token, and cost "
                f"{self.swap_gap:.2f} before the reward"
            )
        return ""
