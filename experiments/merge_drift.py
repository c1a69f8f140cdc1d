"""Does merging a round's adapter into the base, round after round, wear the model out?

Ten rounds are trained, each from the float32 merge of those before. The same ten adapters are then put onto
the first base in different arithmetic, and each result is compared with the exact sum in float64: largest
and mean difference of the logits, and the loss on comments that no round has seen.

    python experiments/merge_drift.py
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.training import BACKENDS, Example, GroupData, TrainingOptions
from crowdsft.training.batches import Batch, make_batch
from crowdsft.training.chat_examples import tokenise_examples
from crowdsft.training.fitting import batch_loss, one_thread
from crowdsft.training.merging import adapter_deltas, add_deltas, merge_adapters, merged_in_place
from crowdsft.training.models import LoadedModel, load_model, model_with_adapters
from crowdsft.world import EMOTIONS, PROMPTS, heterogeneous_crowd, write_comment

Deltas = list[tuple[str, torch.Tensor]]


def examples(count: int, *seed: int | str) -> list[Example]:
    rng = derive_rng("merge drift", *seed)
    return [
        Example(PROMPTS[row % len(PROMPTS)], write_comment(str(rng.choice(EMOTIONS)), rng))
        for row in range(count)
    ]


def train_rounds(base: LoadedModel, rounds: int, output: Path) -> list[Path]:
    """One adapter per round, each trained on the merge of those before it."""
    crowd = heterogeneous_crowd("fear", 12, rng=derive_rng("merge drift", "crowd"))
    adapters: list[Path] = []
    for number in range(rounds):
        rng = derive_rng("merge drift", "round", number)
        texts = [person.write(rng) for person in crowd for _ in range(3)]
        group = GroupData(
            0,
            tuple(Example(PROMPTS[row % len(PROMPTS)], text) for row, text in enumerate(texts)),
            derive_seed("merge drift", number),
        )
        current = model_with_adapters(base, adapters)
        options = TrainingOptions()
        adapters.append(
            BACKENDS.make("lora").train(current, [group], options=options, output=output)[0].adapter
        )
    return adapters


def summed(model: Any, rounds: Sequence[Deltas], dtype: torch.dtype) -> Any:
    """A copy of `model` to whose weights the rounds are added in turn, held in `dtype` between rounds."""
    result = copy.deepcopy(model)
    for deltas in rounds:
        add_deltas(result, deltas)  # float32
        for parameter in result.parameters():
            parameter.data = parameter.data.to(dtype).float()
    return result


def summed_exactly(model: Any, rounds: Sequence[Deltas]) -> Any:
    """The sum in float64, with the network run in float64."""
    result = copy.deepcopy(model)
    add_deltas(
        result, [(name, torch.zeros_like(delta)) for name, delta in rounds[0]]
    )  # gives the head its own
    result = result.double()
    with torch.no_grad():
        for deltas in rounds:
            for name, delta in deltas:
                result.get_parameter(name).add_(delta.double())
    return result


def measured(model: Any, batch: Batch) -> tuple[torch.Tensor, float, float]:
    """Logits at all positions, float64; the loss; seconds of a forward pass, best of five."""
    seconds = []
    with torch.inference_mode():
        for _ in range(5):
            start = time.perf_counter()
            logits = model(input_ids=batch.tokens, attention_mask=batch.is_token.long()).logits
            seconds.append(time.perf_counter() - start)
        loss = float(batch_loss(model, batch))
    return logits[batch.is_token].double(), loss, min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="builtin:tiny")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    base = load_model(arguments.base)
    held_out = tokenise_examples(base.tokenizer, examples(64, "held out"), max_tokens=128)
    batch = make_batch(held_out, padding=base.tokenizer.pad_token_id)
    with one_thread(), tempfile.TemporaryDirectory() as folder:
        adapters = train_rounds(base, arguments.rounds, Path(folder))
        rounds = [list(adapter_deltas(base.model, adapter)) for adapter in adapters]
        stack, _ = merge_adapters(adapters, [1.0] * len(adapters), output=Path(folder))
        stacked = copy.deepcopy(base.model)
        makers: dict[str, Callable[[], Any]] = {
            "exact (float64)": lambda: summed_exactly(base.model, rounds),
            "merged each round, float32": lambda: summed(base.model, rounds, torch.float32),
            "merged each round, bfloat16": lambda: summed(base.model, rounds, torch.bfloat16),
            "merged each round, float16": lambda: summed(base.model, rounds, torch.float16),
            "merged once at the end, float16": lambda: summed(
                base.model, [[pair for deltas in rounds for pair in deltas]], torch.float16
            ),
            "one adapter of all ranks, merged": lambda: model_with_adapters(base, [stack]).model,
            "one adapter of all ranks, kept apart": lambda: with_peft(stacked, stack),
            "first base": lambda: base.model,
        }
        print(
            "| weights | logits, largest difference | logits, mean | held-out loss | forward, ms |\n"
            "|---|---|---|---|---|"
        )
        exact: torch.Tensor | None = None
        for name, make in makers.items():
            logits, loss, seconds = measured(make(), batch)
            exact = logits if exact is None else exact
            away = (logits - exact).abs()
            print(f"| {name} | {away.max():.1e} | {away.mean():.1e} | {loss:.6f} | {seconds * 1e3:.0f} |")
        sizes = {
            "one round's adapter": file_bytes(adapters[0]),
            "adapter of all ranks": file_bytes(stack),
            "base in float32": sum(parameter.numel() * 4 for parameter in base.model.parameters()),
        }
        print("\n" + "; ".join(f"{name}: {size / 1e6:.2f} MB" for name, size in sizes.items()))
        start = time.perf_counter()
        model_with_adapters(base, adapters)
        print(f"merging the stack of {len(adapters)}: {(time.perf_counter() - start) * 1e3:.0f} ms")
        start = time.perf_counter()
        with merged_in_place(base.model, adapters[0]):
            pass
        print(f"merging one in place and back: {(time.perf_counter() - start) * 1e3:.0f} ms")


def with_peft(model: Any, adapter: Path) -> Any:
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(adapter))


def file_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


if __name__ == "__main__":
    main()
