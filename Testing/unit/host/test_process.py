"""Processes, threads and keys."""

import os
import shutil
import signal
import threading
import time

import qt
import slicer

from Testing import host
from Testing.host import incidents


def start_worker(code):
    process = qt.QProcess()
    process.start(shutil.which("PythonSlicer"), ["-u", "-c", code])
    assert process.waitForStarted()
    return process


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():
        slicer.app.processEvents()
        time.sleep(0.02)
    return condition()


def test_the_interpreter_is_the_launchers_child(slicer_app):
    process = start_worker("import os; print(os.getpid(), input())")
    process.write(b"hello\n")
    assert process.waitForFinished(30000)
    pid, answer = process.readAllStandardOutput().data().split()
    assert (answer, process.exitCode()) == (b"hello", 0)
    assert int(pid) != process.processId()


def test_killing_the_launcher_leaves_the_worker_until_its_input_ends(slicer_app):
    process = start_worker("import os, sys; print(os.getpid()); sys.stdin.read()")
    assert process.waitForReadyRead(30000)
    pid = int(process.readAllStandardOutput().data())
    process.kill()
    process.waitForFinished(30000)
    # Qt closed the pipe when the launcher ended: a worker that minds its input ends by itself.
    assert wait_until(lambda: not alive(pid))


def test_a_worker_that_does_not_mind_its_input_is_an_orphan(slicer_app):
    process = start_worker("import os, time; print(os.getpid()); time.sleep(60)")
    assert process.waitForReadyRead(30000)
    pid = int(process.readAllStandardOutput().data())
    process.kill()
    process.waitForFinished(30000)
    time.sleep(0.3)
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_killed_worker_ends_normally_with_code_one(slicer_app):
    process = start_worker("import os, time; print(os.getpid()); time.sleep(60)")
    assert process.waitForReadyRead(30000)
    os.kill(int(process.readAllStandardOutput().data()), signal.SIGKILL)
    assert process.waitForFinished(30000)
    assert (process.exitStatus(), process.exitCode()) == (qt.QProcess.NormalExit, 1)


def test_threads_of_tests_are_nobodys_business(slicer_app):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert incidents.take() == []


def test_threads_of_the_project_are_incidents(slicer_app):
    source = "import threading\nthread = threading.Thread(target=int)\nthread.start()\nthread.join()\n"
    path = incidents.__file__.replace("Testing/host/incidents.py", "LungCAD/panels/invented.py")
    exec(compile(source, path, "exec"), {"__name__": "LungCAD.panels.invented"})
    (incident,) = incidents.take()
    assert "invented.py started a thread" in incident


def shortcut(key, heard):
    made = qt.QShortcut(qt.QKeySequence(key), slicer.util.mainWindow())
    made.connect("activated()", lambda: heard.append(key))
    return made


def test_free_keys_fire_and_taken_ones_do_not(slicer_app):
    heard = []
    made = [shortcut(key, heard) for key in ("A", "Shift+N", "Z", "3", "Ctrl+Z")]
    for key in ("A", "Shift+N", "Z", "3", "Ctrl+Z"):
        host.press(key)
    assert heard == ["A", "Shift+N"]
    for each in made:
        each.setParent(None)


def test_keys_belong_to_the_line_edit_while_somebody_types(slicer_app):
    heard = []
    made = shortcut("A", heard)
    line = qt.QLineEdit()
    layout = slicer.util.mainWindow().centralWidget().layout()
    layout.addWidget(line)
    line.show()
    host.press("A", focus=line)
    assert (line.text, heard) == ("a", [])
    layout.removeWidget(line)
    made.setParent(None)
    line.setParent(None)
