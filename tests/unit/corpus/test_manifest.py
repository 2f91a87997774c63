from pathlib import Path
from unicodedata import normalize

import pytest

from speechsent.corpus.folder import read_folder
from speechsent.corpus.manifest import check_targets, read_manifest, write_manifest
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError, ParameterError

FULL = "file,speaker,emotion,gender,sentence,intensity,start,end,split"


@pytest.fixture
def manifest(make_files):
    """Write a CSV beside ``a.wav`` and ``x/b.wav``."""
    root = make_files("a.wav", "x/b.wav")

    def write(text, encoding="utf-8"):
        path = root / "clips.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_all_columns_are_read(manifest):
    path = manifest(f"{FULL}\na.wav,s1,angry,F,dogs,strong,0.5,1.5,dev\n")
    assert read_manifest(path).utterances == (
        Utterance(
            path=path.parent / "a.wav",
            emotion="anger",
            speaker="s1",
            gender="female",
            sentence="dogs",
            intensity="strong",
            start=0.5,
            end=1.5,
            part="validation",
        ),
    )


def test_empty_cells_are_unknown(manifest):
    path = manifest(f"{FULL}\na.wav,,joy,,,,,,\n")
    assert read_manifest(path)[0] == Utterance(path=path.parent / "a.wav", emotion="happiness")


def test_two_columns_are_enough_in_any_order(manifest):
    corpus = read_manifest(manifest("emotion, file\nfear, x/b.wav\njoy, a.wav\n"))
    assert [u.path.name for u in corpus] == ["a.wav", "b.wav"]
    assert corpus[0].speaker is None
    assert corpus.spellings == {"fear": "fear", "joy": "happiness"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_windows_lines_are_read(manifest, encoding, newline):
    path = manifest(newline.join(["file,emotion", "a.wav,fear", ""]), encoding)
    assert read_manifest(path).emotions == {"fear": 1}


def test_stretches_of_one_file_are_different_clips(manifest):
    text = "file,emotion,start,end\na.wav,joy,1,2\na.wav,fear,0,1\n"
    assert [u.start for u in read_manifest(manifest(text))] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("b.wav,,joy,,,,,,", "row 2: no such file: 'b.wav'"),
        (",,joy,,,,,,", "row 2: file is empty"),
        ("a.wav,,,,,,,,", "row 2: emotion is empty"),
        ("../a.wav,,joy,,,,,,", "row 2: file is a path below the folder of the CSV"),
        ("/a.wav,,joy,,,,,,", "row 2: file is a path below the folder of the CSV"),
        ("C:/a.wav,,joy,,,,,,", "row 2: file is a path below the folder of the CSV"),
        ("a\0.wav,,joy,,,,,,", "row 2: no such file"),
        ("a.wav,,joy,,,,2,1,", "row 2: start must lie before end. Received: start=2.0, end=1.0"),
        ("a.wav,,joy,,,,1,1,", "row 2: start must lie before end"),
        ("a.wav,,joy,,,,one,,", "row 2: start is a number of seconds from 0. Received: 'one'"),
        ("a.wav,,joy,,,,,-1,", "row 2: end is a number of seconds from 0. Received: '-1'"),
        ("a.wav,,joy,,,,nan,,", "row 2: start is a number of seconds from 0. Received: 'nan'"),
        ("a.wav,,joy,,,,,,eval", "row 2: split is one of train, dev"),
        ("a.wav,,joy,,,,,,,more", "row 2: more cells than columns. Received: 'more'"),
        ("a.wav,,joj,,,,,,", "unknown emotion names: 'joj' (did you mean 'joy'?)"),
        ("a.wav,,joy,,,,,,\na.wav,s,joy,,,,,,", "row 3: 'a.wav' is listed before"),
    ],
)
def test_a_bad_row_is_told_by_its_number(manifest, row, problem):
    path = manifest(f"{FULL}\n{row}\n")
    with pytest.raises(CorpusError) as error:
        read_manifest(path)
    assert str(error.value).startswith(f"{path}: {problem}")
    assert "\n" not in str(error.value)


def test_all_bad_rows_are_in_one_error(manifest):
    rows = "".join(f"missing{n}.wav,joy\n" for n in range(7))
    with pytest.raises(CorpusError, match=r"row 2: .*; row 6: .*; and 2 more \(7 in all\)$"):
        read_manifest(manifest(f"file,emotion\n{rows}"))


def test_bad_rows_are_skipped_and_listed_if_asked(manifest):
    path = manifest("file,emotion\na.wav,joy\nb.wav,joy\n")
    corpus = read_manifest(path, skip_bad=True)
    assert len(corpus) == 1
    assert [r.reason for r in corpus.refused] == ["row 3: no such file: 'b.wav'"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "missing: file, emotion"),
        ("file,label\na.wav,joy\n", "missing: emotion"),
        ("file,emotion,age\na.wav,joy,3\n", "Received: 'age'"),
        ("file,emotion,file\na.wav,joy,a.wav\n", "each once. Received: file, emotion, file"),
        ("file,emotion\n", "empty: no row describes a clip"),
    ],
)
def test_a_bad_table_is_told(manifest, text, problem):
    with pytest.raises(CorpusError, match=problem):
        read_manifest(manifest(text))


def test_another_encoding_is_told(manifest):
    with pytest.raises(CorpusError, match=r"row 2: not UTF-8 text .*; save it as UTF-8"):
        read_manifest(manifest("file,emotion\nä.wav,joy\n", "latin-1"))


def test_a_row_keeps_its_number_behind_blank_lines_and_broken_cells(manifest):
    """The number of the line on which the row ends, as an editor shows it."""
    with pytest.raises(CorpusError, match=r"clips\.csv: row 4: no such file: 'b\.wav'; row 6: "):
        read_manifest(manifest('file,emotion\n\na.wav,joy\nb.wav,joy\n"c\n.wav",joy\n'))


@pytest.mark.parametrize("header", ["File,Emotion,SPEAKER", "FILE,EMOTION,Speaker"])
def test_names_of_columns_count_in_any_case(manifest, header):
    corpus = read_manifest(manifest(f"{header}\na.wav,fear,s1\n"))
    assert [(u.emotion, u.speaker) for u in corpus] == [("fear", "s1")]


def test_semicolons_are_told_with_the_remedy(manifest):
    path = manifest("file;speaker;emotion\na.wav;s1;fear\n")
    with pytest.raises(CorpusError, match=r"clips\.csv: .* by semicolons; separate by commas"):
        read_manifest(path)


def test_the_first_reason_is_told_where_every_row_is_refused(manifest):
    path = manifest("file,emotion\nb.wav,joy\nc.wav,joy\n")
    with pytest.raises(CorpusError, match=r"clips\.csv: row 2: no such file: 'b\.wav'; row 3: "):
        read_manifest(path, skip_bad=True)


def test_names_with_accents_taken_apart_are_the_same_names(manifest):
    """As macOS writes them: the letter, then its accent."""
    path = manifest(
        "file,speaker,sentence,emotion\n"
        "a.wav,Jos\u00e9,\u00fc,z\u0142o\u015b\u0107\n"
        "x/b.wav,Jose\u0301,u\u0308,z\u0142os\u0301c\u0301\n"
    )
    corpus = read_manifest(path)
    assert corpus.speakers == {"Jos\u00e9": 2}
    assert {u.sentence for u in corpus} == {"\u00fc"}
    assert corpus.emotions == {"anger": 2}


def test_a_cell_without_end_is_told(manifest):
    with pytest.raises(CorpusError, match="row 2: not CSV"):
        read_manifest(manifest('file,emotion\n"' + "x" * 200_000))


def test_a_name_no_file_can_have_is_told(manifest):
    with pytest.raises(CorpusError, match="row 2: no such file"):
        read_manifest(manifest(f"file,emotion\n{'x' * 5_000}.wav,joy\n"))


def test_a_link_out_of_the_folder_is_refused(manifest, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.wav"
    outside.touch()
    path = manifest("file,emotion\nout.wav,joy\n")
    (path.parent / "out.wav").symlink_to(outside)
    with pytest.raises(CorpusError, match=r"row 2: 'out\.wav' is a link out of the folder"):
        read_manifest(path)


def test_a_link_to_a_folder_outside_is_refused(manifest, tmp_path_factory):
    (tmp_path_factory.mktemp("outside") / "secret.wav").touch()
    path = manifest("file,emotion\nlink/secret.wav,joy\n")
    (path.parent / "link").symlink_to(tmp_path_factory.getbasetemp())
    outside = next(tmp_path_factory.getbasetemp().glob("outside*"))
    path.write_text(f"file,emotion\nlink/{outside.name}/secret.wav,joy\n")
    with pytest.raises(CorpusError, match="is a link out of the folder"):
        read_manifest(path)


def test_links_within_the_folder_are_followed_even_if_it_is_a_link_itself(manifest, tmp_path):
    path = manifest("file,emotion\nb.wav,joy\n")
    (path.parent / "b.wav").symlink_to("a.wav")
    (tmp_path / "elsewhere").symlink_to(path.parent)
    assert len(read_manifest(tmp_path / "elsewhere" / path.name)) == 1


def test_own_labels_are_used(manifest):
    corpus = read_manifest(manifest("file,emotion\na.wav,SHT\n"), labels={"SHT": "shout"})
    assert corpus.emotions == {"shout": 1}


def test_a_folder_survives_as_a_csv(make_files):
    corpus = read_folder(make_files("train/anger/a.wav", "test/anger/b.wav", "train/fear/c.wav"))
    path = corpus.root / "corpus.csv"
    write_manifest(corpus, path)
    assert read_manifest(path).utterances == corpus.utterances
    assert path.read_text().splitlines()[:2] == [FULL, "test/anger/b.wav,,anger,,,,,,test"]
    assert sorted(p.name for p in corpus.root.iterdir()) == ["corpus.csv", "test", "train"]


def test_a_csv_must_lie_above_its_clips(make_files):
    root = make_files("x/a.wav", "y/z.wav")
    clip = Utterance(path=root / "x/a.wav", emotion="anger")
    corpus = Corpus(name="c", root=root, utterances=(clip,))
    with pytest.raises(CorpusError, match="does not lie below"):
        write_manifest(corpus, root / "y/c.csv")
    assert not (root / "y/c.csv").exists()


def test_a_csv_may_be_named_relatively_where_the_corpus_is_not(make_files, monkeypatch):
    root = make_files("x/anger/a.wav", "x/fear/b.wav")
    corpus = read_folder(root / "x")
    monkeypatch.chdir(root)
    write_manifest(corpus, Path("x/list.csv"))
    assert (root / "x/list.csv").read_text().splitlines()[1:] == [
        "anger/a.wav,,anger,,,,,,",
        "fear/b.wav,,fear,,,,,,",
    ]
    write_manifest(read_folder(Path("x")), root / "above.csv")
    assert (root / "above.csv").read_text().splitlines()[1] == "x/anger/a.wav,,anger,,,,,,"


def test_a_link_inside_the_corpus_stays_a_name_of_its_own(make_files, monkeypatch):
    root = make_files("x/anger/a.wav")
    (root / "x/anger/b.wav").symlink_to("a.wav")
    corpus = read_folder(root / "x")
    monkeypatch.chdir(root)
    write_manifest(corpus, Path("x/list.csv"))
    assert [u.path.name for u in read_manifest(root / "x/list.csv")] == ["a.wav", "b.wav"]


NUMERIC = "file,speaker,arousal,valence"


def test_columns_of_numbers_are_read_in_the_order_they_are_asked_for(manifest):
    path = manifest(f"{NUMERIC}\na.wav,s1,3.5,-1e-2\nx/b.wav,s2,4,0\n")
    corpus = read_manifest(path, targets=("valence", "arousal"))
    assert corpus.targets == ("valence", "arousal")
    assert [u.values for u in corpus] == [(-0.01, 3.5), (0.0, 4.0)]
    assert {u.emotion for u in corpus} == {"unknown"}
    assert corpus.task == "valence+arousal"


def test_other_columns_of_numbers_may_be_there_and_have_gaps(manifest):
    path = manifest(f"{NUMERIC}\na.wav,s1,3.5,\nx/b.wav,s2,4,1\n")
    assert [u.values for u in read_manifest(path, targets=("arousal",))] == [(3.5,), (4.0,)]


def test_emotions_beside_numbers_are_read_as_ever(manifest):
    path = manifest("file,emotion,arousal\na.wav,joy,3\nx/b.wav,,4\n")
    corpus = read_manifest(path, targets=("arousal",))
    assert [u.emotion for u in corpus] == ["happiness", "unknown"]


@pytest.mark.parametrize("cell", ["", "high", "nan", "inf"])
def test_a_target_that_is_no_finite_number_is_told_with_its_row(manifest, cell):
    path = manifest(f"{NUMERIC}\na.wav,s1,3.5,1\nx/b.wav,s2,{cell},1\n")
    message = f"clips.csv: row 3: arousal is a finite number. Received: '{cell}'"
    with pytest.raises(CorpusError, match=message):
        read_manifest(path, targets=("arousal",))


def test_a_missing_target_column_is_named(manifest):
    path = manifest(f"{NUMERIC}\na.wav,s1,3.5,1\n")
    with pytest.raises(CorpusError, match=r"missing: dominance$"):
        read_manifest(path, targets=("arousal", "dominance"))


def test_columns_of_words_beside_targets_are_refused(manifest):
    """A mistyped column name must not go unseen."""
    path = manifest("file,speker,arousal\na.wav,s1,3.5\n")
    with pytest.raises(CorpusError, match="Received: 'speker'"):
        read_manifest(path, targets=("arousal",))


def test_a_list_of_numbers_alone_names_the_option(manifest):
    with pytest.raises(CorpusError, match=r"missing: emotion. Columns of numbers .* --target"):
        read_manifest(manifest(f"{NUMERIC}\na.wav,s1,3.5,1\n"))


def test_an_emotion_called_unknown_is_no_emotion(manifest):
    with pytest.raises(CorpusError, match="unknown emotion names: 'unknown'"):
        read_manifest(manifest("file,emotion\na.wav,unknown\n"))


def test_numbers_are_written_and_read_back_exactly(manifest):
    path = manifest("file,emotion,arousal\na.wav,joy,0.1\nx/b.wav,,1e-17\n")
    corpus = read_manifest(path, targets=("arousal",))
    write_manifest(corpus, path)
    assert read_manifest(path, targets=("arousal",)).utterances == corpus.utterances


@pytest.mark.parametrize(
    "names", [("speaker",), ("a", "a"), ("a", "a_predicted"), ("sha256",), (" ",)]
)
def test_names_no_target_can_have_are_refused(names):
    with pytest.raises(ParameterError, match="targets are different columns of one's own"):
        check_targets(names)


@pytest.mark.parametrize("cell", ["nan", "NaN", "None", "unknown", "N/A", "<NA>", "?"])
def test_words_for_what_is_missing_name_nobody(manifest, cell):
    """Clips of people nobody knows would else be one speaker, on one side of every split."""
    path = manifest(f"{FULL}\na.wav,{cell},joy,{cell},{cell},,,,\n")
    assert read_manifest(path)[0] == Utterance(path=path.parent / "a.wav", emotion="happiness")


def test_speakers_numbered_as_pandas_does_where_a_number_is_missing(manifest):
    """An empty cell makes 1.0 of the numbers in its column."""
    path = manifest("file,speaker,emotion\na.wav,1.0,joy\nx/b.wav,1,fear\n")
    assert read_manifest(path).speakers == {"1": 2}


@pytest.mark.parametrize("names", [("Anna", "anna"), ("1", "01"), ("José", "JOSÉ")])
def test_one_speaker_in_two_spellings_is_refused(manifest, names):
    """Read as two people, one person might be trained and tested on."""
    path = manifest("file,speaker,emotion\na.wav,{},joy\nx/b.wav,{},fear\n".format(*names))
    with pytest.raises(CorpusError, match=r"clips\.csv: .*spell") as caught:
        read_manifest(path)
    assert all(repr(name) in str(caught.value) for name in names)


def test_speakers_with_other_letters_or_numbers_are_different(manifest):
    for names in (("Anna", "Anne"), ("1", "10"), ("0", "00a"), ("s1", "s01")):
        path = manifest("file,speaker,emotion\na.wav,{},joy\nx/b.wav,{},fear\n".format(*names))
        assert set(read_manifest(path).speakers) == set(names)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_files_are_found_however_their_accents_are_written(make_files, form):
    """A CSV of Windows beside files from macOS, and the other way round."""
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    root = make_files(normalize(form, "José.wav"))
    path = root / "clips.csv"
    path.write_text(f"file,emotion\n{normalize(other, 'José.wav')},joy\n", encoding="utf-8")
    assert read_manifest(path)[0].path == root / normalize(form, "José.wav")


def test_paths_of_windows_are_told_from_missing_files(manifest):
    with pytest.raises(CorpusError, match=r"no such file: .*; folders are separated by /"):
        read_manifest(manifest("file,emotion\nx\\b.wav,joy\n"))


def test_the_index_of_a_table_is_told(manifest):
    """As ``DataFrame.to_csv`` writes it, unless told otherwise."""
    with pytest.raises(CorpusError, match=r"without a name.*index=False"):
        read_manifest(manifest(",file,emotion\n0,a.wav,joy\n1,x/b.wav,fear\n"))
