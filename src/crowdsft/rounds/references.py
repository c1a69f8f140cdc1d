"""What settings refer to beyond themselves: models, keys, and names of the embedding's dimensions."""

from __future__ import annotations

import os

from crowdsft.core.errors import Fault, ModelError, SettingsError, unknown_name_problem
from crowdsft.core.sentences import sentence
from crowdsft.core.settings import CampaignSettings
from crowdsft.embedding import EMBEDDINGS
from crowdsft.hub import locate
from crowdsft.training.models import locate_model


def check_references(settings: CampaignSettings) -> None:
    """Check that what the settings refer to exists, before anything is written.

    Raises:
        SettingsError: listing what does not.
    """
    faults = [
        *_model_faults(settings),
        *_embedding_faults(settings),
        *_judge_faults(settings),
        *_target_faults(settings),
    ]
    if faults:
        raise SettingsError(faults)


def _model_faults(settings: CampaignSettings) -> list[Fault]:
    try:
        locate_model(settings.model.base)
    except ModelError as error:
        return [Fault("model.base", error.args[0])]
    return []


def _embedding_faults(settings: CampaignSettings) -> list[Fault]:
    _, colon, model = settings.evaluation.embedding.partition(":")
    try:
        if colon:
            locate(model)
    except ModelError as error:
        return [Fault("evaluation.embedding", error.args[0])]
    return []


def _judge_faults(settings: CampaignSettings) -> list[Fault]:
    faults, judges = [], settings.judging.judges
    if "reward_model" in judges and settings.reward_model.model is not None:
        try:
            locate(settings.reward_model.model)
        except ModelError as error:
            faults.append(Fault("reward_model.model", error.args[0]))
    variable = settings.llm_judge.api_key_variable
    if "llm" in judges and variable is not None and not os.environ.get(variable, "").strip():
        faults.append(
            Fault(
                "llm_judge.api_key_variable",
                sentence(
                    "names the environment variable {variable}, which is not set; export it with the "
                    "endpoint's key",
                    variable=variable,
                ),
            )
        )
    return faults


def _target_faults(settings: CampaignSettings) -> list[Fault]:
    target = settings.target
    wanted = list(target.vector or {}) + ([target.emotion] if target.emotion else [])
    if not wanted:
        return []
    if ":" in settings.evaluation.embedding:  # its labels are known when it is loaded, by a worker
        return []
    labels = EMBEDDINGS.make(settings.evaluation.embedding).labels
    where = "target.emotion" if target.emotion else "target.vector"
    unknown = [name for name in wanted if name not in labels]
    return [Fault(where, unknown_name_problem("emotion", name, labels)) for name in unknown]
