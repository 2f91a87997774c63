from pathlib import Path

import pytest


@pytest.fixture
def make_files(tmp_path):
    """Make empty files under a folder; reading a corpus looks at names only."""

    def make(*names: str, root: Path = tmp_path) -> Path:
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return root

    return make
