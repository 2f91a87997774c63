import csv
import io

import pytest

from speechsent.csv_rows import row_writer


def test_rows_end_with_a_line_feed_and_only_what_needs_it_is_quoted():
    text = io.StringIO()
    row_writer(text).writerows([["file", "n"], ["a,b.wav", 1], ["c d.wav", None]])
    assert text.getvalue() == 'file,n\n"a,b.wav",1\nc d.wav,\n'


@pytest.mark.parametrize("name", ["a\rb", "a\nb", "a\r\nb", "a\r", '"', "\x1f", "a,b"])
def test_a_cell_comes_back_as_it_was(name):
    text = io.StringIO(newline="")
    row_writer(text).writerows([[name, "next"], ["last", name]])
    text.seek(0)
    assert list(csv.reader(text)) == [[name, "next"], ["last", name]]
