import pytest
import torch
from torch import nn

from LungCAD.networks import VGG19, AlexNet, InceptionV3
from LungCAD.saliency import grad_cam
from LungCAD.tasks.cpa.networks import EXPLAINED


class Pooled(nn.Module):
    """Convolution, ReLU, mean over the image, linear: the case where Grad-CAM is known in closed form."""

    def __init__(self, classes=3, channels=5):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.ReLU(inplace=True))
        self.last = nn.Linear(channels, classes)

    def forward(self, images):
        return self.last(self.maps(images).mean((2, 3)))


class Shared(Pooled):
    """Uses one activation twice."""

    def __init__(self):
        super().__init__()
        self.again = nn.ReLU()

    def forward(self, images):
        return self.last(self.again(self.again(self.maps(images))).mean((2, 3)))


@pytest.fixture
def images():
    return torch.randn(4, 3, 6, 7, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def pooled():
    torch.manual_seed(1)
    return Pooled().eval()


def hooks(network):
    return sum(len(module._forward_hooks) + len(module._backward_hooks) for module in network.modules())


def test_closed_form_after_mean_pooling(pooled, images):
    """There d y / d A = w / Z at every place, so eq. (1) is relu(sum_k w_k A_k) / Z."""
    heat = grad_cam(pooled, images, 2, pooled.maps[1])
    with torch.no_grad():
        expected = torch.einsum("k,nkyx->nyx", pooled.last.weight[2], pooled.maps(images)).relu() / (6 * 7)
    assert heat.dtype == torch.float32
    torch.testing.assert_close(heat, expected)


def test_hand_calculation():
    """One map of values 1, 2, 3, 4 with weight 3 beside one of 4, 3, 2, 1 with weight -1."""
    network = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)).eval()
    with torch.no_grad():
        network[3].weight.copy_(torch.tensor([[0.0, 0.0], [3.0, -1.0]]))
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[4.0, 3.0], [2.0, 1.0]]]])
    expected = torch.tensor([[[0.0, 3.0], [7.0, 11.0]]]) / 4
    torch.testing.assert_close(grad_cam(network, maps, 1, network[0]), expected)
    against = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]) / 4
    torch.testing.assert_close(grad_cam(network, maps, 1, network[0], counterfactual=True), against)


@pytest.mark.parametrize("score", ["logit", "softmax"])
def test_equals_finite_differences(score, images):
    """The head is run on disturbed maps, one number at a time: no gradient of torch is used."""
    torch.manual_seed(3)
    head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 6 * 7, 8), nn.Tanh(), nn.Linear(8, 2)).double()
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), head).double().eval()
    images = images[:1].double()
    heat = grad_cam(network, images, 1, network[0], score=score)
    with torch.no_grad():
        maps = network[0](images)

        def y(values):
            logits = head(values)
            return (logits if score == "logit" else logits.softmax(1))[0, 1]

        weights = []
        for k in range(4):
            slopes = []
            for i in range(6):
                for j in range(7):
                    step = torch.zeros_like(maps)
                    step[0, k, i, j] = 1e-5
                    slopes.append((y(maps + step) - y(maps - step)) / 2e-5)
            weights.append(torch.stack(slopes).mean())
        expected = sum(weight * maps[:, k] for k, weight in enumerate(weights)).relu()
    torch.testing.assert_close(heat, expected.float(), rtol=1e-4, atol=1e-7)


def test_one_class_per_image_and_independent_of_the_batch(pooled, images):
    targets = torch.tensor([0, 1, 2, 1])
    together = grad_cam(pooled, images, targets, pooled.maps[0])
    alone = [grad_cam(pooled, images[i : i + 1], int(targets[i]), pooled.maps[0]) for i in range(4)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_map_and_counterfactual_are_both_halves_of_one_sum(pooled, images):
    """Before the next layer works in place: the convolution's own output has negative values."""
    layer = pooled.maps[0]
    both = grad_cam(pooled, images, 0, layer) - grad_cam(pooled, images, 0, layer, counterfactual=True)
    maps = nn.functional.conv2d(images, layer.weight, layer.bias, padding=1)
    slopes = pooled.last.weight[0][None] * (maps > 0).float().mean((2, 3)) / (6 * 7)
    torch.testing.assert_close(both, torch.einsum("nk,nkyx->nyx", slopes, maps).detach())


def test_full_size_network_of_another_layout():
    torch.manual_seed(0)
    network = AlexNet(2, width=0.1).eval()
    images = torch.randn(2, 3, 64, 80)
    heat = grad_cam(network, images, 1, network.features[-2])
    maps = network.features[:-1](images).detach().requires_grad_()
    logits = network.classifier(network.avgpool(network.features[-1](maps)).flatten(1))
    logits[:, 1].sum().backward()
    expected = (maps.grad.mean((2, 3), keepdim=True) * maps).sum(1).relu().detach()
    assert expected.max() > 0
    torch.testing.assert_close(heat, expected)


def test_inside_inference_mode_and_without_gradients_of_parameters(pooled, images):
    expected = grad_cam(pooled, images, 0, pooled.maps[1])
    for weight in pooled.parameters():
        weight.requires_grad_(False)
    with torch.inference_mode():
        heat = grad_cam(pooled, images + 0, 0, pooled.maps[1])
    torch.testing.assert_close(heat, expected)


def test_leaves_no_trace(pooled, images):
    before = images.clone()
    output = pooled(images)
    grad_cam(pooled, images, 0, pooled.maps[1])
    assert hooks(pooled) == 0
    assert all(weight.grad is None for weight in pooled.parameters())
    assert not images.requires_grad
    torch.testing.assert_close(images, before)
    torch.testing.assert_close(pooled(images), output)


def test_no_hook_is_left_after_an_error(pooled, images):
    with pytest.raises(RuntimeError):
        grad_cam(pooled, images[:, :2], 0, pooled.maps[1])
    with pytest.raises(IndexError):
        grad_cam(pooled, images, 7, pooled.maps[1])
    assert hooks(pooled) == 0


def test_bad_arguments_are_named(pooled, images):
    with pytest.raises(ValueError, match="layer: ran 0 times"):
        grad_cam(pooled, images, 0, nn.ReLU())
    with pytest.raises(ValueError, match="layer: gives 2 axes"):
        grad_cam(pooled, images, 0, pooled.last)
    shared = Shared().eval()
    with pytest.raises(ValueError, match="layer: ran 2 times"):
        grad_cam(shared, images, 0, shared.again)
    with pytest.raises(ValueError, match="score"):
        grad_cam(pooled, images, 0, pooled.maps, score="probability")
    with pytest.raises(ValueError, match="target"):
        grad_cam(pooled, images, torch.tensor([0, 1]), pooled.maps)
    with pytest.raises(ValueError, match="training mode"):
        grad_cam(pooled.train(), images, 0, pooled.maps)


def test_inception():
    """Its branches are joined, its layers work in place, and it normalises batches."""
    torch.manual_seed(0)
    network = InceptionV3(2, head="dense").eval()
    images = torch.randn(2, 3, 80, 96)
    heat = grad_cam(network, images, 0, network.Mixed_7b)
    caught = []
    hook = network.Mixed_7b.register_forward_hook(lambda _module, _input, output: caught.append(output))
    logits = network(images)
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[:, 0].sum(), caught[0])
    expected = (gradient.mean((2, 3), keepdim=True) * caught[0]).sum(1).relu().detach()
    assert heat.shape == caught[0].shape[:1] + caught[0].shape[2:]
    assert expected.max() > 0
    torch.testing.assert_close(heat, expected)
    assert hooks(network) == 0


@pytest.mark.parametrize("depth", ["final", "earlier", "earliest"])
@pytest.mark.parametrize(
    ("name", "network", "side"),
    [
        ("vgg19", lambda: VGG19(2, width=1 / 8, head="flat"), 64),
        ("inception_v3", lambda: InceptionV3(2, head="dense", width=1 / 8), 139),
    ],
)
def test_equals_monai(name, network, side, depth):
    """On the layers that are asked for signs of aspergillosis, some of which a rectifier overwrites."""
    monai = pytest.importorskip("monai.visualize")
    torch.manual_seed(4)
    network, images = network(), torch.randn(3, 3, side, side)
    for normalisation in (each for each in network.modules() if isinstance(each, nn.BatchNorm2d)):
        normalisation.momentum = None
    with torch.no_grad():
        network(images)  # statistics, without which the last maps are 0
    network.eval()
    layer = EXPLAINED[name][depth](network)
    peer = monai.GradCAM(network, next(key for key, module in network.named_modules() if module is layer))
    heats = [grad_cam(network, images, target, layer) for target in (0, 1)]
    for target, heat in enumerate(heats):
        expected = peer.compute_map(images, class_idx=target)[:, 0].detach()
        torch.testing.assert_close(heat, expected, rtol=1e-4, atol=1e-5 * float(expected.max()))
    assert all((heat > 0).any() for heat in heats)
