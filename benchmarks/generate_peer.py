"""Beam search by Hugging Face's `generate`, for `benchmarks.decoding --peer`.

A program for another interpreter, which has torch and transformers. For each
line that it reads it searches once, and prints how many seconds that took.
"""

import argparse
import sys
import time

import torch
import transformers


def peer_of(asked: argparse.Namespace) -> transformers.PreTrainedModel:
    """A Transformer of the same sizes, with random weights."""
    torch.manual_seed(1)
    config = transformers.BartConfig(
        vocab_size=asked.vocabulary,
        d_model=asked.units,
        encoder_layers=asked.layers,
        decoder_layers=asked.layers,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        encoder_ffn_dim=4 * asked.units,
        decoder_ffn_dim=4 * asked.units,
        max_position_embeddings=128,
        forced_eos_token_id=None,
    )
    return transformers.BartForConditionalGeneration(config).eval()


def main() -> None:
    """Searches for each line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in (
        *("images", "beams", "length", "units", "layers"),
        *("vocabulary", "locations", "depth"),
    ):
        parser.add_argument(f"--{name}", type=int, required=True)
    asked = parser.parse_args()
    model = peer_of(asked)
    project = torch.nn.Linear(asked.depth, asked.units)
    grid = torch.randn(asked.images, asked.locations, asked.depth)
    for _ in sys.stdin:
        began = time.perf_counter()
        with torch.inference_mode():
            model.generate(
                inputs_embeds=project(grid),
                num_beams=asked.beams,
                max_new_tokens=asked.length,
                do_sample=False,
            )
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
