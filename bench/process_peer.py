"""A process of PyTorch in a training of bench/run.sh ProcessSteps: the same network, batches and exchanges, by torch alone.

RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT as for torchrun. Arguments: VERSION STEPS BATCH SIZE OUT
"""
import hashlib
import sys

import torch
import torch.distributed as dist
from torch import nn

version, steps, batch, size, out = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
torch.set_num_threads(1)
dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()


def gather(text):
    """Send a text as ProcessGroup.gather does: all lengths, then all bytes, both by sums."""
    own = text.encode()
    lengths = torch.zeros(world, dtype=torch.float64)
    lengths[rank] = len(own)
    dist.all_reduce(lengths)
    ends = lengths.cumsum(0).long().tolist()
    joined = torch.zeros(ends[-1], dtype=torch.uint8)
    joined[ends[rank] - len(own):ends[rank]] = torch.tensor(list(own), dtype=torch.uint8)
    dist.all_reduce(joined)
    return [bytes(joined[end - int(length):end].tolist()).decode() for end, length in zip(ends, lengths)]


class Block(nn.Module):
    """Two convolutions beside a shortcut, with the names and order of torchvision's ResNet-18."""

    def __init__(self, before, after):
        super().__init__()
        stride = 1 if before == after else 2
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = None
        if before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


def resnet18(classes):
    blocks = [Block(before, after) for before, after in
              ((64, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512))]
    return nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
                         *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


found = gather(version)
assert all(one == version for one in found), f"versions differ: {found}"
model = resnet18(10).to(memory_format=torch.channels_last)
parameters = list(model.parameters())
for one in parameters:
    sent = one.detach().contiguous()
    dist.broadcast(sent, 0)
    one.data.copy_(sent)
buckets, part = [], []
for one in reversed(parameters):
    if part and sum(p.numel() * 4 for p in part) >= (4 << 20 if buckets else 1 << 20):
        buckets.append(part)
        part = []
    part.append(one)
buckets.append(part)
optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=True)
for step in range(steps):
    number = step * 2 + rank
    i = torch.arange(batch * 3 * size * size)
    pixels = ((i * 7919 + number * 104729) % 2003).double() / 1001 - 1
    images = pixels.float().view(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    loss = torch.nn.functional.cross_entropy(model(images), (torch.arange(batch) + number) % 10)
    optimizer.zero_grad()
    loss.backward()
    for bucket in buckets:
        # Each gradient lies in the bucket as its parameter does in memory, as in DistributedDataParallel.
        flat = torch.empty(sum(one.numel() for one in bucket))
        places, at = [], 0
        for one in bucket:
            places.append(flat[at:at + one.numel()].as_strided(one.size(), one.stride(), flat.storage_offset() + at))
            at += one.numel()
        for one, place in zip(bucket, places):
            place.copy_(one.grad)
        dist.all_reduce(flat)
        for one, place in zip(bucket, places):
            one.grad.copy_(place)
    facts = torch.ones(len(parameters) + 1, dtype=torch.float64)
    dist.all_reduce(facts)
    for one in parameters:
        one.grad.mul_(1 / facts[-1].item())
    optimizer.step()
digest = hashlib.sha256()
with open(out, "wb") as file:
    for one in parameters:
        values = one.detach().numpy().tobytes()
        digest.update(values)
        file.write(values)
print(f'{{"process": {rank}, "pytorch": "{torch.__version__}", "loss": {loss.item():.4f}, "weights": "{digest.hexdigest()[:16]}"}}')
