package dev.limbeck.export;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Modality;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import java.util.List;
import java.util.Map;

/** Define samples with two inputs: four ids, and a weight for each. */
public final class PairKind implements Modality {
    static final Preprocessing PAIRS = Preprocessing.fixed("pairs", Map.of("ids", "6"));
    static final List<InputSpec> INPUTS =
            List.of(InputSpec.ids("ids", 6, 0, 4), new InputSpec("weights", DType.FLOAT32, new long[] {4}, 0, 0));

    @Override
    public String kind() {
        return PAIRS.kind();
    }

    @Override
    public Preprocessing preprocessing(Map<String, String> saved) {
        return PAIRS.with(saved);
    }

    @Override
    public List<InputSpec> inputs(Preprocessing preprocessing) {
        return INPUTS;
    }
}
