"""The set-up script, run for real in a small house of its own: one command from nothing to a running process."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEAKS = "import os, sys\nprint(os.getpid(), *sys.argv[1:], flush=True)\n"
WAITS = (  # a background job is born deaf to SIGINT
    "import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    + SPEAKS
    + "while True: time.sleep(0.05)\n"
)
PREPARING = "preparing .venv"


class House:
    """A folder with the script, a lock without packages, and an `api` that says its process id and arguments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(ROOT / "dev", folder)
        (folder / "requirements.lock").write_text("# nothing\n")
        (folder / "api").mkdir()
        self.api(SPEAKS)

    def api(self, source: str) -> None:
        (self.folder / "api" / "__main__.py").write_text(source)

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.folder / "dev"), *args]
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env={**os.environ, **env}, text=True, cwd="/", **streams)

    def dev(self, *args: str, **env: str) -> tuple[int, str, str]:
        process = self.start(*args, **env)
        out, err = process.communicate()
        return process.returncode, out.strip(), err


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A house that was set up once; the tests may break and mend it."""
    house = House(tmp_path_factory.mktemp("house"))
    code, out, err = house.dev("cli", "hello")
    assert (code, out.split()[1:]) == (0, ["hello"]), err
    assert PREPARING in err
    return house


def test_the_second_start_prepares_nothing(built):
    code, out, err = built.dev("cli", "again")
    assert (code, out.split()[1:]) == (0, ["again"])
    assert PREPARING not in err


def test_run_hands_its_options_on(built):
    assert built.dev("run", "--port", "8001", "--empty")[1].split()[1:] == ["run", "--port", "8001", "--empty"]


def test_a_changed_lock_is_installed(built):
    (built.folder / "requirements.lock").write_text("# nothing else\n")
    assert PREPARING in built.dev("cli")[2]
    assert PREPARING not in built.dev("cli")[2]


def test_a_broken_environment_is_made_anew(built):
    (built.folder / ".venv" / "bin" / "python").unlink()
    code, out, err = built.dev("cli", "mended")
    assert (code, out.split()[1:]) == (0, ["mended"]), err


@pytest.mark.parametrize("failing", ["ruff", "mypy", "pytest", None])
def test_one_failed_check_fails_the_whole_but_all_are_run(built, failing):
    for check in ("ruff", "mypy", "pytest"):
        code = "" if check != failing else "sys.exit(3)"
        (built.folder / f"{check}.py").write_text(f"import sys\nprint({check!r}, flush=True)\n{code}\n")
    code, out, _ = built.dev("test")
    assert code == (1 if failing else 0)
    assert out.split() == ["ruff", "mypy", "pytest"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_process_that_was_started_is_the_server_so_that_signals_reach_it(built, sign):
    built.api(WAITS)
    process = built.start("run")
    assert int(process.stdout.readline().split()[0]) == process.pid
    process.send_signal(sign)
    process.communicate(timeout=30)
    built.api(SPEAKS)
    assert process.returncode in (-sign, 1)  # Python turns SIGINT into an exception


def test_a_package_that_cannot_be_had_names_the_ways_out(built, tmp_path):
    lock = built.folder / "requirements.lock"
    before = lock.read_text()
    lock.write_text(f"absent==1 --hash=sha256:{'0' * 64}\n")
    code, _, err = built.dev("cli", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    lock.write_text(before)
    assert code == 1
    assert "PIP_FIND_LINKS=wheels ./dev run" in err
    assert "Traceback" not in err


def test_a_missing_venv_module_names_its_package(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    (tmp_path / "house").mkdir()
    code, _, err = House(tmp_path / "house").dev("cli", PYTHONPATH=str(tmp_path))
    assert code == 1
    assert "apt install python3-venv" in err
    assert "Traceback" not in err


def test_an_old_python_is_refused_when_no_newer_one_is_there(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 9, 2)\n")
    (tmp_path / "house").mkdir()
    code, _, err = House(tmp_path / "house").dev("cli", PYTHONPATH=str(tmp_path), PATH=str(tmp_path))
    assert code == 1
    assert "Python 3.11 or newer is needed; this is 3.9" in err


def test_asked_for_help_the_script_lists_its_verbs(tmp_path):
    house = House(tmp_path)
    for args in ([], ["--help"]):
        code, out, _ = house.dev(*args)
        assert code == 0
        assert "./dev run" in out
    assert not (tmp_path / ".venv").exists()


def test_an_unknown_verb_is_refused(tmp_path):
    code, _, err = House(tmp_path).dev("dance")
    assert code == 1
    assert "no such verb: dance" in err
