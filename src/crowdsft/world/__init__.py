"""The built-in world: a little town whose people leave comments, each with one of fourteen emotions.

Everything in it was written for this project. It gives sample campaigns, tests and experiments something to
say, a truth to compare with (`parse_comment`), and crowds of simulated contributors.
"""

from crowdsft.world.grammar import (
    EMOTIONS,
    Parse,
    all_parses,
    count_comments,
    label_scores,
    parse_comment,
    write_comment,
)
from crowdsft.world.personas import Persona, expert_comments, heterogeneous_crowd, homogeneous_crowd
from crowdsft.world.prompts import PROMPTS

__all__ = [
    "EMOTIONS",
    "PROMPTS",
    "Parse",
    "Persona",
    "all_parses",
    "count_comments",
    "expert_comments",
    "heterogeneous_crowd",
    "homogeneous_crowd",
    "label_scores",
    "parse_comment",
    "write_comment",
]
