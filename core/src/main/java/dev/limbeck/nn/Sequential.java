package dev.limbeck.nn;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Apply modules in sequence; their names are 0, 1, 2, … */
public final class Sequential extends Module {
    private final List<Module> steps = new ArrayList<>();

    public Sequential(Module... modules) {
        this(List.of(modules));
    }

    public Sequential(List<? extends Module> modules) {
        for (Module module : modules) steps.add(child(Integer.toString(steps.size()), module));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor result = x;
        for (Module step : steps) result = step.apply(result);
        return result;
    }

    @Override
    public String script() {
        StringBuilder source = new StringBuilder("def forward(self, x: Tensor):\n");
        for (String name : children().keySet()) {
            source.append("    x = getattr(self, \"").append(name).append("\").forward(x)\n");
        }
        return source.append("    return x\n").toString();
    }
}
