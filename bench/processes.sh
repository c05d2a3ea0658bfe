#!/bin/sh
# Train ResNet-18 in two processes on two imitated hosts (network namespaces of Linux: root and iproute2) that 1 Gbit/s connects:
# what the exchange of gradients costs after the backward pass, and beside it; the same weights as one process; and, if PYTHON can import
# torch, three steps together with a process of PyTorch.
#   bench/processes.sh [PYTHON] [ROUNDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
rounds=${2:-5}
work=$(mktemp -d)
a=limbeck-a-$$ b=limbeck-b-$$
clean() { for host in $a $b; do ip netns del "$host" 2>/dev/null || true; done; rm -rf "$work"; }
trap clean EXIT
if ! ip netns add $a 2>/dev/null; then echo "skipped: network namespaces need root and iproute2"; exit 0; fi
ip netns add $b
ip link add la$$ type veth peer name lb$$
ip link set la$$ netns $a
ip link set lb$$ netns $b
ip -n $a addr add 10.213.78.1/24 dev la$$
ip -n $b addr add 10.213.78.2/24 dev lb$$
for host in $a $b; do ip -n "$host" link set lo up; done
ip -n $a link set la$$ up
ip -n $b link set lb$$ up
ip netns exec $a tc qdisc add dev la$$ root tbf rate 1gbit burst 256kb latency 50ms
ip netns exec $b tc qdisc add dev lb$$ root tbf rate 1gbit burst 256kb latency 50ms

export OMP_NUM_THREADS=1 LIMBECK_BUILD="${LIMBECK_BUILD:-yes}" WORLD_SIZE=2 MASTER_ADDR=10.213.78.1
port=29600
java() { "$here/run.sh" ProcessSteps "$@" 2>>"$work/log"; }
both() { # options of both processes
    port=$((port + 1))
    RANK=0 MASTER_PORT=$port ip netns exec $a "$here/run.sh" ProcessSteps "$@" >"$work/0" 2>>"$work/log" &
    first=$!
    RANK=1 MASTER_PORT=$port ip netns exec $b "$here/run.sh" ProcessSteps "$@" >"$work/1" 2>>"$work/log" || { cat "$work/log"; exit 1; }
    wait $first
    cat "$work/0" "$work/1"
}
echo "one process:"
(unset WORLD_SIZE; java --out "$work/alone")
LIMBECK_BUILD=no
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    echo "round $round:"
    both --overlap false
    both --overlap true --out "$work/both"
done
cmp "$work/alone" "$work/both" && echo "the weights of one process and of two are equal to the bit"
if ! "$python" -c 'import torch' 2>/dev/null; then echo "skipped: $python cannot import torch"; exit 0; fi
echo "two processes of Java, then Java and PyTorch, three steps:"
both --steps 3 --batch 16 --out "$work/java"
version=$("$here/../bin/limbeck" --version | sed -n '1s/.* \([0-9][0-9A-Za-z.-]*\).*/\1/p')
port=$((port + 1))
RANK=0 MASTER_PORT=$port ip netns exec $a "$here/run.sh" ProcessSteps --steps 3 --batch 16 --out "$work/mixed" 2>>"$work/log" &
first=$!
RANK=1 MASTER_PORT=$port GLOO_SOCKET_IFNAME=lb$$ ip netns exec $b "$python" "$here/process_peer.py" "$version" 3 16 64 "$work/peer"
wait $first
"$python" - "$work" <<'PY'
import sys
import torch
java, mixed, peer = (torch.frombuffer(bytearray(open(f"{sys.argv[1]}/{name}", "rb").read()), dtype=torch.float32) for name in ("java", "mixed", "peer"))
print("Java and PyTorch hold the same weights:", torch.equal(mixed, peer))
print("largest difference to two processes of Java:", (java - mixed).abs().max().item())
PY
