"""The learning rate rises, then falls to nothing, however short the training is."""

import pytest
import torch

from LungCAD.train.schedule import rise_and_fall


def course(schedule, optimizer, steps):
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def new_optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)


@pytest.mark.parametrize("rise", [0.1, 0.5])
@pytest.mark.parametrize("steps", [1, 2, 3, 9, 10, 11, 20, 100])
def test_rises_and_falls_whatever_the_length(steps, rise):
    optimizer = new_optimizer()
    rates = course(rise_and_fall(optimizer, 0.01, steps, rise), optimizer, steps)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert top <= max(1, rise * steps) and rates[-1] < 1e-6
    assert steps < 3 or max(rates) > 0.007


def test_is_torchs_one_cycle_where_that_can_be_had():
    ours, torchs = new_optimizer(), new_optimizer()
    peer = torch.optim.lr_scheduler.OneCycleLR(torchs, 0.02, total_steps=57, pct_start=0.1)
    assert course(rise_and_fall(ours, 0.02, 57), ours, 57) == course(peer, torchs, 57)
