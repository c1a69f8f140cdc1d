from __future__ import annotations

import pytest
import torch

pytestmark = pytest.mark.train


def test_likelihood_is_the_mean_log_probability_of_response_tokens() -> None:
    from crowdsft.training.chat_examples import tokenise_prompt, tokenise_response
    from crowdsft.training.likelihood import response_log_likelihoods
    from crowdsft.training.models import load_model

    base = load_model("builtin:tiny")
    pairs = [("Write a comment.", "What a lovely morning!"), ("Write a comment.", "I am so glad you came.")]
    (found,) = response_log_likelihoods(base, [None], pairs, max_tokens=128)
    total, count = 0.0, 0
    for prompt, response in pairs:
        start = tokenise_prompt(base.tokenizer, prompt)
        end = tokenise_response(base.tokenizer, prompt, response)
        with torch.inference_mode():
            logits = base.model(input_ids=torch.tensor([start + end])).logits[0]
        chosen = torch.log_softmax(logits.float(), dim=-1)[len(start) - 1 : -1].gather(
            1, torch.tensor(end)[:, None]
        )
        total, count = total + float(chosen.sum()), count + len(end)
    assert found == pytest.approx(total / count, abs=1e-4)
