"""A job does not outlive the nodes that it works on."""

from __future__ import annotations

import pytest


@pytest.fixture
def cancelled(slicer_app):
    """How often the guard has cancelled."""
    return []


@pytest.fixture
def guard(cancelled):
    """A guard that is put to rest in the end."""
    from LungCAD.panels.job_guard import JobGuard

    guard = JobGuard(lambda: cancelled.append(1))
    yield guard
    guard.rest()


@pytest.fixture
def add_node(slicer_app):
    """A function that adds a volume node."""
    import slicer

    return lambda: slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")


def test_the_scene_closes(guard, cancelled, add_node):
    import slicer

    guard.watch([add_node()])
    slicer.mrmlScene.Clear(0)
    assert cancelled == [1]


def test_an_input_is_removed(guard, cancelled, add_node):
    import slicer

    ct, rois = add_node(), add_node()
    guard.watch([ct, rois])
    slicer.mrmlScene.RemoveNode(rois)
    assert cancelled == [1]


def test_an_input_is_removed_in_a_batch(guard, cancelled, add_node):
    import slicer

    ct = add_node()
    guard.watch([ct])
    slicer.mrmlScene.StartState(slicer.mrmlScene.BatchProcessState)
    slicer.mrmlScene.RemoveNode(ct)
    slicer.mrmlScene.EndState(slicer.mrmlScene.BatchProcessState)
    assert cancelled == [1]


def test_other_nodes_come_and_go(guard, cancelled, add_node):
    import slicer

    guard.watch([add_node()])
    slicer.mrmlScene.RemoveNode(add_node())
    assert not cancelled


def test_after_the_job_nothing_is_cancelled(guard, cancelled, add_node):
    import slicer

    ct = add_node()
    guard.watch([ct])
    guard.rest()
    slicer.mrmlScene.RemoveNode(ct)
    slicer.mrmlScene.Clear(0)
    assert not cancelled
