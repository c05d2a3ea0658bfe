"""Write one network's checkpoint in the forms that training programs leave, with PyTorch's answers beside them.

Usage: checkpoint-forms.py ARCHITECTURE OUT [FIRST:LAST]    (torch and torchvision; made with 2.13 and 0.28)

OUT/expected.pt holds input and output; each other file is one form, and NAME.key beside it the --weights-key it needs.
The weights are random, the statistics of batch norms too, so that nothing has to be downloaded.
"""
import argparse, collections, copy, datetime, pathlib, random, re, struct, sys, types, uuid
import json
import numpy as np
import torch


def torchvision_models():
    """Import the networks also where torchvision's compiled operators, which they do not use, do not load."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for _ in range(100):
        try:
            from torchvision import models
            return models, library
        except RuntimeError as error:
            missing = re.search(r"operator torchvision::(\w+) does not exist", str(error))
            if not missing:
                raise
            library.define(missing.group(1) + "(Tensor x) -> Tensor")
            for name in [name for name in sys.modules if name.startswith("torchvision")]:
                del sys.modules[name]
    raise RuntimeError("torchvision cannot be imported")


models, kept = torchvision_models()
name, out = sys.argv[1], pathlib.Path(sys.argv[2])
chosen = slice(*(int(part) if part else None for part in sys.argv[3].split(":"))) if len(sys.argv) > 3 else slice(None)
out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(3)
np.random.seed(3)
model = getattr(models, name)(num_classes=7).eval()
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.running_mean.normal_(0, 0.1)
        module.running_var.uniform_(0.5, 1.5)
        torch.nn.init.uniform_(module.weight, 0.7, 1.3)
state = model.state_dict()
side = 224 if name.startswith("vit") else 96
images = torch.randn(4, 3, side, side)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
other = collections.OrderedDict((key, value + 1 if value.is_floating_point() else value) for key, value in state.items())
first = next(iter(state)).split(".")[0]


def under(prefix, tensors=state):
    return collections.OrderedDict((prefix + key, value) for key, value in tensors.items())


def converted(change):
    return {key: change(value) if value.is_floating_point() else value for key, value in state.items()}


def stand_in(module, class_name, base=object):
    """Make a class that pickles under a library's name, where the library is not installed."""
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[: i + 1]), types.ModuleType(".".join(parts[: i + 1])))
    made = type(class_name, (base,), {"__module__": module, "__qualname__": class_name})
    setattr(sys.modules[module], class_name, made)
    return made


def filled(made, **attributes):
    made.__dict__.update(attributes)
    return made


def attribute_dict(module, class_name, **entries):
    return stand_in(module, class_name, dict)(**entries)


def lightning(tensors, **more):
    return {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.4.0", "state_dict": tensors, "loops": {},
            "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.9)}},
            "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [scheduler.state_dict()], **more}


def safetensors(tensors, path, metadata=None):
    header, at, data = {"__metadata__": metadata} if metadata else {}, 0, []
    types_ = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64", torch.float8_e4m3fn: "F8_E4M3"}
    for key in sorted(tensors):
        raw = tensors[key].contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[key] = {"dtype": types_[tensors[key].dtype], "shape": list(tensors[key].shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        data.append(raw)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


class Mapped(torch.nn.Module):
    """A network behind a normalization, as people wrap one."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.net = model


Dict, List, Metadata = (stand_in("omegaconf." + m, c) for m, c in
                        (("dictconfig", "DictConfig"), ("listconfig", "ListConfig"), ("base", "ContainerMetadata")))
parts = [key.rsplit(".", 1) for key in state]
inside = collections.OrderedDict((f"{a}._orig_mod.{b}", value) for (a, b), value in zip(parts, state.values()))
split = collections.OrderedDict((re.sub(rf"^{first}\.", first + ".module.", key), value) for key, value in state.items())
counts = {re.sub(r"\.[^.]+$", ".total_ops", key): torch.zeros(1, dtype=torch.float64) for key in state}
sparse = torch.eye(3).to_sparse()
FORMS = {
    "plain.pth": state,
    "state_dict.pth": {"epoch": 3, "arch": name, "state_dict": state, "best_acc1": torch.tensor(71.5), "optimizer": optimizer.state_dict()},
    "model_state_dict.pth": {"model_state_dict": state, "optimizer_state_dict": optimizer.state_dict(), "loss": torch.tensor(0.1)},
    "network.pth": {"network": state},
    "nested.pth": {"checkpoint": {"trainer": {"model": state}}},
    "pair.pth": (state, {"lr": 0.1}),
    "list.pth": [3, state],
    "data_parallel.pth": under("module."),
    "twice_parallel.pth": {"state_dict": under("module.module.")},
    "compiled.pth": under("_orig_mod."),
    "parallel_compiled.pth": under("module._orig_mod."),
    "compiled_parallel.pth": {"model": under("_orig_mod.module.")},
    "part_parallel.pth": split,
    "compiled_inside.pth": inside,
    "checkpointed_inside.pth": collections.OrderedDict((key.replace("_orig_mod", "_checkpoint_wrapped_module"), value) for key, value in inside.items()),
    "fsdp.pth": under("_fsdp_wrapped_module."),
    "lightning.ckpt": lightning(under("model.")),
    "lightning_loss.ckpt": lightning({**under("net."), "criterion.weight": torch.ones(7), "metric.total": torch.tensor(3)}),
    "lightning_hparams.ckpt": lightning(under("model."), hyper_parameters=attribute_dict("lightning.fabric.utilities.data", "AttributeDict", lr=0.1)),
    "lightning_old.ckpt": lightning(under("encoder.model."), hparams=attribute_dict("pytorch_lightning.utilities.parsing", "AttributeDict", lr=0.1)),
    "backbone.pth": {"state_dict": {**under("backbone."), "projector.weight": torch.ones(4, 4)}},
    "wrapped.pth": Mapped().state_dict(),
    "sequential.pth": torch.nn.Sequential(torch.nn.Identity(), model).state_dict(),
    "swa.pth": {**under("module."), "n_averaged": torch.tensor(5)},
    "ema_only.pth": {"ema_model": under("module."), "step": 3},
    "model_ema.pth": ({"model": other, "model_ema": {"n_averaged": torch.tensor(5), **under("module.")}}, "model_ema"),
    "same_ema.pth": {"model": state, "model_ema": copy.deepcopy(state)},
    "state_dict_ema.pth": ({"state_dict": state, "state_dict_ema": other, "version": 2}, "state_dict"),
    "student_teacher.ckpt": (lightning({**under("student."), **under("teacher.", other)}), "state_dict.student"),
    "student_teacher_short.ckpt": (lightning({**under("student.", other), **under("teacher.")}), "teacher"),
    "best_last.pth": ({"best": state, "last": other}, "best"),
    "discriminator.pth": {"G": state, "D": {"conv.weight": torch.ones(3, 3), "conv.bias": torch.ones(3)}},
    "thop.pth": {**state, **counts, "total_ops": torch.zeros(1), "total_params": torch.zeros(1)},
    "no_counters.pth": {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")},
    "parameters.pth": {**state, **dict(model.named_parameters())},
    "multistep.pth": {"model": state, "lr_scheduler": scheduler.state_dict()},
    "whole_optimizer.pth": {"model": state, "optimizer": torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))]), "criterion": torch.nn.CrossEntropyLoss()},
    "numpy.pth": {"net": state, "acc": np.float64(0.9), "n": np.int64(3), "losses": np.linspace(1, 0, 5), "type": np.float32, "dtype": np.dtype("f4")},
    "numpy_objects.pth": {"net": state, "names": np.array(["cat", "dog"], dtype=object), "dates": np.array(["2024-01-02"], "datetime64[D]"), "flags": np.array([True])},
    "random_states.pth": {"state_dict": state, "rng": {"numpy": np.random.get_state(), "torch": torch.get_rng_state(), "python": random.getstate(),
                          "generator": np.random.default_rng(3), "old": np.random.RandomState(3), "bits": np.random.PCG64(3), "random": random.Random(3)}},
    "namespace.pth": {"state_dict": state, "args": argparse.Namespace(output=pathlib.PosixPath("/out"), lr=0.1, betas=(0.9, 0.99), nested=argparse.Namespace(x=1))},
    "simple_namespace.pth": {"state_dict": state, "args": types.SimpleNamespace(win=pathlib.PureWindowsPath("C:/x"), posix=pathlib.PurePosixPath("/x"))},
    "when.pth": {"state_dict": state, "at": datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc), "took": datetime.timedelta(hours=1),
                 "day": datetime.date(2024, 1, 2), "time": datetime.time(3, 4), "id": uuid.UUID(int=7)},
    "collections.pth": {"state_dict": state, "history": collections.defaultdict(list, {"loss": [1.0]}), "count": collections.Counter("aab"),
                        "last": collections.deque([1, 2], 5), "set": {1, 2}, "frozen": frozenset({3}), "bytes": bytearray(b"x"), "slice": slice(1, 2),
                        "range": range(3), "complex": 1 + 2j, "ellipsis_free": None, "by_type": {torch.float32: 1, torch.float16: 2}},
    "weights_in_defaultdict.pth": {"models": collections.defaultdict(dict, {"net": collections.defaultdict(None, state)})},
    "config.pth": {"model": state, "cfg": filled(Dict(), _content={"lr": 0.1, "sizes": filled(List(), _content=[1])}, _metadata=filled(Metadata(), ref_type=dict)),
                   "easy": attribute_dict("easydict", "EasyDict", a=1), "addict": attribute_dict("addict.addict", "Dict", a=1),
                   "yacs": attribute_dict("yacs.config", "CfgNode", a=1), "mm": attribute_dict("mmengine.config.config", "ConfigDict", a=1)},
    "fastai.pth": {"model": state, "opt": {"state": [{}], "hypers": filled(stand_in("fastcore.foundation", "L")(), items=[{"lr": 0.1}])}},
    "torch_values.pth": {"state_dict": state, "size": torch.Size([1, 2]), "device": torch.device("cpu"), "dtype": torch.float16, "version": torch.__version__, "generator_state": torch.Generator().get_state()},
    "odd_tensors.pth": {"state_dict": state, "complex": torch.ones(3, dtype=torch.complex64), "float8": torch.ones(3).to(torch.float8_e4m3fn),
                        "uint16": torch.ones(3, dtype=torch.uint16), "uint64": torch.ones(3, dtype=torch.uint64), "sparse": sparse, "csr": torch.eye(3).to_sparse_csr(),
                        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), "meta": torch.ones(3, device="meta")},
    "double.pth": converted(torch.Tensor.double),
    "channels_last.pth": {key: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value for key, value in state.items()},
    "legacy.th": {"state_dict": under("module."), "best_prec1": 92.6, "odd": torch.ones(3, dtype=torch.complex64), "float8": torch.ones(3).to(torch.float8_e5m2)},
    "protocol4.pth": {"model": state, "args": argparse.Namespace(lr=0.1), "bytes": bytearray(300)},
    "protocol5.pth": {"model": state, "losses": np.linspace(1, 0, 5), "bytes": bytearray(300)},
    "half.pth": converted(torch.Tensor.half),
    "bfloat16.pth": converted(torch.Tensor.bfloat16),
    "plain.safetensors": state,
    "prefixed.safetensors": under("module.model."),
    "beside.safetensors": {**under("model."), "scale": torch.ones(3).to(torch.float8_e4m3fn), "n_averaged": torch.tensor(5)},
    "keyed.safetensors": ({**under("ema."), **under("online.", other)}, "ema"),
}
if __name__ == "__main__":
    expected = {"input": images}
    with torch.no_grad():
        expected["output"] = model(images)
        # Weights of fewer bits are compared with PyTorch's answers by the same weights.
        for file in ("half.pth", "bfloat16.pth"):
            rounded = copy.deepcopy(model)
            rounded.load_state_dict(FORMS[file])
            expected["output of " + file] = rounded(images)
    torch.save(expected, out / "expected.pt")
    for file in list(FORMS)[chosen]:
        what = FORMS[file]
        if isinstance(what, tuple) and isinstance(what[1], str):
            what, key = what
            (out / (file + ".key")).write_text(key)
        if file.endswith(".safetensors"):
            safetensors(what, out / file, {"format": "pt"})
        elif file == "legacy.th":
            torch.save(what, out / file, _use_new_zipfile_serialization=False)
        else:
            torch.save(what, out / file, pickle_protocol=int(re.search(r"protocol(\d)|$", file).group(1) or 2))
