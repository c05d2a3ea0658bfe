package dev.limbeck.onnx;

import dev.limbeck.Regressor;
import java.util.List;
import java.util.Map;

/** Predict numbers for texts or rows of tables. */
abstract class RowRegressor<X> implements Regressor<X> {
    private final OnnxRowNetwork<X> network;

    RowRegressor(OnnxRowNetwork<X> network) {
        this.network = network;
    }

    @Override
    public List<String> targetNames() {
        return network.task().names();
    }

    @Override
    public List<Map<String, Double>> predictAll(List<X> inputs) {
        return network.outputs(inputs).stream()
                .map(numbers -> network.task().named(numbers))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
