"""Markup that file names and labels cannot break out of."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from speechsent.report.html import Html, joined, section, table, tag, void


class Seen(HTMLParser):
    """Elements and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")))


@given(WORDS, WORDS)
def test_texts_and_attributes_come_back_as_they_were_and_add_no_element(text, value):
    seen = Seen(tag("p", text, title=value))
    assert seen.elements == ["p"]
    assert seen.text == text
    assert seen.attributes == [("title", value)]


def test_markup_is_kept_and_text_beside_it_is_escaped():
    assert joined(tag("b", "1"), "<i>") == "<b>1</b>&lt;i&gt;"
    assert isinstance(joined("a"), Html)


def test_attributes_without_a_value_stand_alone_and_absent_ones_are_left_out():
    assert void("input", checked=True, disabled=False, id=None, class_="a") == (
        '<input checked class="a">'
    )


def test_an_empty_section_is_nothing():
    assert section("Title", "", Html()) == ""
    assert section("Two words", "text").startswith('<section aria-labelledby="two-words">')


def test_a_table_names_its_rows_and_columns_for_screen_readers():
    told = table("What", ("a", "b"), [("x", "<1>")])
    assert '<th scope="col">a</th>' in told
    assert '<th scope="row">x</th><td>&lt;1&gt;</td>' in told
    assert 'aria-label="What"' in told
