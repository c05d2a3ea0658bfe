"""Write the PyTorch checkpoints that the tests of dev.limbeck.weights read, and expected.json with their values.

Run in this folder by a Python with torch, numpy and safetensors; made with torch 2.13.
"""

import collections
import json

import numpy
import safetensors.torch
import torch

torch.manual_seed(7)

TYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64,
         torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]


def every_type():
    ramp = torch.tensor([-3.5, 0, 1, 2.25, 100, 7]).reshape(2, 3)
    entries = [(str(t).removeprefix("torch."), ramp.abs().to(t) if t == torch.uint8 else ramp.to(t)) for t in TYPES]
    return collections.OrderedDict(entries + [("scalar", torch.tensor(42)), ("empty", torch.zeros(0, 4))])


def views():
    base = torch.arange(24.0)
    grid = base.reshape(4, 6)
    parameter = torch.nn.Parameter(torch.tensor([1.5, -2.5]))
    marked = torch.nn.Parameter(torch.tensor([[9.0]]))
    marked.note = "a Python attribute"
    return {
        "transposed": grid.t(),
        "column": grid[:, 2],
        "offset": base[5:9],
        "stepped": grid[1::2, ::3],
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3),
        "channels_last": torch.arange(16.0).reshape(1, 2, 2, 4).contiguous(memory_format=torch.channels_last),
        "parameter": parameter,
        "tied": parameter,
        "marked": marked,
    }


def training():
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, bias=False), torch.nn.BatchNorm2d(2), torch.nn.Flatten())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.randn(2, 1, 5, 5)).square().mean().backward()
    optimizer.step()
    parallel = collections.OrderedDict(("module." + k, v) for k, v in model.state_dict().items())
    checkpoint = {
        "epoch": 3, "best": torch.tensor(0.5), "arch": "tiny", "accuracy": numpy.float64(81.5), "dtype": torch.float16,
        "size": torch.Size([1, 2]), "device": torch.device("cpu"), "kinds": {"cat", "dog"}, "nothing": None,
        "big": 2**70, "optimizer": optimizer.state_dict(), "model_ema": {"weight": torch.zeros(1)},
        "state_dict": parallel,
    }
    return checkpoint, model.state_dict()


def plain(state):
    return {
        name: {
            "dtype": str(t.dtype).removeprefix("torch."),
            "shape": list(t.shape),
            "values": [float(x) for x in t.detach().double().flatten()],
        }
        for name, t in state.items()
    }


def save(value, name, **options):
    torch.save(value, name + ".zip.pt", **options)
    torch.save(value, name + ".legacy.pt", _use_new_zipfile_serialization=False, **options)


checkpoint, trained = training()
save(every_type(), "types")
save(views(), "views")
save(checkpoint, "training")
save(every_type(), "types-protocol4", pickle_protocol=4)
torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), "whole-model.zip.pt")
torch.jit.script(torch.nn.Linear(2, 2)).save("scripted.pt")
expected = {"types": plain(every_type()), "views": plain(views()), "training": plain(trained)}
contiguous = {name: tensor.contiguous() for name, tensor in every_type().items()}
safetensors.torch.save_file(contiguous, "types.safetensors", metadata={"made by": "the format's own library"})
expected["types-protocol4"] = expected["types"]
with open("expected.json", "w") as file:
    json.dump(expected, file, indent=1, sort_keys=False)
    file.write("\n")
