"""The fields of a campaign's form, named like the settings that they say, and the words for what can be chosen."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from crowdsft.core.evaluation import UTILITIES
from crowdsft.core.grouping import GROUPINGS
from crowdsft.core.rewards import REWARDS
from crowdsft.core.settings import BACKENDS
from crowdsft.embedding import EMBEDDINGS
from crowdsft.web.pages.campaign_people_fields import people_fields
from crowdsft.web.pages.emotion_words import emotion_words
from crowdsft.web.pages.form_fields import (
    Several,
    choice_field,
    lines_field,
    named_choices,
    number_field,
    radio_field,
    text_field,
    tick_field,
)
from crowdsft.web.task_types import TASK_TYPES

TARGET_KINDS = (
    ("emotion", _lazy("An emotion")),
    ("examples", _lazy("Expert examples")),
    ("vector", _lazy("A mix of emotions")),
)
CLOSES = (
    ("size", _lazy("With enough contributions")),
    ("deadline", _lazy("After a time")),
    ("manual", _lazy("When I say so")),
)
TASKS = tuple((name, TASK_TYPES[name].heading) for name in TASK_TYPES)
GROUPING_WORDS = {
    "random": _lazy("by chance"),
    "epsilon_greedy": _lazy("mostly by points, partly by chance"),
    "interleaved": _lazy("strong and weak contributors mixed"),
    "balanced_design": _lazy("so that everybody meets everybody"),
    "dealt": _lazy("ranked and dealt out, so that groups are alike"),
}
POLICY_WORDS = {
    "rank": _lazy("by the rank of the group"),
    "marginal": _lazy("by the gain of the group"),
    "ridge_history": _lazy("by what each person adds, from all rounds"),
    "linear_history": _lazy("by what each person adds, for crowds of thousands"),
    "decoded_shapley": _lazy("by what each person adds, from the candidates' answers"),
    "in_run_split": _lazy("by what each person adds, watched while training"),
}
ALONE = (
    ("never", _lazy("Never")),
    ("first", _lazy("In the first round")),
    ("always", _lazy("In every round")),
)
MERGES = (
    ("mean", _lazy("The mean of the groups' copies")),
    ("by_value", _lazy("Their mean, better ones counting more")),
)
WEIGHTING_CHOICES = (
    ("uniform", _lazy("Everybody's alike")),
    ("points_squared", _lazy("Those of people with many points")),
    ("exponentiated_gradient", _lazy("Those of people who helped before")),
)
ARTIFACTS = (
    ("all", _lazy("All candidates")),
    ("winners", _lazy("Winners only, to save space")),
)
KEEPING = (
    ("all", _lazy("All of the round's own")),
    ("values", _lazy("The best of all so far, by what the models learn from values")),
    ("examples", _lazy("The best of all so far, by the expert examples")),
)
DISTANCE_WORDS = {
    "l2": _lazy("straight-line distance"),
    "l1": _lazy("sum of differences"),
    "dot": _lazy("inner product"),
}
EMBEDDING_WORDS = {"emotions": _lazy("emotion scores"), "hashed_words": _lazy("words used")}
BACKEND_WORDS = {
    "lora": _lazy("small adapters (LoRA)"),
    "multi_lora": _lazy("small adapters of all groups at once"),
    "full_finetune": _lazy("all weights"),
    "trl_sft": _lazy("adapters by TRL"),
}


def campaign_fields() -> dict[str, forms.Field]:
    """All fields in the order of the page, which is the order of their faults, too."""
    return {
        **_goal_fields(),
        **_task_fields(),
        **_round_fields(),
        **people_fields(),
        **_point_fields(),
        **_limit_fields(),
        **_choosing_fields(),
        **_training_fields(),
        **_evaluation_fields(),
        "artifacts.keep": choice_field(
            _("Models that are kept"),
            ARTIFACTS,
            _("A candidate that is not kept cannot be downloaded or talked to later; its results stay."),
        ),
        "left_out": Several(
            label=_("Leave these out"),
            help_text=_("They came with the campaign file and stay as they are unless you tick them."),
            widget=forms.CheckboxSelectMultiple(),
            required=False,
        ),
    }


def _goal_fields() -> dict[str, forms.Field]:
    """What the campaign is for, where the model comes from and should go, and what is asked."""
    return {
        "campaign.name": text_field(
            _("Name"), _("Short and plain, such as “Joy in comments”."), maxlength=80
        ),
        "campaign.description": text_field(
            _("What it is for"), _("One sentence that everybody sees in the list."), maxlength=500
        ),
        "campaign.guidelines": lines_field(
            _("Guidelines for contributors"), _("What makes a good response. Markdown works here."), 8
        ),
        "model.base": text_field(
            _("Base model"),
            _("builtin:tiny needs nothing else. Or a Hugging Face id, or a folder on the server."),
            spellcheck="false",
        ),
        "target_kind": radio_field(_("Where should the model go?"), TARGET_KINDS),
        "target.emotion": choice_field(_("Emotion"), _emotion_choices()),
        "target.examples": lines_field(
            _("Expert examples"), _("One response per line: how the model should sound."), 6
        ),
        "target.vector": lines_field(_("Mix of emotions"), _("One per line: joy = 0.8"), 3),
        "target.hidden": tick_field(
            _("Hide the goal from contributors"), _("They see how close the model is, not to what.")
        ),
        "prompts.texts": lines_field(
            _("Prompts"), _("One per line. Contributors answer them, and candidates are measured on them."), 8
        ),
    }


def _task_fields() -> dict[str, forms.Field]:
    """What contributors do, and what shows who pays attention."""
    return {
        "tasks.kinds": Several(
            label=_("Tasks"), widget=forms.CheckboxSelectMultiple(choices=TASKS), required=False
        ),
        "tasks.per_contributor": number_field(_("Tasks for each contributor in a round")),
        "tasks.overlap": number_field(
            _("People for each choice or rating"),
            _("Nobody is asked twice, and never more people than this."),
        ),
        "gold.choose": lines_field(
            _("Choices with a known answer"), _("One per line: message | better response | worse response"), 3
        ),
        "gold.rate": lines_field(
            _("Ratings with a known answer"), _("One per line: message | response | rating from 1 to 5"), 3
        ),
        "gold.share": number_field(
            _("Share of tasks with a known answer"),
            _("They show who pays attention, and are never contributions. 0.1 is one in ten."),
            whole=False,
        ),
    }


def _round_fields() -> dict[str, forms.Field]:
    return {
        "rounds.count": number_field(_("Rounds")),
        "rounds.groups": number_field(
            _("Groups in a round"), _("Each group trains its own copy; at least 2.")
        ),
        "rounds.close": radio_field(_("When does a round close?"), CLOSES),
        "rounds.size": number_field(
            _("Contributions that close a round"), _("Empty: groups × tasks for each contributor.")
        ),
        "rounds.minutes": number_field(
            _("Minutes a round stays open"), _("1,440 minutes are a day."), whole=False
        ),
        "rounds.approval": tick_field(
            _("I approve each winner"), _("It becomes the next base only when you say so.")
        ),
        "expected": number_field(
            _("Contributors you expect in a round"), _("For the estimate only. Empty: three a group.")
        ),
        "rounds.grouping": choice_field(
            _("How contributors are split"), named_choices(GROUPINGS, GROUPING_WORDS)
        ),
    }


def _point_fields() -> dict[str, forms.Field]:
    """What contributors get and agree to."""
    return {
        "points.budget_per_round": number_field(_("Points in each round")),
        "points.policy": choice_field(_("How points are paid"), named_choices(REWARDS, POLICY_WORDS)),
        "campaign.licence": text_field(_("Licence of the contributions"), maxlength=80),
        "campaign.consent": lines_field(_("What contributors agree to"), rows=4),
    }


def _limit_fields() -> dict[str, forms.Field]:
    return {
        "tasks.lease_minutes": number_field(
            _("Minutes a task is reserved"), _("Writing prolongs it."), whole=False
        ),
        "tasks.max_characters": number_field(_("Longest response, in characters")),
        "tasks.drafts": number_field(_("Answers of the model to work on, in each round")),
        "campaign.seed": number_field(
            _("Seed"), _("The same seed and contributions give the same campaign.")
        ),
    }


def _choosing_fields() -> dict[str, forms.Field]:
    """Who trains alone, what competes, and which contributions are trained on."""
    return {
        "rounds.groups_of_one": choice_field(
            _("Each contributor trains a copy of their own"), ALONE, _("It shows at once who helps.")
        ),
        "rounds.most_groups": number_field(
            _("Most copies that are trained at once"),
            _("Where each contributor trains one: a larger crowd shares this many."),
        ),
        "rounds.merges": Several(
            label=_("Also compete"), widget=forms.CheckboxSelectMultiple(choices=MERGES), required=False
        ),
        "training.weighting": choice_field(
            _("Whose contributions count more in training"),
            WEIGHTING_CHOICES,
            _("Alike is the fairest start: nobody has shown yet whose help."),
        ),
        "training.keep": choice_field(
            _("Which contributions are trained on"),
            KEEPING,
            _("Contributors see how many of theirs were."),
        ),
        "training.keep_share": number_field(
            _("Part of the contributions that is kept"), _("0.25 is the best quarter."), whole=False
        ),
        "training.keep_floor": number_field(
            _("Part of the training for everybody's"), _("So that nobody is silenced for good."), whole=False
        ),
        "training.learn_examples": tick_field(_("Also train on the expert examples")),
        "training.last_rate": number_field(
            _("Part of the learning rate left in the last round"),
            _("1: the same in all rounds."),
            whole=False,
        ),
    }


def _training_fields() -> dict[str, forms.Field]:
    return {
        "training.backend": choice_field(_("What is trained"), named_choices(BACKENDS, BACKEND_WORDS)),
        "training.rank": number_field(_("Rank of the adapters")),
        "training.learning_rate": number_field(
            _("Learning rate"), _("Empty: by the size of the base model."), whole=False
        ),
        "training.batch_size": number_field(_("Batch size")),
        "training.passes": number_field(_("Passes over the contributions")),
        "training.max_tokens": number_field(_("Longest training text, in tokens")),
    }


def _evaluation_fields() -> dict[str, forms.Field]:
    return {
        "evaluation.embedding": choice_field(
            _("What is measured"), named_choices(EMBEDDINGS, EMBEDDING_WORDS)
        ),
        "evaluation.distance": choice_field(
            _("How it is compared"), named_choices(UTILITIES, DISTANCE_WORDS)
        ),
        "evaluation.selection_samples": number_field(_("Answers for choosing the winner")),
        "evaluation.report_samples": number_field(_("Answers for reporting and points")),
        "evaluation.max_new_tokens": number_field(_("Longest answer, in tokens")),
        "evaluation.temperature": number_field(_("Temperature"), whole=False),
        "evaluation.improvement_standard_errors": number_field(
            _("Margin over the base"), _("In standard errors; 2 is the usual care."), whole=False
        ),
    }


def _emotion_choices() -> list[tuple[str, str]]:
    labels = sorted(EMBEDDINGS.make("emotions").labels)
    return [(label, emotion_words(label)) for label in labels]
