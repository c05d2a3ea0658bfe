package dev.limbeck.model;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Bring batch norms of timm's EfficientNet family to another eps. timm's {@code mobilenetv3_*} have PyTorch's 1e-5, torchvision's
 * MobileNetV3 has 1e-3. A variance v with the one is as good as a larger weight with the other: w·√((v + 1e-3)/(v + 1e-5)) computes
 * the same.
 *
 * <p>Source: timm 1.0, {@code mobilenetv3.py}. Its {@code tf_} networks and {@code mobilenetv3_rw} have 1e-3, under the same names of
 * tensors; {@code tf_} networks also pad images otherwise.
 */
final class TimmNorms {
    private static final double THEIRS = 1e-5;

    private TimmNorms() {}

    /**
     * Change the weights of batch norms that have another eps.
     *
     * @param values state of the network, in timm's numbers
     * @return a remark on what was done; none for nothing
     */
    static List<String> adapt(StateDict values, Module network) {
        int changed = 0;
        for (Map.Entry<String, Module> entry : network.modules().entrySet()) {
            if (!(entry.getValue() instanceof BatchNorm2d norm) || norm.eps() == THEIRS) continue;
            Tensor variance = values.get(entry.getKey() + ".running_var");
            String name = entry.getKey() + ".weight";
            Tensor factor =
                    Ops.add(variance, norm.eps()).div(Ops.add(variance, THEIRS)).sqrt();
            values.put(name, Scope.retain(values.get(name).mul(factor)));
            changed++;
        }
        return changed == 0
                ? List.of()
                : List.of(changed
                        + " batch norms changed from timm's eps 1e-5 to this network's, which timm's tf_ networks "
                        + "do not need, so do not use theirs");
    }
}
