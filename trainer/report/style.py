"""How images and the words about them look, and which map is shown when."""

from pipeline.pages import template

_RULES = template.css(__file__, "results.css")


def rules(words: int) -> str:
    """CSS that shows a word's map on the large image while it is chosen.

    A word that is pointed at goes before the one that is chosen.

    Args:
      words: of the longest caption.
    """
    maps = (f".w{n}{{--map:var(--m{n})}}" for n in range(1, words + 1))
    chosen = (_shown(n, "has(.w{} :checked)") for n in range(1, words + 1))
    pointed = (_shown(n, "has(.w{}:hover)") for n in range(words + 1))
    return "".join((_RULES, *maps, *chosen, *pointed))


def _shown(number: int, condition: str) -> str:
    on = f".example:{condition.format(number)}"
    shown = f"var(--m{number})" if number else "none"
    return (
        f"{on} .large{{--map:{shown}}}"
        f"{on} .w{{--lit:transparent}}{on} .w{number}{{--lit:var(--tint)}}"
    )
