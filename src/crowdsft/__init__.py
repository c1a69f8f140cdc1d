"""crowdsft: a crowd improves a language model together, and each contributor earns what it was worth."""

__version__ = "0.1.0"
