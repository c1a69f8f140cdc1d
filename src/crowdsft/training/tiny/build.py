"""Trains the built-in model from nothing: `python -m crowdsft.training.tiny.build`.

About five minutes of one processor core. Every seed is fixed; the same packages on the same kind of processor
give the same bytes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from crowdsft.core.seeds import derive_rng, derive_seed
from crowdsft.training.base import GroupData, TrainingOptions, TrainingProgress
from crowdsft.training.fitting import fit, one_thread, plan_batches
from crowdsft.training.models import BUILTIN_MODELS, LoadedModel, load_model
from crowdsft.training.tiny.card import write_card
from crowdsft.training.tiny.corpus import examples
from crowdsft.training.tiny.vocabulary import save_tokenizer, train_tokenizer

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

MODEL_FOLDER: Final = BUILTIN_MODELS["builtin:tiny"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the built-in model is made."""

    vocabulary_size: int = 1152
    context: int = 256
    hidden: int = 96
    layers: int = 3
    heads: int = 4
    inner: int = 256
    steps: int = 4000
    batch_size: int = 32
    learning_rate: float = 4e-3
    seed: int = 0


def build(recipe: Recipe, folder: Path) -> LoadedModel:
    """Trains tokenizer and model, and writes them to `folder` in Hugging Face's format, weights in float16.

    Returns:
        The model as it was written, loaded again.
    """
    answers = examples(recipe.steps * recipe.batch_size, derive_rng(recipe.seed, "training examples"))
    texts = [example.response for example in answers[:20_000]] + [
        example.prompt for example in answers[:4_000]
    ]
    tokenizer = train_tokenizer(texts, vocabulary_size=recipe.vocabulary_size, context=recipe.context)
    model: Any = _new_model(recipe, tokenizer)
    untrained = LoadedModel(model, tokenizer, "builtin:tiny")
    options = TrainingOptions(
        learning_rate=recipe.learning_rate, batch_size=recipe.batch_size, passes=1, max_tokens=recipe.context
    )
    with one_thread():
        group = GroupData(0, tuple(answers), derive_seed(recipe.seed, "order"))
        batches = plan_batches(untrained, group, options)
        fit(model, list(model.parameters()), batches, options=options, group=0, progress=_report)
    save_tokenizer(tokenizer, folder)
    _save_half_precision(model, folder)
    return load_model(str(folder))


def _new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(derive_seed(recipe.seed, "first weights"))
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden,
        intermediate_size=recipe.inner,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config)


def _save_half_precision(model: Any, folder: Path) -> None:
    """Writes float16 weights under a configuration that asks for float32, which processors compute faster."""
    from transformers import GenerationConfig

    model.half()
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True,
        temperature=1.0,
        top_k=0,
        max_new_tokens=32,
        pad_token_id=model.config.pad_token_id,
        eos_token_id=model.config.eos_token_id,
    )
    model.save_pretrained(folder)
    model.config.dtype = torch.float32
    model.config.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # written for its owner alone


def _report(progress: TrainingProgress) -> None:
    if progress.step % 50 == 0 or progress.step == progress.steps:
        sys.stderr.write(f"step {progress.step:5} of {progress.steps}: loss {progress.loss:.3f}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the built-in model and write its folder."""
    parser = argparse.ArgumentParser(prog="python -m crowdsft.training.tiny.build", description=main.__doc__)
    parser.add_argument("--output", type=Path, default=MODEL_FOLDER, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="default: %(default)s")
    parser.add_argument("--card-only", action="store_true", help="train nothing, measure the folder anew")
    options = parser.parse_args(arguments)
    recipe = Recipe(steps=options.steps)
    if options.card_only:
        model = load_model(str(options.output))
    else:
        started = time.process_time()
        options.output.mkdir(parents=True, exist_ok=True)
        model = build(recipe, options.output)
        sys.stderr.write(f"trained in {time.process_time() - started:.0f} s of processor time\n")
    sys.stderr.write("measuring\n")
    write_card(model, recipe_line(recipe), options.output)
    sys.stdout.write(f"wrote {options.output}\n")
    return 0


def recipe_line(recipe: Recipe) -> str:
    """The recipe in one sentence."""
    return (
        f"{recipe.steps:,} steps of {recipe.batch_size} fresh examples, AdamW with a peak rate of "
        f"{recipe.learning_rate:g}, loss on the answer only, seed {recipe.seed}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
