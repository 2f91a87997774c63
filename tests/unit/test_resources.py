import argparse
import os

import pytest

from speechsent.cli.options import add_resources, resources
from speechsent.errors import ParameterError
from speechsent.features.cluster import Cluster
from speechsent.features.threads import Threads
from speechsent.resources import Resources


def test_features_are_computed_in_a_thread_a_cpu_unless_a_cluster_is_named():
    assert Resources().compute() == Threads(os.cpu_count())
    assert Resources(n_workers=3).compute() == Threads(3)
    assert Resources(cluster="tcp://a:1").compute() == Cluster("tcp://a:1")


@pytest.mark.parametrize("name", ["n_workers", "n_devices"])
def test_no_worker_and_no_device_are_refused(name):
    with pytest.raises(ParameterError, match=f"Received: {name}=0"):
        Resources(**{name: 0})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Resources()),
        ("--workers 3 --no-cache", Resources(n_workers=3, cache=False)),
        ("--cluster tcp://a:1", Resources(cluster="tcp://a:1")),
    ],
)
def test_options_name_resources(line, expected):
    parser = argparse.ArgumentParser()
    add_resources(parser)
    assert resources(parser.parse_args(line.split())) == expected
