"""The interval of a share."""

import math


def interval(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927).

    Args:
      share: that was seen, 0 to 1.
      count: of how many.
    """
    z = 1.96
    centre = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    whole = 1 + z * z / count
    return max((centre - spread) / whole, 0.0), (centre + spread) / whole
