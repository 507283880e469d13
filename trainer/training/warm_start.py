"""The first weights of a run, taken from another one."""

from trainer.captioners import contract
from trainer.run import checkpoints, directory
from trainer.run import identity as identity_lib


def name_of(source: str) -> str:
    """The name of a run that may lend its weights.

    Raises:
      RunError: nothing was trained there.
    """
    return directory.run_name(source, directory.read_identity(source))


def load(
    source: str,
    identity: identity_lib.RunIdentity,
    captioners: list[contract.Captioner],
) -> None:
    """Gives captioners the best weights of another run.

    Args:
      source: folder of the other run.
      identity: of the run that begins.
      captioners: whose weights are set.

    Raises:
      RunError: the other run has other words, grids or sizes, or no sound
        checkpoint.
    """
    there = directory.read_identity(source)
    differ = identity.differences(there, "vocabulary", "grid")
    differ += [
        f"captioner.{name}: {there.captioner.get(name)} there, {value} here"
        for name, value in identity.captioner.items()
        if type(value) is int and there.captioner.get(name) != value
    ]
    if differ:
        raise directory.RunError(
            f"can't begin with the weights of {source}: {'; '.join(differ)}"
        )
    name = directory.run_name(source, there)
    for captioner in captioners:
        checkpoints.Checkpoints(
            source, run=name, writes=False, captioner=captioner
        ).restore_best()
