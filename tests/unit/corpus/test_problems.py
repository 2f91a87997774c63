from speechsent.corpus.problems import corpus_error


def test_five_problems_are_told_and_all_are_counted():
    message = str(corpus_error("a.csv", [f"row {n}: bad" for n in range(2, 9)]))
    assert message == (
        "a.csv: row 2: bad; row 3: bad; row 4: bad; row 5: bad; row 6: bad; and 2 more (7 in all)"
    )
