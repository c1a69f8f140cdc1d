"""Credit of single contributions: which of them, and whose, are worth training on.

value_shares     what contributors' own candidates were worth -> how much of each one's work is likely to help
comment_scores   how much likelier a better model finds each contribution -> a score per contribution
keeping          scores -> how often each contribution is trained on, with a floor for everybody
"""
