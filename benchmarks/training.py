"""Training a round's candidates: all together against one after the other, and with credit measured.

Peers: TRL's SFTTrainer, once per candidate, as its documentation sets it up for LoRA (gradient checkpointing off,
loss on responses only); and a plain loop as one would write it with PEFT: one wrapped model, a fresh adapter per
candidate, padded batches, transformers' own loss, torch's AdamW over the adapter's parameters. Both are given
every saving that costs no thought: the model is loaded, and for the loop the texts are tokenised, before the
clock starts. SFTTrainer refuses an adapter on the output head, so it has none and that much less to do. `lora`
is our own one-by-one backend on PEFT. `with credit` is `multi_lora` that measures credit of
four contributors in each group. SFTTrainer shuffles in its own order and knows no learning rate of their own for
B's, so its losses differ; all other arms see the same batches. Arms take turns; ratios are medians over the turns
of processor time of one thread.

The share of the peak is what training needs at least, 4 floating-point operations per token and frozen weight (2
per weight and token forward, 2 backward) and 6 per adapter weight, against what one large matrix product reaches.

    python benchmarks/training.py                        # J candidates x batch size: 3x8, 8x4, 16x2
    python benchmarks/training.py --shapes 3x8 --repeats 5
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
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


def trl_trainer(
    base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
) -> list[float]:
    """The mean loss of each candidate's last step; adapters are saved as TRL saves them."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    last = []
    for group in groups:
        rows = [
            {
                "prompt": [{"role": "user", "content": example.prompt}],
                "completion": [{"role": "assistant", "content": example.response}],
            }
            for example in group.examples
        ]
        config = SFTConfig(
            output_dir=str(output / f"trl-{group.group}"),
            per_device_train_batch_size=options.batch_size,
            num_train_epochs=options.passes,
            learning_rate=options.learning_rate,
            max_grad_norm=options.gradient_clip,
            max_length=options.max_tokens,
            completion_only_loss=True,
            gradient_checkpointing=False,
            bf16=False,
            use_cpu=True,
            seed=group.seed,
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = SFTTrainer(
            model=copy.deepcopy(base.model),
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=base.tokenizer,
            peft_config=LoraConfig(
                r=options.rank,
                lora_alpha=options.alpha,  # type: ignore[arg-type]
                target_modules=adapted_modules(base.model, replace(options, adapt_head=False)),
                task_type="CAUSAL_LM",
            ),
        )
        last.append(trainer.train().training_loss)  # of the whole run: logging each step would cost it time
        trainer.save_model()
    return last


def with_credit(
    base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
) -> list[float]:
    """`multi_lora` with credit of four contributors in each group, on 48 expert answers."""
    answers = tuple(
        Example(PROMPTS[row % len(PROMPTS)], text)
        for row, text in enumerate(expert_comments(EMOTIONS[0], 48, derive_rng("benchmark answers")))
    )
    credited = [
        replace(
            group,
            examples=tuple(
                replace(example, contributor=f"contributor {row % 4}")
                for row, example in enumerate(group.examples)
            ),
            expert_answers=answers,
        )
        for group in groups
    ]
    measured = replace(options, credit_every=2, credit_rows=max(1, options.batch_size // 2))
    candidates = BACKENDS.make("multi_lora").train(base, credited, options=measured, output=output)
    return [candidate.losses[-1] for candidate in candidates]


def needed_operations(base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions) -> float:
    """Floating-point operations that training the groups needs at least; the head sees label positions only."""
    head = base.model.get_output_embeddings()
    total = 0.0
    for name in adapted_modules(base.model, options):
        module = base.model.get_submodule(name)
        outputs, inputs = module.weight.shape  # type: ignore[union-attr, misc]
        tokens = sum(
            example.response_length if module is head else len(example.tokens)
            for group in groups
            for step in plan_examples(base, group, options)
            for example in step
        )
        total += tokens * (4 * inputs * outputs + 6 * options.rank * (inputs + outputs))  # type: ignore[operator]
    return total


def peak_per_second(size: int = 768, repeats: int = 20) -> float:
    """Floating-point operations per second of processor time that a large float32 matrix product reaches."""
    a, b = torch.rand(size, size), torch.rand(size, size)
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        torch.mm(a, b)
        best = min(best, time.process_time() - start)
    return 2 * size**3 / best


def measure(arms: dict[str, Arm], shape: str, repeats: int, base: LoadedModel) -> None:
    count, batch_size = map(int, shape.split("x"))
    groups = make_groups(count, comments=32)
    options = TrainingOptions(batch_size=batch_size)
    times: dict[str, list[float]] = {name: [] for name in arms}
    losses: dict[str, list[float]] = {}
    peaks = []
    for _ in range(repeats):
        for name, arm in arms.items():
            with tempfile.TemporaryDirectory() as folder, one_thread(), torch.random.fork_rng(devices=[]):
                start = time.process_time()
                losses[name] = arm(base, groups, options, Path(folder))
                times[name].append(time.process_time() - start)
        with one_thread():
            peaks.append(peak_per_second())
    needed = needed_operations(base, groups, options)
    for name, seconds in times.items():
        ratio = median(mine / ours for mine, ours in zip(seconds, times["multi_lora"], strict=True))
        share = median(needed / mine / peak for mine, peak in zip(seconds, peaks, strict=True))
        mean = sum(losses[name]) / count
        print(
            f"| {count} | {batch_size} | {name} | {median(seconds):.2f} | {ratio:.2f} | {share:.3f} | {mean:.3f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="builtin:tiny")
    parser.add_argument("--shapes", nargs="+", default=["3x8", "8x4", "16x2"], help="candidates x batch size")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--arms", nargs="+", help="only these, and multi_lora")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    base = load_model(arguments.base)
    arms: dict[str, Arm] = {
        "multi_lora": our_backend("multi_lora"),
        "with credit": with_credit,
        "lora": our_backend("lora"),
        "PEFT loop": peft_loop,
        "SFTTrainer": trl_trainer,
    }
    if arguments.arms:
        arms = {name: arm for name, arm in arms.items() if name in {"multi_lora", *arguments.arms}}
    print(
        "| candidates | batch | arm | seconds | times multi_lora | share of peak | last loss |\n"
        "|---|---|---|---|---|---|---|"
    )
    for shape in arguments.shapes:
        measure(arms, shape, arguments.repeats, base)


if __name__ == "__main__":
    main()
