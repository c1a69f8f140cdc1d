"""Tiny random networks in Hugging Face's format: an encoder, classifiers, a reward model with a chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)
from transformers.models.llama import LlamaConfig, LlamaForSequenceClassification

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}[SEP]{% endfor %}"
)
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "<|user|>", "<|assistant|>"]


def save_tokenizer(folder: Path, *, chat: bool, padding: bool = True) -> int:
    """Bytes as tokens; the size of the vocabulary."""
    vocabulary = {name: index for index, name in enumerate(SPECIAL)}
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary[letter] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    pad = {"pad_token": "[PAD]"} if padding else {}
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="[SEP]", unk_token="[UNK]", model_max_length=96, **pad
    )
    if chat:
        wrapped.chat_template = CHAT_TEMPLATE
    wrapped.save_pretrained(folder)
    return len(vocabulary)


def bert_config(size: int, **changes: Any) -> BertConfig:
    return BertConfig(
        vocab_size=size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.5,
        **changes,
    )


def save_encoder(folder: Path) -> Path:
    torch.manual_seed(1)
    BertModel(bert_config(save_tokenizer(folder, chat=False))).save_pretrained(folder)
    return folder


def save_classifier(folder: Path, *, labels: int = 1, chat: bool = False, **changes: Any) -> Path:
    torch.manual_seed(2)
    size = save_tokenizer(folder, chat=chat)
    names = {index: f"label {index}" for index in range(labels)}
    config = bert_config(
        size, num_labels=labels, id2label=names, label2id={n: i for i, n in names.items()}, **changes
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def save_decoder_reward_model(folder: Path, *, padding: bool) -> Path:
    """As most reward models are: a decoder that is read at the last token."""
    torch.manual_seed(3)
    size = save_tokenizer(folder, chat=True, padding=padding)
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        num_labels=1,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0 if padding else None,
        initializer_range=0.3,
    )
    LlamaForSequenceClassification(config).save_pretrained(folder)
    return folder
