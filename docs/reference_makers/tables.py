"""The names of every table. Where nobody has written plainer words, the class's own first sentence is taken."""

# ruff: noqa: E501  (sentences)

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.registry import Table
from crowdsft.core.rewards import REWARDS
from crowdsft.core.valuation import METHODS
from crowdsft.core.weighting import WEIGHTINGS
from crowdsft.embedding import EMBEDDINGS, NETWORK_EMBEDDINGS
from crowdsft.judging import JUDGES
from crowdsft.rounds.executors import EXECUTORS
from crowdsft.simulation.point_rules import POINT_RULES
from crowdsft.training import BACKENDS
from crowdsft.web.task_types import TASK_TYPES
from reference_makers.markdown import first_paragraph, table

SECTIONS: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "Groupings": (GROUPINGS, "crowdsft.core.grouping", "`rounds.grouping`, and `simulate --grouping`"),
    "Evaluations": (
        UTILITIES,
        "crowdsft.core.evaluation",
        "`evaluation.distance`, and `simulate --evaluation`",
    ),
    "Reward policies": (REWARDS, "crowdsft.core.rewards", "`points.policy`"),
    "Point rules of the simulation": (
        POINT_RULES,
        "crowdsft.simulation.point_rules",
        "`simulate --rewards`",
    ),
    "Weightings": (
        WEIGHTINGS,
        "crowdsft.core.weighting",
        "`training.weighting` in a campaign and `simulate --weighting`",
    ),
    "Embeddings": (EMBEDDINGS, "crowdsft.embedding", "`evaluation.embedding`"),
    "Embeddings by id": (
        NETWORK_EMBEDDINGS,
        "crowdsft.embedding",
        "`evaluation.embedding`, with a colon and a Hugging Face id or folder",
    ),
    "Judges": (JUDGES, "crowdsft.judging", "`judging.weights` and `judging.guards`"),
    "Training backends": (BACKENDS, "crowdsft.training", "`training.backend`"),
    "Executors": (EXECUTORS, "crowdsft.rounds.executors", "`run --executor`, `worker --executor`"),
    "Valuation methods": (METHODS, "crowdsft.core.valuation", "`value --method`"),
    "Tasks": (TASK_TYPES, "crowdsft.web.task_types", "`tasks.kinds`"),
}

WORDS = {
    "grouping/random": "Chance alone: every even split is equally likely.",
    "grouping/epsilon_greedy": "By chance at first; later more and more often sorted by points and cut, so that the best work together.",
    "grouping/interleaved": "The upper half by points and the lower half are dealt out, so that every group gets its part of both.",
    "grouping/balanced_design": "The split that will tell most about who contributes what, given all earlier rounds.",
    "grouping/dealt": "Ranked by points and dealt out by chance, so that every group has one of each rank. With `training.keep`, ranked by how much of their work is trained on.",
    "grouping/epsilon_greedy_paper": "As the authors' code does it, with ties broken by place in the list. For reproducing the paper only.",
    "grouping/interleaved_paper": "As the authors' code does it, with uneven groups. For reproducing the paper only.",
    "evaluation/l2": "Minus the straight-line (Euclidean) distance to the target.",
    "evaluation/l1": "Minus the sum of the absolute differences from the target.",
    "evaluation/dot": "The inner product with the target: how far the outputs go in its direction.",
    "reward policy/rank": "The better a group's candidate ranks among the round's candidates, the more its members get.",
    "reward policy/marginal": "A group gets in proportion to what its candidate gained over the base; a loss earns nothing.",
    "reward policy/ridge_history": "Shapley values estimated from the values of all groups so far.",
    "reward policy/linear_history": "The same from a linear model of the utility: less exact where it bends, for crowds of thousands.",
    "reward policy/decoded_shapley": "Shapley values decoded from the measured embeddings of all groups so far.",
    "reward policy/in_run_split": "A group by the Shapley value of its candidate among merged ones, each member by credit measured while the candidate trained. Needs `multi_lora` and expert examples.",
    "point rule/rank": "In a round with progress the best of G groups gets G points, the next G - 1, the last 1.",
    "point rule/marginal": "In such a round every group gets its candidate's gain over the model, negative for a loss.",
    "point rule/ridge_history": "Shapley values estimated from the values of all groups so far.",
    "point rule/decoded_shapley": "Shapley values decoded from the embeddings of all groups so far.",
    "weighting/uniform": "Everybody counts the same.",
    "weighting/points_squared": "In proportion to the square of the points earned so far, as in the paper.",
    "weighting/exponentiated_gradient": "Members of groups that do better than the others count more and more.",
    "embedding/emotions": "One score for each of the built-in world's emotions. Dimensions have names, so a target can be one.",
    "embedding/hashed_words": "Words and pairs of neighbouring words, counted. For any language; dimensions have no names.",
    "kind of embedding/sentence": "A sentence encoder: pooled and scaled as its own files say. Dimensions have no names; needs expert examples.",
    "kind of embedding/classifier": "Any sequence classifier: a probability for each of its labels. Dimensions have the labels' names, so a target can be one.",
    "judge/embedding": "The distance of each output to the target, in the campaign's embedding.",
    "judge/likelihood": "How likely the model is to give each expert answer: mean log-likelihood per token. Needs expert examples.",
    "judge/reward_model": "The score that a reward model, or any other sequence classifier, gives to each prompt with its answer.",
    "judge/llm": "A language model behind an OpenAI-compatible address compares each answer with the base's, in both orders: 1 for a win, -1 for a loss, 0 for a tie.",
    "training backend/lora": "Low-rank adapters in PEFT format on any Hugging Face causal language model.",
    "training backend/multi_lora": "The same adapters, all groups' at once in one process; can measure credit while it trains.",
    "training backend/full_finetune": "All weights are trained. For small models.",
    "training backend/trl_sft": "The same adapters by TRL's trainer, with its options; needs the [trl] extra.",
    "executor/local": "In the worker's own process.",
    "executor/ray": "Training and measuring on a Ray cluster; see [how to scale](how-to-scale.md#a-ray-cluster).",
    "valuation method/exact": "Evaluates every coalition: no error, up to 20 players.",
    "valuation method/permutation": "What each player adds on average over random orders and their reverses.",
    "valuation method/control_variate": "Permutations, helped by what is known exactly about means: for games that are roughly a function of a mean of vectors.",
    "valuation method/size_stratified": "Compares coalitions with and without each player, size by size.",
    "valuation method/leverage": "A weighted regression of the coalitions' values on membership.",
    "valuation method/gaussian_process": "A Gaussian process over games: the values that are likeliest given what was evaluated.",
    "valuation method/msr_banzhaf": "Banzhaf values; every evaluated coalition serves every player. They need not add up to the whole.",
    "valuation method/leave_one_out": "What is lost when one player leaves. Exact with n + 2 evaluations, but no division of the whole.",
}


def tables_part() -> str:
    """A section for each table."""
    return "\n\n".join(_section(title, *entry) for title, entry in SECTIONS.items())


def _section(title: str, entries: Mapping[str, Any], module: str, chosen_by: str) -> str:
    assert isinstance(entries, Table)
    rows = [(f"`{name}`", _words(entries, name)) for name in entries]
    return f"## {title}\n\nChosen by {chosen_by}; in `{module}`.\n\n" + table(("Name", "What it is"), rows)


def _words(entries: Table[Any], name: str) -> str:
    return WORDS.get(f"{entries.kind}/{name}") or _first_sentence(entries, name)


def _first_sentence(entries: Table[Any], name: str) -> str:
    """From the source, so that a heavy implementation need not be imported."""
    entry = entries._entries[name]
    if not isinstance(entry, str):
        return first_paragraph(inspect.getdoc(entry))
    module, attribute = entry.split(":")
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == attribute]
    return first_paragraph(ast.get_docstring(classes[0]))
