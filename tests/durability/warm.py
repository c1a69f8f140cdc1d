"""Imported once by the fork server: everything that takes long to import, and nothing with a thread or a database."""

from crowdsft.embedding import EMBEDDINGS
from crowdsft.training import BACKENDS
from crowdsft.training.models import load_model

EMBEDDINGS["emotions"]
BACKENDS["multi_lora"]
load_model("builtin:tiny")
