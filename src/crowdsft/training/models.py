"""Finding and loading causal language models: built in, from a folder, or from the Hugging Face hub.

Only safetensors weights are read: a pickle can run code on the machine that loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crowdsft.core.errors import MissingExtraError, ModelError
from crowdsft.hub import locate, quietly, require_files, require_weights, why_not_loaded
from crowdsft.training.placement import ON_CPU, Placement, count_parameters

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BUILTIN_MODELS = {"builtin:tiny": Path(__file__).parent / "tiny" / "model"}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A causal language model in memory with its tokenizer.

    Args:
        model: The network in evaluation mode, with frozen parameters; where it lives, and in which type, says its
            `Placement`.
        tokenizer: Its tokenizer; it has a padding token.
        reference: What `load_model` was given.
        revision: The hub revision that was asked for, or None.
        adapters: Digests of the adapters merged into the weights, oldest first.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    reference: str
    revision: str | None = None
    adapters: tuple[str, ...] = ()

    @property
    def stop_tokens(self) -> frozenset[int]:
        """Tokens that end a response."""
        configured = getattr(self.model.generation_config, "eos_token_id", None)
        several = configured if isinstance(configured, list) else [configured]
        return frozenset(token for token in [*several, self.tokenizer.eos_token_id] if token is not None)


def load_model(
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    placement: Placement | Callable[[int], Placement] = ON_CPU,
) -> LoadedModel:
    """Load the causal language model that `reference` names.

    Args:
        reference: "builtin:tiny", the path of a folder in Hugging Face's format, or a hub id
            ("organisation/name"). An existing folder is preferred to a hub id of the same spelling.
        revision: Branch, tag or commit on the hub; None for its default branch.
        trust_remote_code: Whether Python code that comes with the model may run on this machine.
        placement: Where the weights go and their type, or what says so for a number of parameters.

    Raises:
        ModelError: The folder does not exist, the hub cannot be reached, or what is there is no causal
            language model with safetensors weights and a tokenizer.
        MissingExtraError: The [train] extra is not installed.
    """
    try:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise MissingExtraError("Loading a language model", "train") from error

    source = locate_model(reference)
    shared = {"revision": revision, "trust_remote_code": trust_remote_code}
    try:
        config = AutoConfig.from_pretrained(source, **shared)
        _require_causal(config, reference)
        if not isinstance(placement, Placement):
            placement = placement(count_parameters(config, trust_remote_code=trust_remote_code))
        with quietly():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                source,
                config=config,
                dtype=getattr(torch, placement.precision),
                use_safetensors=True,
                output_loading_info=True,
                **shared,
            )
        model, report = loaded
        tokenizer = AutoTokenizer.from_pretrained(source, **shared)
    except (OSError, ValueError, RuntimeError, ImportError, KeyError, SafetensorError) as error:
        raise ModelError(
            why_not_loaded(reference, source, error, instead=", or use 'builtin:tiny'")
        ) from error
    require_weights(report["missing_keys"], reference)
    _ensure_padding(tokenizer, model.config, reference)
    model = torch.nn.Module.to(model, placement.device)
    model.train(False)
    model.requires_grad_(False)
    return LoadedModel(model, tokenizer, reference, revision)


def model_with_adapters(first: LoadedModel, adapters: Sequence[Path]) -> LoadedModel:
    """The base of a round: `first` with a stack of adapters merged into a copy of its weights.

    The stack is always merged from the first base, in float32 and in the given order, so the same stack
    gives the same weights on every worker and rounding does not build up over rounds; a base in bfloat16 is
    rounded once, at the end.

    Args:
        first: The campaign's first base model; it is left as it is.
        adapters: Adapter folders, oldest first.

    Raises:
        ModelError: A folder is not an adapter of this model.
    """
    import copy

    import torch

    from crowdsft.training.adapters import folder_digest
    from crowdsft.training.merging import adapter_deltas, add_deltas

    model: Any = copy.deepcopy(first.model)
    _cast_parameters(model, torch.promote_types(first.model.dtype, torch.float32))
    for adapter in adapters:
        add_deltas(model, adapter_deltas(model, adapter))
    _cast_parameters(model, first.model.dtype)
    digests = tuple(folder_digest(adapter) for adapter in adapters)
    return LoadedModel(model, first.tokenizer, first.reference, first.revision, first.adapters + digests)


def _cast_parameters(model: Any, dtype: Any) -> None:
    """Change the type of a model's parameters; buffers, such as rotation tables, keep theirs."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)


def locate_model(reference: str) -> str:
    """The folder or hub id to load `reference` from; nothing is loaded yet.

    Raises:
        ModelError: The folder does not exist or holds no model.
    """
    if reference.startswith("builtin:"):
        folder = BUILTIN_MODELS.get(reference)
        if folder is None:
            raise ModelError(
                f"there is no built-in model named {reference!r}. "
                f"Allowed: {', '.join(sorted(BUILTIN_MODELS))}."
            )
        require_files(folder, reference)
        return str(folder)
    return locate(reference, instead=", or 'builtin:tiny'")


def _require_causal(config: Any, reference: str) -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    if "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {}):
        return
    causal = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(config.model_type)
    architectures = config.architectures or [causal]
    if causal is None or not set(architectures) & ({causal} if isinstance(causal, str) else set(causal)):
        raise ModelError(
            f"{reference!r} is a {' / '.join(str(name) for name in architectures)} ({config.model_type}), "
            "not a causal language model. Choose one that continues text, such as Llama, Qwen or GPT-2."
        )


def _ensure_padding(tokenizer: Any, config: Any, reference: str) -> None:
    """Give a tokenizer without a padding token its end-of-text token; both are masked wherever they pad."""
    if tokenizer.eos_token_id is None:
        raise ModelError(
            f"the tokenizer of {reference!r} has no end-of-text token, so a response could never end. "
            "Set eos_token in its tokenizer_config.json."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if len(tokenizer) > config.vocab_size:
        raise ModelError(
            f"the tokenizer of {reference!r} has {len(tokenizer)} tokens but the model embeds only "
            f"{config.vocab_size}; they do not belong together."
        )
