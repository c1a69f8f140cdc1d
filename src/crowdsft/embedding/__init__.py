"""Embeddings by name, and by the id of a network on the hub."""

from crowdsft.core.errors import UnknownNameError
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

NETWORK_EMBEDDINGS: Table[Embedding] = Table(
    "kind of embedding",
    {
        "sentence": "crowdsft.embedding.sentence:SentenceEmbedding",
        "classifier": "crowdsft.embedding.classifier:ClassifierEmbedding",
    },
)


def make_embedding(name: str, *, revision: str | None = None) -> Embedding:
    """The embedding that a campaign names: "emotions", or "sentence:organisation/model"; nothing is loaded yet.

    Args:
        revision: Branch, tag or commit of a network on the hub.

    Raises:
        UnknownNameError: There is none of this name or kind.
    """
    kind, colon, model = name.partition(":")
    if not colon:
        return EMBEDDINGS.make(name)
    if not model:
        raise UnknownNameError(
            "embedding", name, [*EMBEDDINGS, *(f"{kind}:ID" for kind in NETWORK_EMBEDDINGS)]
        )
    return NETWORK_EMBEDDINGS.make(kind, model=model, revision=revision)


__all__ = ["EMBEDDINGS", "NETWORK_EMBEDDINGS", "Embedding", "HashedWords", "make_embedding"]
