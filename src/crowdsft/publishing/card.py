"""The card of a model: what it is made of, how good it is, what may be done with it, and how to load it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from crowdsft.core.campaign import RoundState
from crowdsft.training.adapters import CONFIG_FILE, WEIGHTS_FILE

CARD_FILE = "README.md"
HUB_LICENCES = (
    *(
        "afl-3.0",
        "agpl-3.0",
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc0-1.0",
        "cc-by-3.0",
        "cc-by-4.0",
    ),
    *("cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("gpl-3.0", "lgpl-3.0", "mit", "mpl-2.0", "odbl", "openrail", "unlicense", "wtfpl"),
)
"""Licences that the Hugging Face hub knows by this name; others are stated as "other"."""
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a card says about a model.

    Args:
        campaign: The campaign's address; `name` and `description` are what people read.
        model: What the model is called: "Round 3, group B".
        base, revision: The campaign's first base model, as its settings name it.
        trusts_code: Whether loading the base runs code that comes with it.
        round_number, rounds: In which round of how many it was trained.
        part: What became of it: "the winner, the base of the next round".
        measure, measured: What is measured ("Distance to the target"), and how much with its interval, in words.
        data_version: SHA-256 of the contributions up to its round.
        contributions: How many these are.
        licence: The campaign's.
        adapters: Digests of the adapters on the first base, oldest first.
        is_whole: Whether they are deltas of whole weights, which PEFT does not know.
    """

    campaign: str
    name: str
    description: str
    model: str
    base: str
    revision: str | None
    trusts_code: bool
    round_number: int
    rounds: int
    part: str
    measure: str
    measured: str
    data_version: str
    contributions: int
    licence: str
    adapters: tuple[str, ...]
    is_whole: bool = False


def adapter_folders(count: int) -> list[str]:
    """Where the adapters of a model lie beside its card: a single one right there, several in folders of their own.

    Whoever loads only the newest of several would get another model; so nothing is where PEFT looks first.
    """
    return [""] if count == 1 else [f"adapter-{place}/" for place in range(1, count + 1)]


def card(facts: ModelFacts, *, where: str = ".") -> str:
    """Markdown with the front matter that the Hugging Face hub reads.

    Args:
        where: From where to load: the folder with the card, or a repository of the hub.
    """
    revision = f", revision `{facts.revision}`" if facts.revision else ""
    digests = ", ".join(f"`{digest[:12]}`" for digest in facts.adapters)
    return f"""---
{_front_matter(facts)}
---

# {_line(facts.name)}: {facts.model}

{facts.description}

| | |
| --- | --- |
| Base model | `{shown_base(facts.base)}`{revision} |
| Campaign | {_cell(facts.name)} (`{facts.campaign}`), made with crowdsft |
| Round | {facts.round_number} of {facts.rounds}: {facts.part} |
| {facts.measure} | {facts.measured} |
| Data | Version `{facts.data_version}`: {facts.contributions:,} contributions up to round {facts.round_number} |
| Licence | {_cell(facts.licence)} |
| Adapters | {digests} |

## How to load it

{_how(facts)}

```python
{_code(facts, where)}
```

## What to know

A crowd wrote what it was trained on. Each round, groups of contributors trained their own copies of the model; the
copies answered the same prompts with the same random numbers and were measured by what the campaign wants. The figure
above is of a sample that decided nothing. It says nothing about facts, safety or other uses: try the model before you
rely on it.

The data version is the SHA-256 of the contributions' rows, as `crowdsft export` names it. It changes when somebody
takes texts back. Contributions were given under the licence above; the base model's own licence holds as well.
"""


def shown_base(reference: str) -> str:
    """A model's address; of a folder only its name: where it lies on somebody's machine is nobody's business."""
    if reference.startswith("builtin:") or not reference.startswith(("/", ".", "~")):
        return reference
    return reference.rstrip("/").split("/")[-1]


def contender_part(current: RoundState, number: int) -> str:
    """What became of a contender, in the card's words."""
    if number == current.winner:
        return "the winner, the base of the next round"
    if current.is_declined and current.selected is not None and number == current.selected.winner:
        return "it won and was declined, so the base stayed"
    return "a candidate that did not become the base"


def _front_matter(facts: ModelFacts) -> str:
    licence = facts.licence.strip().lower()
    lines = [f"base_model: {facts.base}"] if _HUB_ID.fullmatch(facts.base) else []
    if licence in HUB_LICENCES:
        lines.append(f"license: {licence}")
    else:
        lines += ["license: other", f"license_name: {json.dumps(facts.licence, ensure_ascii=False)}"]
    lines += ["pipeline_tag: text-generation"]
    lines += [] if facts.is_whole else ["library_name: peft"]
    return "\n".join([*lines, "tags:", "- crowdsft", *([] if facts.is_whole else ["- lora"])])


def _how(facts: ModelFacts) -> str:
    if facts.is_whole:
        return (
            "These are deltas of whole weights, which PEFT does not read; they are added to the base model's. "
            "Run this in the folder of the card."
        )
    if len(facts.adapters) == 1:
        return f"The adapter is in PEFT's format (`{CONFIG_FILE}`, `{WEIGHTS_FILE}`)."
    return (
        f"The model is the base with {len(facts.adapters)} adapters at once, one for each round that brought it "
        "further. Each is in PEFT's format; with only some of them it is another model."
    )


def _code(facts: ModelFacts, where: str) -> str:
    options = f", revision={json.dumps(facts.revision)}" if facts.revision else ""
    options += ", trust_remote_code=True" if facts.trusts_code else ""
    if facts.base.startswith("builtin:"):
        first = [f"base = locate_model({json.dumps(facts.base)})"]
        imports = ["from crowdsft.training.models import locate_model"]
    else:
        first, imports = [f"base = {json.dumps(shown_base(facts.base), ensure_ascii=False)}"], []
    imports.append(
        "from safetensors.torch import load_file" if facts.is_whole else "from peft import PeftModel"
    )
    imports.append("from transformers import AutoModelForCausalLM, AutoTokenizer")
    loading = [
        f"tokenizer = AutoTokenizer.from_pretrained(base{options})",
        f"model = AutoModelForCausalLM.from_pretrained(base{options})",
    ]
    return "\n".join([*imports, "", *first, *loading, *_adding(facts, where)])


def _adding(facts: ModelFacts, where: str) -> list[str]:
    folders = adapter_folders(len(facts.adapters))
    if facts.is_whole:
        files = ", ".join(f'"{folder}{WEIGHTS_FILE}"' for folder in folders)
        return [
            f"for file in ({files},):",
            "    for name, delta in load_file(file).items():",
            "        model.get_parameter(name).data += delta",
        ]
    if len(folders) == 1:
        return [f'model = PeftModel.from_pretrained(model, "{where}")']
    first, *others = (f'"{folder.rstrip("/")}"' for folder in folders)
    return [
        f'model = PeftModel.from_pretrained(model, "{where}", subfolder={first}, adapter_name={first})',
        f"for name in ({', '.join(others)},):",
        f'    model.load_adapter("{where}", subfolder=name, adapter_name=name)',
        f"model.base_model.set_adapter([{', '.join([first, *others])}])",
    ]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")
