"""Time training steps of text encoders with PyTorch and transformers, the peer of StepSpeed's text- rows.

    TABLE="text-plain:text-plain text-plain:text-plain-best text-kd-eager:text-kd-best" PEAKS=text-kd-eager:text-kd-best \
      bench/side-by-side.sh PYTHON 7 bench/text_step_speed.py

BERT of 3 layers, width 384, as student; of 6 layers as teacher; KL at T = 4 with weight 0.5; AdamW. Rows:
  text-plain, text-kd, text-kd-cached     as usually written: float32, AdamW as it comes, teacher under no_grad
  ...-best                                fused AdamW, teacher under inference_mode
  ...-bf16                                best, with autocast to bfloat16 and a teacher in bfloat16
  ...-compiled, ...-bf16-compiled         the same through torch.compile, which needs a C++ compiler
Attention is scaled_dot_product_attention everywhere, transformers' default. Prints a JSON line per row.
"""
import argparse, json, statistics, time, warnings
import torch
import torch.nn.functional as F
from transformers import BertConfig, BertForSequenceClassification

warnings.filterwarnings("ignore")
KINDS = ["text-plain", "text-kd", "text-kd-cached"]
SWITCHES = ["", "-best", "-bf16"]


def bert(layers):
    return BertForSequenceClassification(BertConfig(
        vocab_size=30522, hidden_size=384, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=1536,
        max_position_embeddings=512, num_labels=2, attn_implementation="sdpa"))


def sentences(rows, length):
    ids = torch.zeros(rows, length, dtype=torch.int64)
    for row in range(rows):
        tokens = length - row % (length // 4 + 1)
        for i in range(tokens):
            ids[row, i] = 1000 + (row * 7919 + i * 104729) % 29000
    return ids


def measure(row, batch, length, steps):
    torch.manual_seed(0)
    half, best = "-bf16" in row, "-best" in row or "-bf16" in row or "-compiled" in row
    student, teacher = bert(3).train(), bert(6).eval()
    if half:
        teacher = teacher.bfloat16()
    if "-compiled" in row:
        student, teacher = torch.compile(student), torch.compile(teacher)
    ids = sentences(batch, length)
    mask, labels, known = (ids != 0).long(), torch.arange(batch) % 2, torch.randn(batch, 2)
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3, fused=best)
    without_gradient = torch.inference_mode if best else torch.no_grad
    times = []
    for step in range(steps + 3):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            logits = student(input_ids=ids, attention_mask=mask).logits
        logits = logits.float()
        loss = F.cross_entropy(logits, labels)
        if "kd" in row:
            if "cached" in row:
                taught = known
            else:
                with without_gradient():
                    taught = teacher(input_ids=ids, attention_mask=mask).logits.float()
                taught = taught.clone()
            loss = loss / 2 + 8 * F.kl_div(
                F.log_softmax(logits / 4, 1), F.softmax(taught / 4, 1), reduction="batchmean")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step >= 3:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    for row in options.only or [kind + switch for kind in KINDS for switch in SWITCHES]:
        seconds = measure(row, options.batch, options.tokens, options.steps)
        print(json.dumps({"row": row, "ms_per_step": round(seconds * 1e3, 1),
                          "rows_per_s": round(options.batch / seconds, 1)}), flush=True)
