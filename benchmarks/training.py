"""Training a round's candidates: all together against one after the other, and with credit measured.

Peers: TRL's SFTTrainer, once per candidate, with the loss on responses only, `as it comes` with its default of
computing blocks twice (gradient checkpointing), and once without it; and a plain loop as one would write it with
PEFT: one wrapped model, a fresh adapter per candidate, padded batches, transformers' own loss, torch's AdamW over
the adapter's parameters. All are given every saving that costs no thought: the model is loaded, and for the loop
the texts are tokenised, before the clock starts; on a GPU all compute in bfloat16 by autocast. SFTTrainer refuses
an adapter on the output head, so it has none and that much less to do. `lora` is our own one-by-one backend on
PEFT, `multi_lora, one by one` our batched one on each group alone, `inside modules` the same as `multi_lora`
without its lean forward, `blocks twice` with gradient checkpointing, `with credit` measures credit of four
contributors in each group. SFTTrainer shuffles in its own order and knows no learning rate of their own for B's,
so its losses differ; all other arms see the same batches.
Arms take turns; ratios are medians over the turns: of processor time of one thread, or on a GPU of wall time.

The share of the peak is what training needs at least, 4 floating-point operations per token and frozen weight (2
per weight and token forward, 2 backward) and 6 per adapter weight, against what one large matrix product reaches.

    python benchmarks/training.py                        # J candidates x batch size: 3x8, 8x4, 16x2
    python benchmarks/training.py --shapes 3x8 --repeats 5
    python benchmarks/training.py --base made:30M --shapes 3x4 8x4       # random weights: 3M, 30M, 120M, 0.5B, 3B
    python benchmarks/training.py --base made:0.5B --device cuda --shapes 8x8 --sentences 4 --json training.json
"""

from __future__ import annotations

import argparse
import copy
import json
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
from crowdsft.training.base import options_by_size
from crowdsft.training.fitting import one_thread, plan_examples
from crowdsft.training.models import LoadedModel, load_model
from crowdsft.training.optimiser import learning_rate_at
from crowdsft.training.placement import Placement
from crowdsft.training.targets import adapted_modules
from crowdsft.world import EMOTIONS, PROMPTS, expert_comments

Arm = Callable[[LoadedModel, Sequence[GroupData], TrainingOptions, Path], list[float]]


MADE = {  # Llama-like models with random weights: hidden, inner, layers, heads, key heads, vocabulary
    "3M": (192, 512, 4, 6, 6, 4_096),
    "30M": (512, 1_408, 8, 8, 8, 8_192),
    "120M": (768, 2_304, 12, 12, 12, 32_000),
    "0.5B": (896, 4_864, 24, 14, 2, 151_936),
    "3B": (2_048, 11_008, 36, 16, 2, 151_936),
}


def load(reference: str, device: str) -> LoadedModel:
    """A model by its reference, or one with random weights and the built-in model's tokenizer."""
    precision = "float32" if device == "cpu" else "bfloat16"
    if not reference.startswith("made:"):
        return load_model(reference, placement=Placement(device, precision))
    from transformers import LlamaConfig, LlamaForCausalLM

    hidden, inner, layers, heads, key_heads, vocabulary = MADE[reference.removeprefix("made:")]
    tiny = load_model("builtin:tiny")
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        max_position_embeddings=2_048,
        tie_word_embeddings=True,
        bos_token_id=tiny.tokenizer.bos_token_id,
        eos_token_id=tiny.tokenizer.eos_token_id,
        pad_token_id=tiny.tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    with torch.device(device):
        model: Any = LlamaForCausalLM(config)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(getattr(torch, precision))
    model.train(False)
    model.requires_grad_(False)
    return LoadedModel(model, tiny.tokenizer, reference)


def clock(base: LoadedModel) -> float:
    """Seconds of this process on a processor; of the wall, when all is done, on a GPU."""
    if base.model.device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def make_groups(count: int, comments: int, sentences: int = 1) -> list[GroupData]:
    groups = []
    for number in range(count):
        several = expert_comments(
            EMOTIONS[number % len(EMOTIONS)], comments * sentences, derive_rng("benchmark", number)
        )
        texts = [" ".join(several[start::comments]) for start in range(comments)]
        examples = tuple(Example(PROMPTS[row % len(PROMPTS)], text) for row, text in enumerate(texts))
        groups.append(GroupData(number, examples, number))
    return groups


def our_backend(name: str, **settings: Any) -> Arm:
    def arm(
        base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
    ) -> list[float]:
        candidates = BACKENDS.make(name, **settings).train(base, groups, options=options, output=output)
        return [candidate.losses[-1] for candidate in candidates]

    return arm


def one_by_one(
    base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
) -> list[float]:
    """`multi_lora` on each group alone."""
    return [our_backend("multi_lora")(base, [group], options, output)[0] for group in groups]


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
        tokens, mask, labels = (array.to(model.device) for array in (tokens, mask, labels))
        for group in optimiser.param_groups:
            group["lr"] = group["factor"] * learning_rate_at(step, len(plan), options)
        with torch.autocast(model.device.type, torch.bfloat16, enabled=model.device.type != "cpu"):
            loss = model(input_ids=tokens, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([parameter for _, parameter in named], options.gradient_clip)
        optimiser.step()
        optimiser.zero_grad()
    return float(loss)


def trl_as_it_comes(
    base: LoadedModel, groups: Sequence[GroupData], options: TrainingOptions, output: Path
) -> list[float]:
    """As `trl_trainer`, with the gradient checkpointing that SFTConfig turns on by default."""
    return trl_trainer(base, groups, options, output, checkpointing=True)


def trl_trainer(
    base: LoadedModel,
    groups: Sequence[GroupData],
    options: TrainingOptions,
    output: Path,
    *,
    checkpointing: bool = False,
) -> list[float]:
    """The mean loss of each candidate's last step; adapters are saved as TRL saves them."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
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
            gradient_checkpointing=checkpointing,
            bf16=base.model.device.type != "cpu",
            use_cpu=base.model.device.type == "cpu",
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
        trainer.remove_callback(PrinterCallback)
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


def peak_per_second(base: LoadedModel, repeats: int = 20) -> float:
    """Floating-point operations per second that a large matrix product of the base's type reaches."""
    size = 768 if base.model.device.type == "cpu" else 8_192
    a, b = (torch.rand(size, size, device=base.model.device, dtype=base.model.dtype) for _ in range(2))
    best = float("inf")
    for _ in range(repeats):
        start = clock(base)
        torch.mm(a, b)
        best = min(best, clock(base) - start)
    return 2 * size**3 / best


def measure(
    arms: dict[str, Arm], shape: str, repeats: int, base: LoadedModel, sentences: int, passes: int
) -> list[dict[str, Any]]:
    count, batch_size = map(int, shape.split("x"))
    groups = make_groups(count, comments=32, sentences=sentences)
    parameters = sum(parameter.numel() for parameter in base.model.parameters())
    options = TrainingOptions(batch_size=batch_size, passes=passes, **options_by_size(parameters))
    on_gpu = base.model.device.type == "cuda"
    memory: dict[str, float] = {}
    times: dict[str, list[float]] = {name: [] for name in arms}
    losses: dict[str, list[float]] = {}
    peaks = []
    for turn in range(repeats + on_gpu):  # a GPU's libraries choose their kernels in the first turn
        for name, arm in arms.items():
            with tempfile.TemporaryDirectory() as folder, one_thread(), torch.random.fork_rng(devices=[]):
                if on_gpu:
                    torch.cuda.empty_cache()
                    torch.cuda.reset_peak_memory_stats()
                start = clock(base)
                losses[name] = arm(base, groups, options, Path(folder))
                if turn >= on_gpu:
                    times[name].append(clock(base) - start)
                if on_gpu:
                    memory[name] = torch.cuda.max_memory_allocated() / 1e9
        with one_thread():
            peaks.append(peak_per_second(base))
    needed = needed_operations(base, groups, options)
    rows = []
    for name, seconds in times.items():
        ratio = median(mine / ours for mine, ours in zip(seconds, times["multi_lora"], strict=True))
        share = median(needed / mine / peak for mine, peak in zip(seconds, peaks, strict=True))
        mean = sum(losses[name]) / count
        row = {
            "base": base.reference,
            "device": torch.cuda.get_device_name() if on_gpu else "cpu",
            "candidates": count,
            "batch_size": batch_size,
            "arm": name,
            "seconds": median(seconds),
            "times_multi_lora": ratio,
            "share_of_peak": share,
            "last_loss": mean,
            "peak_gigabytes": memory.get(name),
        }
        rows.append(row)
        shown = f"{memory[name]:.1f}" if on_gpu else ""
        print(
            f"| {base.reference} | {count} | {batch_size} | {name} | {median(seconds):.2f} | {ratio:.2f} | {share:.3f} "
            f"| {mean:.3f} | {shown} |",
            flush=True,
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", nargs="+", default=["builtin:tiny"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--shapes", nargs="+", default=["3x8", "8x4", "16x2"], help="candidates x batch size")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=1, help="in a response")
    parser.add_argument("--arms", nargs="+", help="only these, and multi_lora")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    arms: dict[str, Arm] = {
        "multi_lora": our_backend("multi_lora"),
        "with credit": with_credit,
        "blocks twice": our_backend("multi_lora", checkpointing=True),
        "inside modules": our_backend("multi_lora", lean=False),
        "multi_lora, one by one": one_by_one,
        "lora": our_backend("lora"),
        "PEFT loop": peft_loop,
        "SFTTrainer": trl_trainer,
        "SFTTrainer as it comes": trl_as_it_comes,
    }
    if arguments.arms:
        arms = {name: arm for name, arm in arms.items() if name in {"multi_lora", *arguments.arms}}
    print(
        "| base | candidates | batch | arm | seconds | times multi_lora | share of peak | last loss | peak GB |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    rows = []
    for reference in arguments.base:
        base = load(reference, arguments.device)
        for shape in arguments.shapes:
            rows += measure(arms, shape, arguments.repeats, base, arguments.sentences, arguments.passes)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
