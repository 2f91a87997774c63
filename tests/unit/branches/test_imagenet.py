import hashlib
import inspect
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from keras.src.applications import inception_v3, vgg16, vgg19

from speechsent.branches import imagenet
from speechsent.branches.imagenet import PUBLISHED, weight_file
from speechsent.errors import ParameterError, WeightsError

CONTENT = b"the weights of a network" * 100
MODULES = {"inceptionv3": inception_v3, "vgg16": vgg16, "vgg19": vgg19}


@pytest.fixture
def requested(monkeypatch, tmp_path):
    """A server on this machine with one small VGG16 file; the paths asked of it."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SPEECHSENT_WEIGHTS_SERVER", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    publish(monkeypatch, CONTENT)
    yield paths
    server.shutdown()
    server.server_close()


@pytest.fixture
def unreachable(monkeypatch, tmp_path):
    """A machine without a network: a port nobody listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    monkeypatch.setenv("SPEECHSENT_WEIGHTS_SERVER", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def publish(monkeypatch, content):
    """Let VGG16's published hash be that of ``content``."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    monkeypatch.setitem(imagenet.PUBLISHED, "vgg16", replace(PUBLISHED["vgg16"], md5=md5))


def cached(tmp_path):
    return tmp_path / "keras" / "models" / PUBLISHED["vgg16"].file


@pytest.mark.parametrize("backbone", MODULES)
def test_files_and_hashes_are_those_of_keras(backbone):
    published, module = PUBLISHED[backbone], MODULES[backbone]
    url = f"{imagenet.SERVER}{published.folder}/{published.file}"
    assert url == module.WEIGHTS_PATH_NO_TOP
    assert f'file_hash="{published.md5}"' in inspect.getsource(module)


def test_a_missing_file_is_downloaded_into_the_cache_of_keras(requested, tmp_path):
    path = weight_file("vgg16", "imagenet")
    assert path == cached(tmp_path)
    assert path.read_bytes() == CONTENT
    assert requested == [f"/vgg16/{PUBLISHED['vgg16'].file}"]


def test_a_sound_cached_file_is_not_downloaded_again(requested, tmp_path):
    cached(tmp_path).parent.mkdir(parents=True)
    cached(tmp_path).write_bytes(CONTENT)
    assert weight_file("vgg16", "imagenet") == cached(tmp_path)
    assert requested == []


def test_a_damaged_cached_file_is_downloaded_again(requested, tmp_path):
    cached(tmp_path).parent.mkdir(parents=True)
    cached(tmp_path).write_bytes(CONTENT[:-1])
    assert weight_file("vgg16", "imagenet").read_bytes() == CONTENT
    assert len(requested) == 1


def test_a_file_with_another_hash_is_not_kept(requested, monkeypatch, tmp_path):
    publish(monkeypatch, b"something else")
    with pytest.raises(WeightsError, match="damaged on the way"):
        weight_file("vgg16", "imagenet")
    assert list(cached(tmp_path).parent.iterdir()) == []


def test_without_a_network_the_error_says_what_to_do(unreachable, tmp_path):
    with pytest.raises(WeightsError, match="ImageNet weights for vgg16") as caught:
        weight_file("vgg16", "imagenet")
    message = str(caught.value)
    assert f"Put {PUBLISHED['vgg16'].file} at {cached(tmp_path)}" in message
    assert "--weights none" in message
    assert "\n" not in message


def test_an_unusable_cache_folder_is_an_error_about_weights(requested, tmp_path):
    (tmp_path / "keras").write_text("a file where a folder should be")
    with pytest.raises(WeightsError, match="--weights FILE"):
        weight_file("vgg16", "imagenet")


def test_the_cache_lies_in_the_home_folder_unless_named(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".keras" / "models" / PUBLISHED["vgg16"].file
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    publish(monkeypatch, CONTENT)
    assert weight_file("vgg16", "imagenet") == path


def test_random_weights_need_no_file():
    assert weight_file("vgg16", "none") is None


def test_a_file_of_ones_own_is_used(tmp_path):
    path = tmp_path / "mine.h5"
    path.touch()
    assert weight_file("vgg16", str(path)) == path


def test_a_missing_file_of_ones_own_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"mine\.h5: no such weight file"):
        weight_file("vgg16", str(tmp_path / "mine.h5"))


def test_an_unpublished_backbone_is_refused():
    with pytest.raises(ParameterError, match="no ImageNet weights are published for 'compact'"):
        weight_file("compact", "imagenet")
