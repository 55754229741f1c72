"""What comes in by the doors of a class: whose it is, when it came, what is understood, and what somebody forged."""

import datetime as dt
import json
import os

import pytest

from grader.classroom import dropping, intake, new_class, origin, upkeep
from grader.cli import main
from grader.course import CourseError
from grader.course.key import COURSE_KEY, course_key
from grader.judging import batch

SLUG = "m01_tiny"
AHEAD = "2099-01-01 10:00:00.000000 UTC"
ROSTER = "id,last_name,first_name,email,lms_id,lms_name\nkim,Kimson,Kim,,,\nlee,Li,Lee,,4711,\nmia,,,,,Dr. Mia M.\n"


def taken(done):
    return sorted(each.learner for each in done.taken)


def put(folder, text):
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text(text)
    return folder


def record_of(school, learner):
    return intake.record(school.class_ / "submitted" / learner / SLUG)


def test_a_folder_dated_ahead_stands_in_for_nothing_that_comes_later(school, texts):
    school.hand_in("ada", texts["no_value"], when=AHEAD)
    done = school.desk.collect()
    assert taken(done) == ["ada"]
    assert any("is dated ahead" in note for note in done.notes)
    assert record_of(school, "ada")["time"] < "2099"
    assert school.desk.collect().notes == ()  # said once
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    school.hand_in("ada", when=later.strftime("%Y-%m-%d %H:%M:%S.%f UTC"))
    assert taken(school.desk.collect()) == ["ada"]
    school.desk.autograde()
    assert school.line("ada").score == 100


def test_a_recorded_date_that_lies_ahead_keeps_nothing_out(school, texts):
    school.hand_in("ada", texts["no_value"])
    school.desk.collect()
    path = school.class_ / "submitted" / "ada" / SLUG / intake.RECORD
    path.write_text(json.dumps({**json.loads(path.read_text()), "time": "2099-01-01T00:00:00"}))
    school.hand_in("ada", when="2026-11-02 10:00:00.000000 UTC")
    assert taken(school.desk.collect()) == ["ada"]
    assert (school.class_ / "submitted" / "ada" / SLUG / "tiny.py").read_text() == texts["right"]


def test_a_file_in_a_drop_folder_that_is_dated_ahead_counts_as_of_its_arrival(school, texts, tmp_path):
    file = put(tmp_path / "drop" / "ada" / SLUG / "tiny.py", texts["right"])
    os.utime(file, (4e9, 4e9))
    done = school.desk.collect(drop=tmp_path / "drop")
    assert any("is dated ahead" in note for note in done.notes)
    assert record_of(school, "ada")["time"] < "2099"


def test_somebody_elses_folder_in_a_drop_folder_is_left_out(school, texts, tmp_path, monkeypatch):
    put(tmp_path / "drop" / "ada" / SLUG / "tiny.py", texts["right"])
    dropping.drop(tmp_path / "drop" / "ada" / SLUG / "tiny.py", SLUG, "ben", tmp_path / "drop")
    monkeypatch.setattr(origin.os, "getuid", lambda: 12345)
    done = school.desk.collect(drop=tmp_path / "drop")
    assert taken(done) == []
    assert sum("belongs to" in note for note in done.notes) == 2
    school.set("check_owner = false")
    assert taken(school.desk.collect(drop=tmp_path / "drop")) == ["ada", "ben"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_in_ones_own_folder_is_left_out(school, texts, tmp_path):
    file = put(tmp_path / "drop" / "ada" / SLUG / "tiny.py", texts["right"])
    os.chown(file, 12345, 12345)
    done = school.desk.collect(drop=tmp_path / "drop")
    assert taken(done) == []
    assert any("belongs to account 12345" in note for note in done.notes)


@pytest.mark.parametrize(
    "path",
    [
        f"kim/{SLUG}/tiny.py",
        "kim/m01/tiny.py",
        "kim/tiny/tiny.py",
        "kim/tiny.py",
        "kim/m01/answer.py",
        "Kim Kimson_123_assignsubmission_file_/tiny.py",
        "Kim Kimson_123_assignsubmission_file/tiny (1).py",
        "Kim Kimson_123_assignsubmission_file_tiny.py",
        "kimsonkim_88_99_tiny.py",
        "kimsonkim_LATE_88_99_tiny-2.py",
        "anybody_4711_99_tiny.py",
        "Dr. Mia M._5_assignsubmission_file_/tiny.py",
    ],
)
def test_a_drop_folder_is_understood_however_it_was_filled(school, texts, tmp_path, path):
    (school.class_ / "roster.csv").write_text(ROSTER)
    school.set('roster = "roster.csv"') if "roster =" not in (school.class_ / "class.toml").read_text() else None
    put(tmp_path / "drop" / path, texts["right"])
    done = school.desk.collect(drop=tmp_path / "drop")
    (one,) = done.taken
    assert one.learner == {"a": "lee", "D": "mia"}.get(path[0], "kim")
    assert (school.class_ / "submitted" / one.learner / SLUG / "tiny.py").read_text() == texts["right"]
    assert not any("left out" in note for note in done.notes)


def test_everything_that_is_not_understood_is_named(school, texts, tmp_path):
    drop = tmp_path / "drop"
    odd = [
        "Nobody Known_1_assignsubmission_file_/tiny.py",
        "kim/m77/x.py",
        "kim/notes.txt",
        "empty/x/y",
        "a b/m01/tiny.py",
    ]
    odd += [
        "kim+m77+2026-11-01 10:00:00 UTC/tiny.py",
        f"kim+{SLUG}+soon/tiny.py",
        "letter.txt",
        "no\nlearner/m01/tiny.py",
    ]
    for path in odd:
        put(drop / path, texts["right"])
    (drop / "link").symlink_to(drop / "kim")
    (drop / ".DS_Store").write_text("")
    done = school.desk.collect(drop=drop)
    assert taken(done) == []
    names = [
        "Nobody Known_1",
        "kim/m77",
        "kim/notes.txt",
        "empty/x",
        "a b",
        "kim+m77+",
        "soon",
        "letter.txt",
        "no\\nlearner",
        "link",
    ]
    for name in names:
        assert sum(name in note and note.endswith("left out") for note in done.notes) == 1, name
    assert not any("\n" in note or "DS_Store" in note for note in done.notes)


def test_each_thing_is_named_once_for_all_modules_and_counted(school, texts, tmp_path, capsys):
    put(tmp_path / "drop" / "kim" / "m77" / "x.py", texts["right"])
    assert main(["class", "collect", "--in", str(school.class_), "--drop", str(tmp_path / "drop")]) == 0
    said = capsys.readouterr()
    assert said.err.count("kim/m77") == 1
    assert "1 things were left out" in said.out


def test_what_was_collected_while_it_was_copied_is_collected_again(school, texts):
    place = school.hand_in("ada", None)
    assert [each.problem != "" for each in school.desk.collect().taken] == [True]
    (place / "tiny.py").write_text(texts["right"])
    assert taken(school.desk.collect()) == ["ada"]
    assert taken(school.desk.collect()) == []
    school.desk.autograde()
    assert school.line("ada").score == 100


def test_a_drop_folder_holds_whole_things_only_under_names_that_windows_allows(school, texts, tmp_path):
    file = put(tmp_path / "tiny.py", texts["right"])
    dropping.drop(file, SLUG, "ada", tmp_path / "drop")
    (name,) = (path.name for path in (tmp_path / "drop").iterdir())
    assert not set(name) & set('<>:"/\\|?*')
    assert not name.endswith((".", " "))
    (tmp_path / "drop" / f".{name}.part").mkdir()
    done = school.desk.collect(drop=tmp_path / "drop")
    assert (taken(done), done.notes) == (["ada"], ())
    os.utime(tmp_path / "drop" / f".{name}.part", (1, 1))
    assert any("completely" in note for note in school.desk.collect(drop=tmp_path / "drop").notes)


def test_half_made_things_are_swept(school):
    school.hand_in("ada")
    desk = school.desk
    desk.collect()
    place = school.class_ / "submitted" / "ada"
    half, old = place / f".{SLUG}-abcdefgh", place / f".{SLUG}-old"
    (place / SLUG).rename(old)
    half.mkdir()
    torn = put(school.class_ / "verdicts" / "ada" / ".x.part", "{")
    for path in (half, old, torn):
        os.utime(path, (1, 1))
    desk.collect()
    desk.autograde()
    assert sorted(path.name for path in place.iterdir()) == [SLUG]
    assert not torn.exists()


def test_a_class_has_a_secret_that_is_made_once(school, tmp_path, capsys):
    assert main(["--root", str(school.course), "class", "new", str(tmp_path / "one")]) == 0
    assert COURSE_KEY in capsys.readouterr().out
    key = course_key(school.course)
    assert len(key) == 64
    assert (school.course / COURSE_KEY).stat().st_mode & 0o777 == 0o600
    assert main(["--root", str(school.course), "class", "new", str(tmp_path / "two")]) == 0
    assert course_key(school.course) == key
    assert COURSE_KEY not in capsys.readouterr().out


def test_a_class_is_not_made_inside_the_checkout(school, capsys):
    assert main(["--root", str(school.course), "class", "new", str(school.course / "spring")]) == 2
    assert "would lie in the checkout" in capsys.readouterr().err


def test_a_report_that_somebody_else_wrote_is_made_again_and_said(school, texts, capsys):
    new_class.make_key(school.settings.course)
    for learner, text in (("ada", texts["right"]), ("ben", texts["no_value"])):
        school.hand_in(learner, text)
    school.score()
    shelf = school.class_ / "verdicts"
    ben = shelf / "ben" / f"{SLUG}.json"
    forged = json.loads((shelf / "ada" / f"{SLUG}.json").read_text())
    forged |= {"learner": "ben", "submission": json.loads(ben.read_text())["submission"]}
    ben.write_text(json.dumps(forged))
    capsys.readouterr()
    scored = school.desk.autograde(force=True)
    assert [each.verdict for each in scored] == ["passed", "failed"]
    said = capsys.readouterr().err
    assert said.count("without this course's seal, made again: ben/m01_tiny") == 1
    assert school.line("ben").score == 39
    school.desk.autograde(force=True)
    assert "seal" not in capsys.readouterr().err


def test_a_full_disk_stops_nobody_and_says_what_to_do(school, monkeypatch):
    school.hand_in("ada")
    school.hand_in("ben")
    school.desk.collect()
    real = batch.write_private

    def full(path, text):
        if "ada" in str(path) and path.suffix == ".json":
            raise OSError(28, "No space left on device")
        return real(path, text)

    monkeypatch.setattr(batch, "write_private", full)
    scored = {each.learner: each for each in school.desk.autograde()}
    assert "make room on that disk and run the same command again" in scored["ada"].warning
    assert scored["ben"].warning == scored["ben"].problem == ""
    assert school.line("ben").score == 100


def test_only_the_instructor_reads_a_class(school, tmp_path, capsys):
    settings = new_class.create(tmp_path / "new", "new", school.settings.course, [SLUG])
    assert settings.folder.stat().st_mode & 0o777 == 0o711
    school.desk.release()
    for folder in (settings.folder, school.class_):
        for name in (*upkeep.PRIVATE_FOLDERS, *upkeep.PRIVATE_FILES):
            if (folder / name).exists():
                assert not (folder / name).stat().st_mode & 0o007, name
    assert (school.class_ / "exchange/spring/outbound").stat().st_mode & 0o005 == 0o005
    (school.class_ / "gradebook.db").chmod(0o664)
    capsys.readouterr()
    assert school.desk
    assert "could read gradebook.db" in capsys.readouterr().err
    assert (school.class_ / "gradebook.db").stat().st_mode & 0o777 == 0o660


def test_a_drop_folder_that_is_none_is_said(school, tmp_path):
    with pytest.raises(CourseError, match="is not a folder: give the one that holds"):
        school.desk.collect(drop=tmp_path / "absent")
