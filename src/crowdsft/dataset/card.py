"""The card of a data set: what it holds, where it comes from, what may be done with it."""

from __future__ import annotations

import json
from collections import Counter

from crowdsft.dataset.rows import Dataset

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(data: Dataset) -> str:
    """Markdown with the front matter that the Hugging Face hub reads."""
    rounds = sorted({row.round for row in data.rows})
    kinds = Counter(row.kind for row in data.rows)
    contributors = len({row.contributor for row in data.rows})
    repeated = sum(1 for row in data.rows if row.author)
    described = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    collected = (
        f"{len(data.rows):,} contributions ({described}) by {contributors:,} contributors in rounds {rounds[0]} to "
        f"{rounds[-1]} of the campaign `{data.campaign}`, collected with crowdsft. {_left_out(data.left_out)}"
    )
    consent = "\n".join(f"> {line}" for line in data.consent.splitlines())
    return f"""---
pretty_name: {json.dumps(data.name, ensure_ascii=False)}
license: {json.dumps(data.licence.lower())}
task_categories:
- text-generation
size_categories:
- {_size(len(data.rows))}
tags:
- crowdsft
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train.parquet
---

# {data.name}

{data.description}

{collected.strip()}

Version: `{data.version}` (SHA-256 of all rows)

## Fields

| Field | Meaning |
| --- | --- |
| `id` | Random identifier of the contribution |
| `round` | Round in which it was used |
| `group`, `group_won` | The contributor's group in that round, and whether its copy of the model became the next base |
| `contributor` | Random identifier of the contributor, for this campaign only |
| `author` | Who handed in nearly the same text before, if somebody else did ({repeated:,} contributions) |
| `kind` | What was asked: to write a response, to correct the model's, ... |
| `prompt`, `response` | The texts; together again in `messages`, as trainers of chat models read them |
| `model_response` | The model's own answer that was corrected, chosen or rated, where there was one |
| `weight` | How much it counted in training beside the contributor's other rows: 1, or less for a rating below 5 |
| `rejected` | The other answer, where one of two was chosen: with `response` a pair for preference training |

## Consent

Every contributor agreed to this text:

{consent}

The texts are what people wrote. They were not checked for facts, and may hold mistakes or opinions.
"""


def _size(rows: int) -> str:
    return next((words for limit, words in SIZES if rows < limit), "n>1M")


def _left_out(count: int) -> str:
    if not count:
        return ""
    verb = "was" if count == 1 else "were"
    return f"{count:,} of the contributions {verb} taken back by their contributors and {verb} left out."
