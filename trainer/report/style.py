"""How images and the words about them look, and which map is shown when."""

from pipeline.pages import template

_RULES = template.css(__file__, "results.css")


def rules(words: int) -> str:
    """Returns CSS that shows a chosen word's map on the large image.

    While another word is pointed at, that word's map is shown.

    Args:
      words: number of words in the longest caption.
    """
    maps = (f".w{n}{{--map:var(--m{n})}}" for n in range(1, words + 1))
    chosen = (_shown(n, "has(.w{} :checked)") for n in range(1, words + 1))
    pointed = (_shown(n, "has(.w{}:hover)") for n in range(words + 1))
    return "".join((_RULES, *maps, *chosen, *pointed))


def _shown(number: int, condition: str) -> str:
    """The rule that shows a word's map under a condition; 0 shows none."""
    on = f".example:{condition.format(number)}"
    shown = f"var(--m{number})" if number else "none"
    return (
        f"{on} .large{{--map:{shown}}}"
        f"{on} .w{{--lit:transparent}}{on} .w{number}{{--lit:var(--tint)}}"
    )
