package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.tensor.InferenceGraph;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptWriterTest {
    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    /** Provide a module without a script. */
    private static final class Mute extends Module {
        @Override
        protected Tensor forward(Tensor input) {
            return input;
        }
    }

    @Test
    void aUsersOwnNetworkComputesTheSameAsAScript(@TempDir Path folder) {
        Path file = folder.resolve("tiny.pt");
        try (Module net = new TinyNet(3)) {
            Tensor x = Tensors.randn(2, 3, 8, 8);
            net.apply(x);
            try (Script script = ScriptWriter.compile(net)) {
                script.save(file, Map.of());
            }
            try (Script loaded = TorchScriptFile.open(file).load()) {
                assertThat(Tensors.toFloats(loaded.forward(x)))
                        .containsExactly(Tensors.toFloats(net.predict(x)), within(1e-6f));
            }
        }
    }

    @Test
    void everyLayerDescribesItself() {
        try (Module net = new Sequential(
                Conv2d.of(3, 4, 3, 1, 1),
                new BatchNorm2d(4),
                new ReLU(),
                new MaxPool2d(2, 2, 0),
                new Dropout(0.5),
                new AdaptiveAvgPool2d(2, 2),
                new Flatten(),
                new Linear(16, 5))) {
            Tensor x = Tensors.randn(2, 3, 8, 8);
            try (Script script = ScriptWriter.compile(net)) {
                assertThat(Tensors.toFloats(script.forward(x)))
                        .containsExactly(Tensors.toFloats(net.predict(x)), within(1e-6f));
            }
        }
    }

    @Test
    void aScriptForAFileHasCopiesAndOneToRunHereSharesTheWeights() {
        Tensor x = Tensors.randn(2, 6);
        try (Module net = new Sequential(new Linear(6, 4))) {
            float[] before = Tensors.toFloats(net.predict(x));
            try (Script script = ScriptWriter.compile(net);
                    Script here = ScriptWriter.share(net);
                    InferenceGraph copied = script.forInference(Precision.FP32);
                    InferenceGraph shared = here.forInference(Precision.FP32);
                    NoGrad noGrad = NoGrad.on()) {
                net.parameters().get("0.weight").zero_();
                net.parameters().get("0.bias").zero_();
                assertThat(Tensors.toFloats(copied.forward(x))).containsExactly(before, within(1e-6f));
                assertThat(Tensors.toFloats(shared.forward(x))).containsOnly(0f);
            }
        }
    }

    @Test
    void scriptsDoNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        Tensor x = Tensors.randn(1, 3, 8, 8);
        try (Module net =
                        new Sequential(Conv2d.of(3, 4, 3, 1, 1), new MaxPool2d(2, 2, 0), new AdaptiveAvgPool2d(2, 2));
                Module resnet = Zoo.CIFAR_RESNET8.create(2)) {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            try (Script script = ScriptWriter.compile(net);
                    Script residual = ScriptWriter.compile(resnet)) {
                assertThat(script.forward(x).shape()).containsExactly(1, 4, 2, 2);
                assertThat(residual.forward(x).shape()).containsExactly(1, 2);
            }
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void namesThePathOfALayerThatDoesNotDescribeItself() {
        Module net = new Sequential(new ReLU(), new Sequential(new ReLU(), new Mute()));
        assertThatThrownBy(() -> ScriptWriter.compile(net))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("layer 1.1: " + Mute.class.getName()
                        + " has no script; override script() to make it exportable");
        assertThatThrownBy(() -> ScriptWriter.compile(new Mute()))
                .hasMessage(Mute.class.getName() + " has no script; override script() to make it exportable");
    }

    @Test
    void saysInOneLineWhatDoesNotCompile() {
        Module wrong = new Module() {
            @Override
            protected Tensor forward(Tensor input) {
                return input;
            }

            @Override
            public String script() {
                return "def forward(self, x: Tensor):\n    return self.weight\n";
            }
        };
        assertThatThrownBy(() -> ScriptWriter.compile(new Sequential(wrong)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("does not compile: ")
                .hasMessageContaining("weight")
                .hasMessageNotContaining("\n");
    }

    @Test
    void layersWhosePathsDifferOnlyInADotKeepTheirOwnScripts(@TempDir Path folder) {
        Module net = new Module() {
            private final Module nested = child("a", new Sequential(scaled(2)));
            private final Module flat = child("a_0", scaled(3));

            @Override
            protected Tensor forward(Tensor input) {
                return flat.apply(nested.apply(input));
            }

            @Override
            public String script() {
                return "def forward(self, x: Tensor):\n    return self.a_0.forward(self.a.forward(x))\n";
            }
        };
        Path file = folder.resolve("net.pt");
        try (Script script = ScriptWriter.compile(net)) {
            script.save(file, Map.of());
        }
        try (Script loaded = TorchScriptFile.open(file).load()) {
            assertThat(Tensors.toFloats(loaded.forward(Tensors.of(new float[] {1}, 1))))
                    .containsExactly(6);
        }
    }

    private static Module scaled(int factor) {
        return new Module() {
            @Override
            protected Tensor forward(Tensor input) {
                return dev.limbeck.tensor.Ops.mul(input, factor);
            }

            @Override
            public String script() {
                return "def forward(self, x: Tensor):\n    return x * " + factor + "\n";
            }
        };
    }

    @Test
    void refusesFilesThatAreNoScripts(@TempDir Path folder) throws IOException {
        Path none = folder.resolve("none.pt");
        Path broken = folder.resolve("broken.pt");
        Files.writeString(broken, "hello");
        assertThatThrownBy(() -> TorchScriptFile.open(none).load()).hasMessage("no TorchScript file at " + none);
        assertThatThrownBy(() -> TorchScriptFile.open(broken).load())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(broken + " is not a TorchScript file: ")
                .hasMessageNotContaining("\n");
    }
}
