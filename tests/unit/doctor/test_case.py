import numpy as np

from speechsent.doctor.case import by_name, n_rows, rows, to_arrays


def test_one_array_takes_the_name_of_the_input():
    (name,) = by_name(to_arrays([1.0, 2.0]), ["mfcc"])
    assert name == "mfcc"


def test_a_list_of_inputs_is_named_in_order_and_a_dict_by_itself():
    given = [np.zeros((2, 3)), np.ones((2, 4))]
    named = by_name(to_arrays(given), ["a", "b"])
    assert {name: values.shape for name, values in named.items()} == {"a": (2, 3), "b": (2, 4)}
    assert list(by_name(to_arrays({"z": given[0]}), ["a"])) == ["z"]


def test_inputs_nobody_named_are_counted():
    assert list(by_name(to_arrays([np.zeros((2, 3))] * 2), [])) == ["input 0", "input 1"]


def test_rows_are_taken_of_every_array():
    taken = rows({"a": np.arange(4), "b": np.arange(8).reshape(4, 2)}, slice(1, 3))
    assert taken["a"].tolist() == [1, 2]
    assert taken["b"].tolist() == [[2, 3], [4, 5]]
    assert n_rows(taken) == 2


def test_nothing_has_no_rows():
    assert (n_rows(None), rows(None, slice(1)), by_name(None, ["a"])) == (0, None, {})
