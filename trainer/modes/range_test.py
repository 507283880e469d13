"""Finds a learning rate."""

import dataclasses
import os

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from trainer.data import damage
from trainer.loop import loop, say_progress, spikes, timings
from trainer.report import range_test_page
from trainer.run import directory
from trainer.training import rate_sweep, session
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib


def range_test(
    run_dir: str,
    *,
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    low: float = 1e-5,
    high: float = 10.0,
    num_steps: int = 200,
) -> str:
    """Finds a learning rate; see `rate_sweep.Trial`.

    Args:
      run_dir: made where it is missing; gets rows and page, no checkpoint.
      setup: the run's own.
      recipe: the run's own, except for its schedule.
      low: learning rate of the first update.
      high: learning rate of the last update.
      num_steps: number of updates, unless the loss diverges before.

    Returns:
      A line with the suggested rate, the rule it follows, the page's place.

    Raises:
      RunError: the directory belongs to a training, or lies in the record
        set.
      CorruptShard: a shard is damaged.
    """
    sweep = rate_sweep.Sweep(low, high, num_steps)
    directory.refuse_training(run_dir)
    directory.refuse_records(run_dir, setup.records)
    devices, crew = session.open_devices(setup.devices.alone())
    record_set = record_set_lib.open_record_set(setup.records)
    # A mean over weights of different learning rates would show nothing.
    steady = dataclasses.replace(recipe.optimizer, average_decay=0.0)
    rising = rate_sweep.SweptAdamW(**dataclasses.asdict(steady), sweep=sweep)
    step = dataclasses.replace(recipe, optimizer=rising).build(
        setup, record_set, devices, workers=crew.count
    )
    trial = rate_sweep.Trial(
        lambda: float(step.optimizer.learning_rate),
        growth=recipe.optimizer.growth(recipe.batching.batch_images),
    )
    batches = recipe.data(record_set).distribute(devices, first_step=0)
    with damage.named(record_set):
        loop.run(
            step.over(batches),
            first_step=0,
            until=num_steps,
            steps_per_call=1,
            actions=[
                spikes.Spikes(),
                timings.Timings(recipe.batching.batch_images),
                say_progress.SayProgress(num_steps),
                trial,
            ],
        )
    return f"{trial.verdict()}. Page: {_write(run_dir, trial)}"


def _write(run_dir: str, trial: rate_sweep.Trial) -> str:
    """Writes rows and page; returns the page's path."""
    tf.io.gfile.makedirs(run_dir)
    rows, page = (
        os.path.join(run_dir, name)
        for name in ("range_test.jsonl", "range_test.html")
    )
    directory.write_text(rows, trial.dump())
    directory.write_text(page, range_test_page.render(trial))
    return page
