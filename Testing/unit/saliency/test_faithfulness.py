import numpy as np
import pytest
import torch
from torch import nn

from LungCAD.saliency import deletion, forget_cascading, grad_cam, insertion


class OnePixel(nn.Module):
    """Sure of class 1 if, and only if, one pixel is bright."""

    def forward(self, images):
        bright = images[:, 0, 2, 3] * 40 - 20
        return torch.stack([torch.zeros_like(bright), bright], 1)


@pytest.fixture
def heat():
    heat = torch.zeros(8, 8)
    heat[2, 3] = 1
    return heat


def test_the_right_map_deletes_and_inserts_at_once(heat):
    network, image = OnePixel().eval(), torch.ones(1, 8, 8)
    gone = deletion(network, image, heat, 1, steps=16)
    assert gone.probability[0] == pytest.approx(1) and gone.probability[1:].max() < 1e-6
    assert gone.area == pytest.approx(1 / 32, abs=1e-4)  # one trapezium of the sixteen
    come = insertion(network, image, heat, 1, steps=16)
    assert come.probability[0] < 1e-6 and come.probability[1:].min() > 0.999
    assert come.area == pytest.approx(1 - 1 / 32, abs=1e-4)


def test_the_wrong_map_deletes_last(heat):
    gone = deletion(OnePixel().eval(), torch.ones(1, 8, 8), -heat, 1, steps=16)
    assert gone.area == pytest.approx(1 - 1 / 32, abs=1e-4)


def test_a_flat_map_is_as_good_as_chance():
    """The pixels of a sum count alike, so every order gives one curve."""

    class Total(nn.Module):
        def forward(self, images):
            total = images.sum((1, 2, 3)) / 8 - 4
            return torch.stack([torch.zeros_like(total), total], 1)

    curve = deletion(Total().eval(), torch.ones(1, 8, 8), torch.zeros(8, 8), 1, steps=4)
    expected = 1 / (1 + np.exp(-(8 - 8 * np.linspace(0, 1, 5) - 4)))
    np.testing.assert_allclose(curve.probability, expected, rtol=1e-5)
    np.testing.assert_allclose(curve.by_chance, expected, rtol=1e-5)
    assert curve.area == pytest.approx(curve.area_by_chance)


def test_ends_of_the_curves_are_the_image_and_nothing(heat):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).eval()
    image = torch.rand(1, 8, 8)
    curves = deletion(network, image, heat, 0), insertion(network, image, heat, 0)
    with torch.inference_mode():
        full, empty = network(torch.stack([image, 0 * image])).softmax(1)[:, 0].tolist()
    assert [curves[0].probability[0], curves[1].probability[-1]] == pytest.approx([full, full])
    assert [curves[0].probability[-1], curves[1].probability[0]] == pytest.approx([empty, empty])


def test_what_stands_for_nothing(heat):
    """An empty ray of a projection is not 0 once it is prepared."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).eval()
    image, empty = torch.rand(1, 8, 8), torch.full((1, 8, 8), -1.0)
    curves = [curve(network, image, heat, 1, empty=empty) for curve in (deletion, insertion)]
    with torch.inference_mode():
        nothing = float(network(empty[None]).softmax(1)[0, 1])
    assert [curves[0].probability[-1], curves[1].probability[0]] == pytest.approx([nothing, nothing])


def test_same_seed_same_curve(heat):
    network, image = OnePixel().eval(), torch.ones(1, 8, 8)
    one, other = (deletion(network, image, 0 * heat, 1, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.probability, other.probability)
    np.testing.assert_array_equal(one.by_chance, other.by_chance)


def test_heat_of_another_size_is_refused(heat):
    with pytest.raises(ValueError, match="heat: has shape"):
        deletion(OnePixel().eval(), torch.ones(1, 8, 9), heat, 1)


@pytest.fixture
def network():
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2)).eval()


def test_maps_change_when_weights_are_forgotten(network):
    images = torch.rand(3, 1, 24, 24)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    course = forget_cascading(network, images, 1, network[2], seed=1)
    assert [step.layer for step in course] == ["6", "2", "0"]
    assert abs(course[-1].similarity) < 0.9
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, before[name])


def test_a_map_that_ignores_the_weights_is_found_out():
    """The gradient is everywhere the same and the layer passes the image on: nothing learned is shown."""

    class Edges(nn.Module):
        def __init__(self):
            super().__init__()
            self.image = nn.Identity()
            self.unused = nn.Linear(3, 3)

        def forward(self, images):
            total = self.image(images).sum((1, 2, 3))
            return torch.stack([-total, total], 1)

    network = Edges().eval()
    (step,) = forget_cascading(network, torch.rand(2, 1, 6, 6), 1, network.image)
    assert step.layer == "unused"
    assert step.similarity == pytest.approx(1)


def test_flat_maps_count_as_unlike(network):
    with torch.no_grad():
        network[2].weight.zero_(), network[2].bias.zero_()
    assert grad_cam(network, torch.rand(1, 1, 24, 24), 1, network[3]).max() == 0
    assert forget_cascading(network, torch.rand(1, 1, 24, 24), 1, network[3])[0].similarity == 0


def test_global_random_state_is_left_alone(network):
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    forget_cascading(network, torch.zeros(1, 1, 24, 24), 1, network[2], seed=3)
    torch.testing.assert_close(torch.rand(1), expected)
