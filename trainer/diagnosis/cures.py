"""What cures a run: lines to paste, and what `diagnose.cure` does by them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Training:
    """Train again.

    Attributes:
      bindings: lines of gin to train with.
      code: what to change in the code first, where the code that trained was
        at fault; the code that diagnoses may do so already. '' for nothing.
    """

    bindings: tuple[str, ...] = ()
    code: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The change of the code, and the bindings."""
        again = f"# train again; if not with this code, then {self.code}"
        change = (again,) if self.code else ()
        return (*change, *self.bindings)


@dataclasses.dataclass(frozen=True)
class Usage:
    """Use the trained captioner with other settings.

    Attributes:
      bindings: lines of gin to use it with.
    """

    bindings: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The bindings."""
        return self.bindings


@dataclasses.dataclass(frozen=True)
class OwnFile:
    """Put a file or folder of the run in order.

    Attributes:
      run_dir: folder of the run.
      name: of what lies there and is not the run's own.
      source: path of the run's own file; '' to do without.
    """

    run_dir: str
    name: str
    source: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """A command of the shell."""
        path = f"{self.run_dir}/{self.name}"
        if self.source:
            return (f"cp {self.source} {path}",)
        return (f"mv {path} {path}-of-another",)


@dataclasses.dataclass(frozen=True)
class WithoutPairs:
    """Train again without the images of a list.

    Attributes:
      file: path of the list; see `suspicious_pairs`.
    """

    file: str

    @property
    def lines(self) -> tuple[str, ...]:
        """A command of the shell."""
        return (
            (
                "# or leave the most suspicious out: repeat the command that "
                f"made the records with --overwrite --drop_pairs={self.file}"
            ),
        )


@dataclasses.dataclass(frozen=True)
class ByHand:
    """What only people can do: with images, captions, encoder or code.

    Attributes:
      line: a comment, or flags to paste.
    """

    line: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The line."""
        return (self.line,)


Cure = Training | Usage | OwnFile | WithoutPairs | ByHand
