import pytest

from speechsent.training.listener import Listener


class Notes(Listener):
    """Keeps the lines it is told."""

    def __init__(self):
        self.texts = []

    def note(self, text):
        self.texts.append(text)


@pytest.fixture
def notes():
    return Notes()
