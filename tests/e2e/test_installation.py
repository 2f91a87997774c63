"""The package as others get it: a wheel, in an environment that knows nothing of this tree."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def pip(*arguments):
    command = [*PIP, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built of a copy, since building leaves files that a later wheel would pick up."""
    folder = tmp_path_factory.mktemp("wheel")
    if pip("download", "--no-deps", "--dest", folder / "index", "setuptools>=77").returncode:
        pytest.skip("needs a package index, from which a build takes its setuptools")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "speechsent", folder / "tree" / "speechsent", ignore=ignored)
    for name in SOURCES:
        shutil.copy(ROOT / name, folder / "tree" / name)
    built = pip("wheel", "--no-deps", "--wheel-dir", folder, folder / "tree")
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("speechsent-*.whl")
    return found


@pytest.fixture(scope="module")
def place(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel; what it depends on is that of the running one."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(place, symlinks=os.name != "nt")
    own = Path(sysconfig.get_path("purelib", vars={"base": str(place)}))
    (own / "outer.pth").write_text(sysconfig.get_path("purelib"))
    installed = pip("--python", place, "install", "--no-deps", wheel)
    assert installed.returncode == 0, installed.stderr
    return place


def run(place, *command):
    """A program of the environment, started from a folder beside it."""
    scripts = Path(sysconfig.get_path("scripts", vars={"base": str(place)}))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [scripts / command[0], *command[1:]],
        cwd=place.parent,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    here = {p.relative_to(ROOT).as_posix() for p in (ROOT / "speechsent").rglob("*") if p.is_file()}
    expected = {name for name in here if "__pycache__" not in name}
    assert any(name.endswith(".css") for name in expected)
    with zipfile.ZipFile(wheel) as archive:
        assert expected - set(archive.namelist()) == set()


def test_it_is_the_installed_package_that_runs(place):
    told = run(place, "python", "-c", "import speechsent; print(speechsent.__file__)")
    assert Path(told.strip()).is_relative_to(place)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["--help"], "train a recogniser"),
        (["config", "presets"], "inceptionv3"),
        (["corpus", "list"], "ravdess"),
        (["protocols", "list"], "ravdess-8-luna5"),
    ],
)
def test_commands_find_what_was_packed(place, command, expected):
    assert expected in run(place, "speechsent", *command)
