"""A stream worked on by several threads or processes."""

import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import SimpleITK as sitk

from LungCAD.errors import Cancelled
from LungCAD.parallel import cores, process_map, thread_map


def test_results_come_in_order():
    def slow_when_even(n):
        time.sleep(0.004 * (n % 2 == 0))
        return n * n

    assert list(thread_map(slow_when_even, range(50), workers=4, ahead=8)) == [n * n for n in range(50)]


def test_no_more_is_taken_from_the_stream_than_allowed():
    taken = []

    def stream():
        for n in range(1000):
            taken.append(n)
            yield n

    for result in thread_map(lambda n: n, stream(), workers=2, ahead=5):
        assert len(taken) <= result + 6
        if result == 20:
            break


def test_it_works_on_several_at_once():
    meeting = threading.Barrier(3, timeout=5)
    assert len(list(thread_map(lambda _: meeting.wait(), range(3), workers=3, ahead=4))) == 3


def test_an_error_comes_at_its_turn():
    results = []
    with pytest.raises(ZeroDivisionError):
        results.extend(thread_map(lambda n: 1 / (n - 3), range(10), workers=2, ahead=4))
    assert results == [-1 / 3, -1 / 2, -1]


def test_an_empty_stream():
    assert list(thread_map(str, [], workers=1, ahead=1)) == []


def test_processes_give_results_in_order_and_tell_progress():
    told = []
    found = list(process_map(abs, range(-5, 5), 2, lambda *what: told.append(what), "Counting"))
    assert found == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]
    assert told[0] == (0.0, "Counting")
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert told[-1][0] == 1.0


def test_they_are_other_processes_that_share_the_cores():
    found = set(process_map(_who, range(4), 2))
    assert all(process != os.getpid() for process, _ in found)
    assert {threads for _, threads in found} == {max(1, cores() // 2)}


def _who(_):
    return os.getpid(), sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_process_comes_at_its_turn(workers):
    found = []
    with pytest.raises(ValueError, match="domain"):
        found.extend(process_map(math.sqrt, [4, 9, -1, 16], workers))
    assert found == [2, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_who_cancels_waits_for_nothing_more(workers):
    def progress(fraction, message):
        if fraction > 0:
            raise Cancelled

    found = []
    with pytest.raises(Cancelled):
        found.extend(process_map(abs, range(100), workers, progress))
    assert found == [0]


def test_one_worker_works_here():
    assert list(process_map(lambda n: n + os.getpid(), range(2), 1)) == [os.getpid(), os.getpid() + 1]


@pytest.mark.parametrize("where", ["for _ in results: pass", "next(results); time.sleep(90)"])
def test_who_stops_does_not_wait_for_what_the_processes_are_at(tmp_path, where):
    """A signal to the parent alone, as containers send it: they would sleep for a minute and a half."""
    script = tmp_path / "begin.py"
    script.write_text(
        "import signal, sys, time\n"
        "from LungCAD.parallel import process_map\n"
        "def told(fraction, message):\n"
        "    print(fraction, flush=True)\n"
        "def work():\n"
        "    results = process_map(time.sleep, [0, 90, 90, 90], 2, told)\n"
        f"    {where}\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "    try:\n"
        "        work()\n"
        "    except KeyboardInterrupt:\n"
        "        print('stopped', file=sys.stderr)\n",
        encoding="utf-8",
    )
    begun = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
    )
    assert begun.stdout.readline().startswith("0")
    if "sleep" not in where:
        begun.stdout.readline()  # the first is done, the next two are asleep
    time.sleep(1.0)
    begun.terminate()
    _, said = begun.communicate(timeout=45)
    assert said == "stopped\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_processes_do_not_outlive_who_began_them(tmp_path):
    script = tmp_path / "begin.py"
    script.write_text(
        "import os\n"
        "from LungCAD.parallel import process_map\n"
        "def who(n):\n"
        "    return os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    for process in process_map(who, range(4), 2):\n"
        "        print(process, flush=True)\n"
        "        input()\n",
        encoding="utf-8",
    )
    begun = subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert begun.stdout.readline(), "they work"
    begun.kill()
    begun.communicate(timeout=20)  # ends when the last that writes there has ended
