"""Embeddings by name."""

from crowdsft.core.registry import Table
from crowdsft.embedding.base import Embedding
from crowdsft.embedding.hashed_words import HashedWords

EMBEDDINGS: Table[Embedding] = Table(
    "embedding",
    {
        "emotions": "crowdsft.embedding.emotions:EmotionEmbedding",
        "hashed_words": HashedWords,
    },
)

__all__ = ["EMBEDDINGS", "Embedding", "HashedWords"]
