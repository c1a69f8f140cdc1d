"""Fine-tuning a round's candidates, and generating from them."""

from crowdsft.core.registry import Table
from crowdsft.training.base import (
    Credit,
    Example,
    GroupData,
    TrainedCandidate,
    TrainingBackend,
    TrainingOptions,
    TrainingProgress,
)

BACKENDS: Table[TrainingBackend] = Table(
    "training backend",
    {
        "lora": "crowdsft.training.lora:Lora",
        "multi_lora": "crowdsft.training.multi_lora.backend:MultiLora",
        "full_finetune": "crowdsft.training.full_finetune:FullFinetune",
        "trl_sft": "crowdsft.training.trl_sft:TrlSft",
    },
)

__all__ = [
    "BACKENDS",
    "Credit",
    "Example",
    "GroupData",
    "TrainedCandidate",
    "TrainingBackend",
    "TrainingOptions",
    "TrainingProgress",
]
