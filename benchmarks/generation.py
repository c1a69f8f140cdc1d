"""Drawing responses of a round's candidates: all together against PEFT one by one.

The peer holds all adapters in one PEFT model, switches to each in turn and calls transformers' `generate` on
all prompts as one left-padded batch. Both draw greedily, so that both write the same texts, which is
checked; they take turns, and the best time of each counts, in seconds of processor time of one thread.

    python benchmarks/generation.py                      # J candidates x outputs each: 3x50, 8x8, 16x5, 3x200
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from crowdsft.core.seeds import derive_rng
from crowdsft.training import BACKENDS, Example, GroupData, TrainingOptions
from crowdsft.training.chat_examples import tokenise_prompt
from crowdsft.training.fitting import one_thread
from crowdsft.training.generation import generate
from crowdsft.training.models import LoadedModel, load_model
from crowdsft.world import EMOTIONS, PROMPTS, expert_comments

NEW_TOKENS = 32


def make_groups(count: int) -> list[GroupData]:
    groups = []
    for number in range(count):
        texts = expert_comments(EMOTIONS[number % len(EMOTIONS)], 32, derive_rng("benchmark", number))
        examples = tuple(Example(PROMPTS[row % len(PROMPTS)], text) for row, text in enumerate(texts))
        groups.append(GroupData(number, examples, number))
    return groups


def peft_with(base_reference: str, adapters: Sequence[Path]) -> Any:
    """A PEFT model that holds every adapter; loading it is not timed."""
    from peft import PeftModel

    model = PeftModel.from_pretrained(load_model(base_reference).model, str(adapters[0]), adapter_name="0")
    for number, adapter in enumerate(adapters[1:], start=1):
        model.load_adapter(str(adapter), adapter_name=str(number))
    return model.eval()


def draw_by_peft(model: Any, base: LoadedModel, count: int, prompts: Sequence[str]) -> list[list[str]]:
    encoded = [tokenise_prompt(base.tokenizer, prompt) for prompt in prompts]
    longest = max(len(tokens) for tokens in encoded)
    padding = base.tokenizer.pad_token_id
    tokens = torch.tensor([[padding] * (longest - len(row)) + row for row in encoded])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in encoded])
    texts = []
    with torch.inference_mode():
        for number in range(count):
            model.set_adapter(str(number))
            answers = model.generate(
                input_ids=tokens,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=NEW_TOKENS,
                pad_token_id=padding,
            )
            decoded = base.tokenizer.batch_decode(answers[:, longest:], skip_special_tokens=True)
            texts.append([text.strip() for text in decoded])
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", default="builtin:tiny")
    parser.add_argument(
        "--shapes", nargs="+", default=["3x50", "8x8", "16x5", "3x200"], help="candidates x outputs"
    )
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    base = load_model(arguments.base)
    print(
        "| candidates | outputs | ours, s | PEFT one by one, s | ratio | equal texts |\n|---|---|---|---|---|---|"
    )
    for shape in arguments.shapes:
        count, outputs = map(int, shape.split("x"))
        prompts = [PROMPTS[row % len(PROMPTS)] for row in range(outputs)]
        with tempfile.TemporaryDirectory() as folder, one_thread():
            candidates = BACKENDS.make("multi_lora").train(
                base, make_groups(count), options=TrainingOptions(), output=Path(folder)
            )
            adapters = [candidate.adapter for candidate in candidates]
            model = peft_with(arguments.base, adapters)
            ours, theirs = float("inf"), float("inf")
            for _ in range(arguments.repeats):
                start = time.process_time()
                mine = generate(
                    base, adapters, prompts=prompts, seed=0, max_new_tokens=NEW_TOKENS, temperature=0
                )
                middle = time.process_time()
                other = draw_by_peft(model, base, count, prompts)
                ours, theirs = min(ours, middle - start), min(theirs, time.process_time() - middle)
        pairs = [(a, b) for one, two in zip(mine, other, strict=True) for a, b in zip(one, two, strict=True)]
        equal = sum(a == b for a, b in pairs) / len(pairs)
        print(
            f"| {count} | {outputs} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.2f} | {equal:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
