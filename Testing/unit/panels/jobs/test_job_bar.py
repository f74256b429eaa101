"""What the user sees of a job: buttons, progress, one sentence, the log."""

from __future__ import annotations

import pytest

from LungCAD.errors import InputError


@pytest.fixture
def bar(runner, run_loop):
    """A bar that has not been used yet."""
    from LungCAD.panels.job_bar import JobBar

    clicks = []
    bar = JobBar(runner, apply=lambda: clicks.append(1))
    bar.clicks = clicks
    bar.widget.show()
    yield bar
    bar.close()


def labels_on_display(bar):
    """Return the labels that a user can see."""
    import qt

    return [label for label in bar.widget.findChildren(qt.QLabel) if label.visible]


def ignore(result):
    """Show nothing."""


def test_apply_is_off_while_there_is_a_problem_and_says_which(bar):
    assert bar.apply_button.enabled
    bar.problem = "CT: choose a volume."
    assert not bar.apply_button.enabled
    assert bar.apply_button.toolTip == "CT: choose a volume."
    bar.problem = ""
    bar.apply_button.click()
    assert bar.clicks == [1]


def test_a_job_from_start_to_end(bar, run_loop):
    results = []
    bar.run("echo", {}, {"x": 1}, results.append)
    assert bar.is_running
    assert bar.cancel_button.enabled
    assert not bar.apply_button.enabled
    run_loop(lambda: not bar.is_running)
    assert results[0].data == {"x": 1}
    assert bar.apply_button.enabled
    assert not bar.cancel_button.enabled
    assert bar.status == "Done"
    assert "printed by Python" in bar.log_text


def test_an_error_is_shown_and_told(bar, run_loop):
    told = []
    bar.run("refuse", {}, {}, ignore, told.append)
    run_loop(lambda: not bar.is_running)
    assert isinstance(told[0], InputError)
    assert bar.status == "drawn regions: are empty. Draw something."
    assert bar.apply_button.enabled


def test_cancel_by_its_button(bar, run_loop):
    bar.run("work", {}, {"seconds": 60}, ignore)
    run_loop(lambda: bar.status == "Working")
    assert "Working" in [label.text for label in labels_on_display(bar)]
    bar.cancel_button.click()
    assert not bar.is_running
    assert bar.status == "Cancelled"


def test_a_result_is_shown_in_steps_that_belong_to_the_job(bar, run_loop):
    seen = []

    def show(result):
        for step in range(5):
            seen.append(step)
            assert bar.is_running
            yield step / 5

    bar.run("echo", {}, {}, show)
    run_loop(lambda: not bar.is_running)
    assert seen == list(range(5))
    assert bar.status == "Done"


@pytest.fixture
def showing(bar, run_loop):
    """A bar that does not come to the end of showing a result."""

    def show(result):
        while True:
            yield 0.5

    bar.run("echo", {}, {}, show)
    run_loop(lambda: bar.status == "Showing the result")
    return bar


def test_cancel_stops_the_showing(showing, runner):
    pid = runner.worker_pid
    assert not showing.apply_button.enabled
    showing.cancel_button.click()
    assert not showing.is_running
    assert not runner.is_busy
    assert showing.status == "Cancelled"
    assert runner.worker_pid == pid  # it has done its work


def test_nothing_starts_while_a_result_is_shown(showing, runner, make_listener):
    from LungCAD.panels.job_bar import JobBar

    other = JobBar(runner, apply=lambda: None)
    assert not other.apply_button.enabled
    for start in (
        lambda: showing.run("echo", {}, {}, ignore),
        lambda: other.run("echo", {}, {}, ignore),
        lambda: runner.start("echo", {}, {}, make_listener()),
    ):
        with pytest.raises(ValueError, match="another job"):
            start()
    assert showing.is_running
    assert showing.cancel_button.enabled
    showing.cancel()
    assert other.apply_button.enabled
    other.close()


def test_a_job_that_runs_is_unharmed_by_a_second_one(bar, run_loop):
    results = []
    bar.run("echo", {}, {"x": 1}, results.append)
    with pytest.raises(ValueError, match="another job"):
        bar.run("echo", {}, {"x": 2}, ignore)
    run_loop(lambda: not bar.is_running)
    assert [result.data for result in results] == [{"x": 1}]


def test_where_showing_went_wrong_is_in_the_log(bar, run_loop):
    def show(result):
        yield 0.5
        raise KeyError("shape")

    bar.run("echo", {}, {}, show)
    run_loop(lambda: not bar.is_running)
    assert "The log tells where" in bar.status
    assert "in show" in bar.log_text


@pytest.mark.parametrize("in_steps", [True, False])
def test_a_result_that_cannot_be_shown_is_an_error_like_others(bar, run_loop, in_steps):
    def show_in_steps(result):
        yield 0.5
        raise InputError("CT", "was moved", "Run it again")

    def show(result):
        raise InputError("CT", "was moved", "Run it again")

    told = []
    bar.run("echo", {}, {}, show_in_steps if in_steps else show, told.append)
    run_loop(lambda: not bar.is_running)
    assert bar.status == "CT: was moved. Run it again."
    assert len(told) == 1


def test_another_modules_job_keeps_apply_off(bar, runner, run_loop, make_listener):
    listener = make_listener()
    runner.start("work", {}, {"seconds": 60}, listener)
    assert not bar.apply_button.enabled
    assert bar.apply_button.toolTip == "Another module is computing"
    with pytest.raises(ValueError, match="another job"):
        bar.run("echo", {}, {}, ignore)
    bar.cancel()  # not its own
    assert not listener.ends
    runner.cancel()
    assert bar.apply_button.enabled


def test_the_memory_of_the_worker_is_told(bar, run_loop):
    bar.run("brood", {}, {"seconds": 1.5}, ignore)
    run_loop(lambda: not bar.is_running)
    assert "GB of memory used" in bar.memory_text
