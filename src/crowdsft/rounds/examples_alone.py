"""The simpler arm: one model trained on the expert examples alone, measured as a campaign would measure it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from crowdsft.core.errors import InputError
from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.events import SampleScore
from crowdsft.core.seeds import derive_seed
from crowdsft.core.settings import CampaignSettings
from crowdsft.rounds.evaluation import score_outputs
from crowdsft.rounds.resources import Resources, training_options
from crowdsft.training.base import Example, GroupData, TrainingProgress


@dataclass(frozen=True, slots=True)
class ExamplesAlone:
    """What came of it.

    Args:
        adapter: Digest of the trained adapter.
        passes: How often each example was seen.
        base, trained: Scores of the campaign's first reporting sample.
        copied: Share of the trained model's answers that repeat an example word for word.
        outputs: Its answers.
    """

    adapter: str
    passes: int
    base: SampleScore
    trained: SampleScore
    copied: float
    outputs: tuple[str, ...]


def train_on_examples(
    settings: CampaignSettings, resources: Resources, *, passes: int | None = None
) -> ExamplesAlone:
    """Train the first base on the target's examples, and measure both.

    Args:
        passes: How often each example is seen; None: as often as a campaign of so many rounds sees a contribution.

    Raises:
        InputError: The target has no examples.
    """
    examples = settings.target.examples
    if not examples:
        raise InputError(
            "The target has no expert examples, so there is nothing to train on alone. Give some in [target] "
            "(examples = [...] or examples_file), or run the campaign."
        )
    prompts = settings.prompts.texts
    rows = tuple(Example(prompts[place % len(prompts)], text) for place, text in enumerate(examples))
    base = resources.base(settings, ())
    parameters = sum(parameter.numel() for parameter in base.model.parameters())
    passes = passes or settings.rounds.count * settings.training.passes
    options = replace(training_options(settings, parameters=parameters), passes=passes)

    def tell(progress: TrainingProgress) -> None:
        resources.report(
            f"training on {len(rows)} examples, step {progress.step} of {progress.steps}",
            0.5 * progress.step / progress.steps,
        )

    (trained,) = resources.backend(settings).train(
        base,
        [GroupData(0, rows, derive_seed(settings.campaign.seed, "examples alone"))],
        options=options,
        output=resources.artifacts.root,
        progress=tell,
    )
    resources.artifacts.keep_adapter(trained.digest)
    return _measured(settings, resources, trained.digest, passes)


def _measured(settings: CampaignSettings, resources: Resources, adapter: str, passes: int) -> ExamplesAlone:
    from crowdsft.training.generation import generate

    evaluation, examples = settings.evaluation, settings.target.examples or ()
    resources.report(
        f"measuring {evaluation.report_samples} answers of the base and of the trained model", 0.5
    )
    count = evaluation.report_samples
    prompts = [settings.prompts.texts[place % len(settings.prompts.texts)] for place in range(count)]
    outputs = generate(
        resources.base(settings, ()),
        [None, resources.artifacts.adapter(adapter)],
        prompts=prompts,
        seed=derive_seed(settings.campaign.seed, 1, "reporting"),
        max_new_tokens=evaluation.max_new_tokens,
        temperature=evaluation.temperature,
    )
    embedding = resources.embedding(settings)
    target = embedding.embed(examples).mean(axis=0)
    base, trained = score_outputs(
        [embedding.embed(texts) for texts in outputs],
        target,
        UTILITIES.make(evaluation.distance),
        evaluation.confidence,
    )
    known = {text.strip() for text in examples}
    copied = float(np.mean([text.strip() in known for text in outputs[1]]))
    return ExamplesAlone(adapter, passes, base, trained, copied, tuple(outputs[1]))
