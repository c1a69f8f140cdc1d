"""A small random Llama and a small random GPT-2 with byte-level tokenizers, made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
pytest.importorskip("transformers", reason="training needs the [train] extra")
pytest.importorskip("peft", reason="training needs the [train] extra")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast  # noqa: E402
from transformers.models.llama import LlamaConfig, LlamaForCausalLM  # noqa: E402

from crowdsft.training.base import Example, GroupData, TrainingOptions  # noqa: E402
from crowdsft.training.models import LoadedModel, load_model  # noqa: E402

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}<|end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def byte_tokenizer(*, chat: bool) -> PreTrainedTokenizerFast:
    vocabulary = {"<|end|>": 0, "<|user|>": 1, "<|assistant|>": 2}
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary[letter] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|end|>", "<|user|>", "<|assistant|>"])
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")
    if chat:
        wrapped.chat_template = CHAT_TEMPLATE
    return wrapped


def save_llama(folder: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    settings = {
        "vocab_size": 259,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "initializer_range": 0.2,
    }
    LlamaForCausalLM(LlamaConfig(**settings | changes)).save_pretrained(folder)
    byte_tokenizer(chat=True).save_pretrained(folder)
    return folder


def save_gpt2(folder: Path) -> Path:
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=259,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=128,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.2,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    byte_tokenizer(chat=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_gpt2(tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="session")
def llama(llama_folder: Path) -> LoadedModel:
    return load_model(str(llama_folder))


@pytest.fixture(scope="session")
def gpt2(gpt2_folder: Path) -> LoadedModel:
    return load_model(str(gpt2_folder))


@pytest.fixture
def options() -> TrainingOptions:
    return TrainingOptions(
        rank=4, alpha=8, learning_rate=1e-2, b_rate_ratio=4, batch_size=2, passes=2, max_tokens=64
    )


def make_group(number: int, *, seed: int | None = None, count: int = 3) -> GroupData:
    words = ("calm", "joy", "awe", "grief", "pride", "envy")
    examples = tuple(
        Example("How was it?", f"It was {words[(number + index) % len(words)]} " * (1 + index % 2))
        for index in range(count)
    )
    return GroupData(number, examples, 100 + number if seed is None else seed)


@pytest.fixture
def groups() -> list[GroupData]:
    return [make_group(0), make_group(1, count=5), make_group(2, count=1)]
