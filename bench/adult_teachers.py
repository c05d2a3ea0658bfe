"""Train the teachers of docs/rows.md on 1,000 labels of Adult, and write them as ONNX beside the rows, for draws 0 to 4:
python bench/adult_teachers.py adult-train.csv.gz adult-test.csv.gz OUT  (numpy, scikit-learn, onnx, onnxruntime).
A draw's teacher is the mean margin of 15 boosted ensembles, three forms with five seeds each. The form was chosen by cross-validation
inside the labels of draws 0 to 2."""

import csv, gzip, pathlib, sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score


def read(path):
    rows = list(csv.reader(gzip.open(path, "rt", encoding="utf-8-sig"), skipinitialspace=True))
    cells = [[cell.strip() for cell in row] for row in rows[1:] if len(row) == 15]
    for row in cells:
        row[14] = row[14].rstrip(".")  # the labels of UCI's test file end in a dot
    return [name.strip() for name in rows[0]], cells


HEADER, TRAIN = read(sys.argv[1])
TEST = read(sys.argv[2])[1]
OUT = pathlib.Path(sys.argv[3])
NUMBERS = [0, 2, 4, 10, 11, 12]
WORDS = [i for i in range(14) if i not in NUMBERS]
LEAST_ROWS = 3  # of a word; rarer ones are left out
FORMS = [dict(n_estimators=300, learning_rate=0.03, max_depth=3, max_features=0.2),
         dict(n_estimators=250, learning_rate=0.03, max_depth=4, max_features=0.1),
         dict(n_estimators=400, learning_rate=0.04, max_depth=2, max_features=0.2)]


def labels(rows):
    return np.array([row[14] == ">50K" for row in rows])


def vocabulary(rows):
    return [sorted(w for w, n in zip(*np.unique([row[i] for row in rows], return_counts=True)) if n >= LEAST_ROWS) for i in WORDS]


def matrix(rows, words):
    numbers = np.array([[float(row[i]) for i in NUMBERS] for row in rows])
    return np.hstack([numbers] + [np.array([[row[i] == w for w in known] for row in rows], float) for i, known in zip(WORDS, words)])


def tree_attributes(models):
    nodes = {k: [] for k in "treeids nodeids featureids values modes truenodeids falsenodeids".split()}
    target = {k: [] for k in "treeids nodeids ids weights".split()}
    trees = [(model, tree) for model in models for (tree,) in model.estimators_]
    for t, (model, estimator) in enumerate(trees):
        tree = estimator.tree_
        for n in range(tree.node_count):
            leaf = tree.children_left[n] < 0
            value = np.float32(0 if leaf else tree.threshold[n])
            if not leaf and float(value) > tree.threshold[n]:
                value = np.nextafter(value, np.float32(-np.inf))
            row = t, n, 0 if leaf else tree.feature[n], value, "LEAF" if leaf else "BRANCH_LEQ"
            row += (0, 0) if leaf else (tree.children_left[n], tree.children_right[n])
            for key, cell in zip(nodes, row):
                nodes[key].append(cell if isinstance(cell, str) else cell.item() if hasattr(cell, "item") else cell)
            if leaf:
                weight = float(tree.value[n][0][0] * model.learning_rate / len(models))
                for key, cell in zip(target, (t, n, 0, weight)):
                    target[key].append(cell)
    return {"nodes_" + k: v for k, v in nodes.items()} | {"target_" + k: v for k, v in target.items()}


def write_onnx(models, words, path):
    ml = dict(domain="ai.onnx.ml")
    prior = np.mean([np.log(m.init_.class_prior_[1] / m.init_.class_prior_[0]) for m in models])
    nodes, columns, constants = [], [HEADER[i] for i in NUMBERS], [helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])]
    for i, known in zip(WORDS, words):
        nodes.append(helper.make_node("OneHotEncoder", [HEADER[i]], [f"hot{i}"], cats_strings=known, zeros=1, **ml))
        nodes.append(helper.make_node("Reshape", [f"hot{i}", f"shape{i}"], [f"flat{i}"]))
        constants.append(helper.make_tensor(f"shape{i}", TensorProto.INT64, [2], [-1, len(known)]))
        columns.append(f"flat{i}")
    nodes.append(helper.make_node("Concat", columns, ["cells"], axis=1))
    nodes.append(helper.make_node("TreeEnsembleRegressor", ["cells"], ["margin"], n_targets=1, aggregate_function="SUM",
                                  post_transform="NONE", base_values=[float(prior)], **tree_attributes(models), **ml))
    nodes.append(helper.make_node("Sigmoid", ["margin"], ["yes"]))
    nodes.append(helper.make_node("Sub", ["one", "yes"], ["no"]))
    nodes.append(helper.make_node("Concat", ["no", "yes"], ["probabilities"], axis=1))
    kinds = [TensorProto.FLOAT if i in NUMBERS else TensorProto.STRING for i in range(14)]
    graph = helper.make_graph(nodes, "trees", [helper.make_tensor_value_info(HEADER[i], kinds[i], [None, 1]) for i in range(14)],
                              [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])], constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), str(path))


def write_rows(rows, width, path):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([HEADER[:width]] + [row[:width] for row in rows])


OUT.mkdir(parents=True, exist_ok=True)
write_rows(TEST, 15, OUT / "test.csv")
for draw in range(5):
    order = np.random.RandomState(draw).permutation(len(TRAIN))
    labeled = [TRAIN[i] for i in order[:1000]]
    write_rows(labeled, 15, OUT / f"lab{draw}.csv")
    write_rows([TRAIN[i] for i in order[1000:]], 14, OUT / f"rest{draw}.csv")
    words = vocabulary(labeled)
    inputs, wanted = matrix(labeled, words), labels(labeled)
    models = [GradientBoostingClassifier(subsample=0.5, min_samples_leaf=10, random_state=seed, **form).fit(inputs, wanted)
              for form in FORMS for seed in range(5)]
    write_onnx(models, words, OUT / f"teacher{draw}.onnx")
    feed = {HEADER[i]: np.array([[row[i]] for row in TEST], np.float32 if i in NUMBERS else object) for i in range(14)}
    found = onnxruntime.InferenceSession(str(OUT / f"teacher{draw}.onnx")).run(None, feed)[0][:, 1]
    margins = np.mean([model.decision_function(matrix(TEST, words)) for model in models], 0)
    assert np.abs(found - 1 / (1 + np.exp(-margins))).max() < 1e-5
    print(f"draw {draw}: accuracy {np.mean((found > 0.5) == labels(TEST)):.4f}, AUC {roc_auc_score(labels(TEST), found):.4f}", flush=True)
