"""Games and valuations that touch files: cached utilities, tables of values, saved valuations."""

from crowdsft.valuation_io.cached_game import CachedGame
from crowdsft.valuation_io.saved import load_valuation, save_valuation, valuation_as_json
from crowdsft.valuation_io.tables import load_table_game, save_table_game

__all__ = [
    "CachedGame",
    "load_table_game",
    "load_valuation",
    "save_table_game",
    "save_valuation",
    "valuation_as_json",
]
