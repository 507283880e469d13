"""The job's flags as one value, without those of Beam's runner."""

import dataclasses
import mimetypes
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from apache_beam.io.filesystems import FileSystems

from pipeline.files import found_files, reach
from pipeline.images import decode
from pipeline.images import views as views_lib
from pipeline.job import ledger
from pipeline.readers import annotation_files, table
from pipeline.recordset import records, splits


class OptionsError(ValueError):
    """A flag whose value cannot be used."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """The job's flags, by their names; `--help` says what each means."""

    output: str
    dataset: str
    annotations: Sequence[str]
    images: str
    image_column: str
    caption_column: str
    split_column: str
    tfds_data_dir: str | None
    allow_hosts: Sequence[str]
    encoder: str
    weights: str | None
    batch_size: int
    grid_dtype: str
    num_shards: int
    thumbnail_side: int
    views: Sequence[str]
    max_image_megabytes: int
    max_image_megapixels: int
    validation_share: float
    test_share: float
    holdout_share: float
    min_count: int
    max_words: int
    max_reject_share: float
    max_shard_reject_share: float
    limit: int | None
    drop_pairs: str | None
    dry_run: bool
    overwrite: bool

    @property
    def columns(self) -> table.Columns:
        """Names of a table's columns, or of a TFDS data set's features."""
        return table.Columns(
            self.image_column, self.caption_column, self.split_column
        )

    @property
    def train_views(self) -> tuple[str, ...]:
        """Names of the views of train images that are stored, in one order."""
        return tuple(name for name in views_lib.VIEWS if name in self.views)

    @property
    def limits(self) -> decode.Limits:
        """The largest image files that are not rejected."""
        return decode.Limits(
            max_bytes=self.max_image_megabytes << 20,
            max_pixels=self.max_image_megapixels * 1_000_000,
        )

    @property
    def reject_limits(self) -> ledger.Limits:
        """The largest shares of rejects with which the job ends well."""
        return ledger.Limits(self.max_reject_share, self.max_shard_reject_share)

    @property
    def split_rule(self) -> splits.SplitRule:
        """How images without a split of their own get one.

        Raises:
          ValueError: a share is out of range, or two of them take all images.
        """
        return splits.SplitRule(
            validation_share=self.validation_share,
            test_share=self.test_share,
            holdout_share=self.holdout_share,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """The flags that the manifest records: no paths, no runner."""
        # Without views, as before there were any.
        views = {"views": list(self.train_views)} if self.views else {}
        return {
            **views,
            "dataset": self.dataset,
            "allow_hosts": sorted(self.allow_hosts),
            "limit": self.limit,
            "split_rule": dataclasses.asdict(self.split_rule),
            "num_shards": self.num_shards,
            "grid_dtype": self.grid_dtype,
            "thumbnail_side": self.thumbnail_side,
            "limits": dataclasses.asdict(self.limits),
            "min_count": self.min_count,
            "max_words": self.max_words,
            "batch_size": self.batch_size,
        }

    @property
    def digests(self) -> dict[str, str]:
        """Flag -> digest of its file, of flags that few requests have."""
        if not self.drop_pairs:
            return {}
        file = annotation_files.InputFile(self.drop_pairs)
        return {"drop_pairs": annotation_files.digest([file])}

    @property
    def paths(self) -> list[tuple[str, str]]:
        """(flag, path) of everything that workers read or write."""
        if self.dataset == "tfds":
            paths = [("tfds_data_dir", self.tfds_data_dir or "")]
        else:
            patterns = map(annotation_files.pattern, self.annotations)
            paths = [("annotations", pattern) for _, pattern in patterns]
        if self.images:
            paths.append(("images", self.images))
        if self.drop_pairs:
            paths.append(("drop_pairs", self.drop_pairs))
        paths.append(("output", self.output))
        if self.encoder.endswith(".keras"):
            paths.append(("encoder", self.encoder))
        if self.weights not in (None, "imagenet", "none"):
            paths.append(("weights", str(self.weights)))
        return paths

    def grid(self, locations: int, depth: int) -> records.GridSpec:
        """Returns how grids [locations, depth] are stored."""
        return records.GridSpec(locations, depth, self.grid_dtype)

    def check(self) -> None:
        """Refuses a wrong view or path before the encoder is loaded.

        Raises:
          OptionsError: there is no such view, Beam would take the output's
            path for a pattern, or the output lies among the photographs.
          UnreachableError: a path's file system is not there.
        """
        unknown = sorted({*self.views} - {*views_lib.VIEWS})
        if unknown:
            raise OptionsError(
                f"--views={','.join(self.views)}: no view {unknown[0]!r}; "
                f"there are {', '.join(views_lib.VIEWS)}"
            )
        if "://" in self.output and found_files.is_pattern(self.output):
            raise OptionsError(
                "--output: in a bucket, a path without * ? and [ is needed: "
                f"{self.output}"
            )
        reach.check(self.paths)
        if FileSystems.get_scheme(self.output) is None and _is_among(
            self.output, self.images
        ):
            raise OptionsError(
                f"--output={self.output} lies among the photographs of "
                f"--images={self.images}: choose a folder beside them"
            )


def _is_among(output: str, images: str) -> bool:
    """Whether a folder is one of photographs, or lies in one.

    A folder with photographs in other folders only, such as `data` with
    `data/images`, may hold an output too.
    """
    if not os.path.isdir(images):
        if not found_files.is_pattern(images):
            return False
        images, _ = found_files.split_pattern(images)
    top, path = map(pathlib.Path, map(os.path.realpath, (images, output)))
    folders = [path, *path.parents]
    if top not in folders[1:]:
        return path == top
    above = folders[1 : folders.index(top) + 1]
    return any(map(_has_images, filter(pathlib.Path.is_dir, above)))


def _has_images(folder: pathlib.Path) -> bool:
    types = (mimetypes.guess_type(file.name)[0] for file in folder.iterdir())
    return any((kind or "").startswith("image/") for kind in types)
