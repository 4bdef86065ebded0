"""What only a process of its own shows: start-up, pipes that close, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.running import Desk, process

SHOW_WITHOUT = """
import sys
from laminae.cli.main import run
code = run(["show", "patients.onnx"])
loaded = {"torch", "onnxruntime", "sklearn", "PIL", "torchmetrics"} & set(sys.modules)
assert not loaded, loaded
sys.exit(code)
"""


def test_show_and_check_import_no_torch(desk: Desk) -> None:
    for script in (SHOW_WITHOUT, SHOW_WITHOUT.replace('"show"', '"check"')):
        done = subprocess.run([sys.executable, "-c", script], cwd=desk.folder, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()


def test_python_dash_m_is_the_command(desk: Desk) -> None:
    done = process("show", "patients.onnx", cwd=desk.folder)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("patients · 3 layers")


def test_a_pipe_that_closes_is_quiet(desk: Desk) -> None:
    command = f"{sys.executable} -m laminae show patients.onnx --full | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=desk.folder, capture_output=True)
    assert done.stderr == b""
    assert done.returncode in (0, 141)


def test_ctrl_c_ends_with_130_and_no_traceback(desk: Desk) -> None:
    fifo = desk.folder / "slow.npy"
    os.mkfifo(fifo)
    given = [sys.executable, "-m", "laminae", "run", "patients.onnx", "--input", "slow.npy"]
    running = subprocess.Popen(given, cwd=desk.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _until_it_waits_for(fifo, running)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (130, b"", b"interrupted\n")


def _until_it_waits_for(fifo: Path, running: subprocess.Popen[bytes]) -> None:
    """Until the command has come to its input, however long that takes: it sleeps in the call that opens the pipe."""
    place, end = Path(f"/proc/{running.pid}/wchan"), time.time() + 60
    if not place.exists():
        time.sleep(5)
    while place.exists() and "partner" not in place.read_text() and time.time() < end:
        time.sleep(0.05)


def test_a_bar_is_shown_on_a_terminal_after_a_while_and_never_elsewhere(desk: Desk) -> None:
    script = "from laminae.cli import progress as p\nimport time\np.PATIENCE = 0.1\nwith p.progress('busy'): time.sleep(0.5)"
    (desk.folder / "wait.py").write_text(script)
    quiet = subprocess.run([sys.executable, "wait.py"], cwd=desk.folder, capture_output=True)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"", b"")
    leader, follower = os.openpty()
    shown = subprocess.run([sys.executable, "wait.py"], cwd=desk.folder, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    assert (shown.returncode, shown.stdout) == (0, b"")
    assert b"busy" in os.read(leader, 4096)
    os.close(leader)


def test_a_terminal_that_knows_no_signs_gets_question_marks(desk: Desk) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "laminae", "show", "patients.onnx"], cwd=desk.folder, capture_output=True, env=environment
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"patients ? 3 layers" in done.stdout
