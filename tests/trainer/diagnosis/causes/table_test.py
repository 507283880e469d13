"""The table: every cause once, above those that it brings about."""

from trainer.diagnosis.causes import table


def test_causes_are_named_once() -> None:
    slugs = [cause.slug for cause in table.CAUSES]
    assert len(set(slugs)) == len(slugs)


def test_consequences_are_causes_that_do_not_bring_it_about_in_turn() -> None:
    causes = {cause.slug: cause for cause in table.CAUSES}
    for cause in table.CAUSES:
        for slug in cause.consequences:
            assert cause.slug not in causes[slug].consequences
