"""The examples of the how-to page run as they stand."""

import re
from pathlib import Path

import numpy as np

from crowdsft.core.valuation import METHODS

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to-value-your-own-game.md"


def test_the_examples_run_and_say_what_the_page_says(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names = {}
    for block in blocks:
        exec(block, names)  # the page's own code
    np.testing.assert_allclose(names["found"].values, [200 / 3, 50 / 3, 50 / 3], atol=1e-9)
    printed = capsys.readouterr().out
    assert "66.67 16.67 16.67" in printed
    assert "200000.0" in printed
    assert np.corrcoef(names["due"].estimates, names["worth"])[0, 1] > 0.8
    assert names["more"].evaluations > names["first"].evaluations
    low, high = names["more"].intervals()[2]
    assert low <= names["more"].values[2] <= high


def test_every_method_stands_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in METHODS if f"`{name}`" not in text] == []
