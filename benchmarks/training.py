"""Training a round's candidates: all together against one after the other.

The peer is a plain loop as one would write it with PEFT: one wrapped model, a fresh adapter per candidate,
padded batches, transformers' own loss, torch's AdamW over the adapter's parameters. It is given every saving
that costs no thought: the model is loaded and the texts are tokenised before the clock starts. `lora` is
our own one-by-one backend on PEFT. All arms see the same batches, take turns, and the best of their times
counts, in seconds of processor time of one thread. (TRL SFTTrainer is not among the arms yet.)

    python benchmarks/training.py                        # J candidates x batch size: 3x8, 8x4, 16x2
    python benchmarks/training.py --shapes 3x8 --repeats 5
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from crowdsft.core.seeds import derive_rng
from crowdsft.training import BACKENDS, Example, GroupData, TrainingOptions
from crowdsft.training.fitting import one_thread, plan_examples
from crowdsft.training.models import LoadedModel, load_model
from crowdsft.training.optimiser import learning_rate_at
from crowdsft.training.targets import adapted_modules
from crowdsft.world import EMOTIONS, PROMPTS, expert_comments

Arm = Callable[[LoadedModel, Sequence[GroupData], TrainingOptions, Path], list[float]]


def make_groups(count: int, comments: int) -> list[GroupData]:
    groups = []
    for number in range(count):
        texts = expert_comments(EMOTIONS[number % len(EMOTIONS)], comments, derive_rng("benchmark", number))
        examples = tuple(Example(PROMPTS[row % len(PROMPTS)], text) for row, text in enumerate(texts))
        groups.append(GroupData(number, examples, number))
    return groups


def our_backend(name: str) -> Arm:
    def arm(
        base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
    ) -> list[float]:
        candidates = BACKENDS.make(name).train(base, groups, options=options, output=output)
        return [candidate.losses[-1] for candidate in candidates]

    return arm


def peft_loop(
    base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
) -> list[float]:
    """The last loss of each candidate; adapters are saved as PEFT saves them."""
    from peft import LoraConfig, get_peft_model

    plans = [plan_examples(base, group, options) for group in groups]
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,  # type: ignore[arg-type]
        target_modules=adapted_modules(base.model, options),
        task_type="CAUSAL_LM",
    )
    last = []
    for number, plan in enumerate(plans):
        model: Any = get_peft_model(base.model, config)
        last.append(train_plainly(model, plan, options, padding=base.tokenizer.pad_token_id))
        model.save_pretrained(str(output / f"peft-{number}"), save_embedding_layers=False)
        model.unload()
        if hasattr(base.model, "peft_config"):
            del base.model.peft_config
    base.model.requires_grad_(False)
    return last


def train_plainly(
    model: Any, plan: Sequence[Sequence[Any]], options: TrainingOptions, *, padding: int
) -> float:
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for name, parameter in named if ".lora_A." in name], "factor": 1.0},
        {
            "params": [parameter for name, parameter in named if ".lora_B." in name],
            "factor": options.b_rate_ratio,
        },
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=options.weight_decay)
    loss = torch.zeros(())
    for step, examples in enumerate(plan):
        longest = max(len(example.tokens) for example in examples)
        tokens = torch.full((len(examples), longest), padding)
        mask = torch.zeros_like(tokens)
        labels = torch.full_like(tokens, -100)
        for row, example in enumerate(examples):
            length = len(example.tokens)
            tokens[row, :length] = torch.tensor(example.tokens)
            mask[row, :length] = 1
            labels[row, example.response_start : length] = tokens[row, example.response_start : length]
        for group in optimiser.param_groups:
            group["lr"] = group["factor"] * learning_rate_at(step, len(plan), options)
        loss = model(input_ids=tokens, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([parameter for _, parameter in named], options.gradient_clip)
        optimiser.step()
        optimiser.zero_grad()
    return float(loss)


def measure(arms: dict[str, Arm], shape: str, repeats: int, base: LoadedModel) -> None:
    count, batch_size = map(int, shape.split("x"))
    groups = make_groups(count, comments=32)
    options = TrainingOptions(batch_size=batch_size)
    best = dict.fromkeys(arms, float("inf"))
    losses: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, arm in arms.items():
            with tempfile.TemporaryDirectory() as folder, one_thread(), torch.random.fork_rng(devices=[]):
                start = time.process_time()
                losses[name] = arm(base, groups, options, Path(folder))
                best[name] = min(best[name], time.process_time() - start)
    ours = best["multi_lora"]
    for name, seconds in best.items():
        mean = sum(losses[name]) / count
        print(
            f"| {count} | {batch_size} | {name} | {seconds:.2f} | {seconds / ours:.2f} | {mean:.3f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="builtin:tiny")
    parser.add_argument("--shapes", nargs="+", default=["3x8", "8x4", "16x2"], help="candidates x batch size")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    base = load_model(arguments.base)
    arms: dict[str, Arm] = {
        "multi_lora": our_backend("multi_lora"),
        "lora": our_backend("lora"),
        "PEFT loop": peft_loop,
    }
    print("| candidates | batch | arm | seconds | times multi_lora | last loss |\n|---|---|---|---|---|---|")
    for shape in arguments.shapes:
        measure(arms, shape, arguments.repeats, base)


if __name__ == "__main__":
    main()
