import pytest

from crowdsft.web.pages.safe_markdown import render_markdown


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[click](javascript:alert(1))",
        '<a href="data:text/html,x">x</a>',
        '<p style="position:fixed">x</p>',
        "<iframe src=//evil.example></iframe>",
        '<form action="//evil.example"><input name=password></form>',
    ],
)
def test_nothing_harmful_comes_through(attack: str) -> None:
    html = render_markdown(f"Hello\n\n{attack}").lower()
    for forbidden in (
        "<script",
        "onerror",
        "javascript:",
        "data:",
        "style=",
        "<iframe",
        "<form",
        "<input",
        "<img",
    ):
        assert forbidden not in html
    assert "hello" in html


def test_lists_links_and_emphasis_are_kept() -> None:
    html = render_markdown("- **Be warm.**\n- See [this](https://example.org)")
    assert "<li><strong>Be warm.</strong></li>" in html
    assert 'href="https://example.org"' in html


@pytest.mark.parametrize("text", ["# Do\n\n## More", "## Do\n\n### More", "### Do\n\n#### More"])
def test_headings_start_below_those_of_the_page(text: str) -> None:
    html = render_markdown(text)
    assert "<h3>Do</h3>" in html
    assert "<h4>More</h4>" in html


def test_a_hash_in_code_is_no_heading() -> None:
    assert "# comment" in render_markdown("## Do\n\n    # comment\n")
