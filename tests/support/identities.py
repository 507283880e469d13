"""A run's identity, to change and to compare."""

from trainer.run.identity import RunIdentity

IDENTITY = RunIdentity(
    records="digest of the records",
    encoder={"architecture": "patches"},
    encoder_batch=8,
    grid={"locations": 4, "depth": 6, "dtype": "float16"},
    vocabulary="digest of the words",
    seed=1,
    precision="float32",
    captioner={"units": 8},
    batching={"batch_images": 8, "seed": 2},
    optimizer={"learning_rate": 1e-3},
    loss={"label_smoothing": 0.0},
    loss_scale={"initial": 1024.0},
    selection={"select_by": "cider_d"},
)
