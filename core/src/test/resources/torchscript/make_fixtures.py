"""Write the TorchScript files of this folder, a few KB each: python make_fixtures.py FOLDER (PyTorch 2.x, x86)."""
import enum
import sys
import warnings
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.ao.quantization as quantization
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)
folder = sys.argv[1]
image = torch.randn(2, 3, 8, 8)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 3, padding=1)
        self.b = nn.BatchNorm2d(4)
        self.f = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.b(self.c(x)))
        return self.f(torch.nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Color(enum.Enum):
    RED = 1
    GREEN = 2


class Pair(NamedTuple):
    first: torch.Tensor
    count: int


class Rich(nn.Module):
    sizes: List[int]
    nothing: Optional[int]

    def __init__(self):
        super().__init__()
        self.color = Color.RED
        self.names = {"a": 1, "b": 2}
        self.weights = [0.5, 2.0]
        self.mixed = (1, "x", True)
        self.sizes = [1, 2, 3]
        self.nothing = None
        self.imaginary = 1j
        self.place = torch.device("cpu")
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 3))])
        self.tied = self.layers[0]
        self.register_buffer("scale", torch.arange(6.0).view(2, 3).t()[:, :1].squeeze(1))

    def pair(self, x: torch.Tensor) -> Pair:
        return Pair(x * self.scale, len(self.sizes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.mean([2, 3])
        if self.color == Color.GREEN:
            x = x + 1
        for layer in self.layers:
            x = layer(x)
        with torch.no_grad():
            first, count = self.pair(x)
            x = first / count
        for size in self.sizes:
            x = x + size % 2
        if self.nothing is not None:
            x = x * 2
        if x.dim() != 2:
            raise ValueError("expected 2 dimensions, found {}".format(x.dim()))
        return x * self.weights[self.names["a"]] + float(self.mixed[0])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 4, 4, stride=4)
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.rnn = nn.GRU(4, 3, batch_first=True)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = self.layer(x)
        return self.rnn(x)[0][:, -1]


class Quantized(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = quantization.QuantStub()
        self.c = nn.Conv2d(3, 4, 3)
        self.r = nn.ReLU()
        self.f = nn.Linear(4, 3)
        self.d = quantization.DeQuantStub()

    def forward(self, x):
        return self.d(self.f(self.r(self.c(self.q(x))).mean([2, 3])))


def save(name, module, extra=None):
    torch.jit.save(module, f"{folder}/{name}.pt", _extra_files=extra or {})


small = Small().eval()
save("scripted", torch.jit.script(small))
save("traced", torch.jit.trace(small, image), {"classes": '["a","b","c"]', "image_size": "8x8"})
save("frozen", torch.jit.freeze(torch.jit.script(small)))
save("rich", torch.jit.script(Rich().eval()))
save("attention", torch.jit.trace(Attention().eval(), image, check_trace=False))
torch.backends.quantized.engine = "fbgemm"
quantized = Quantized().eval()
quantized.qconfig = quantization.get_default_qconfig("fbgemm")
quantization.prepare(quantized, inplace=True)
quantized(image)
quantization.convert(quantized, inplace=True)
save("quantized", torch.jit.script(quantized))
