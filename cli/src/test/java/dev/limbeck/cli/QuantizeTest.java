package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test quantization-aware training from a trained student to an int8 file, as users run it. */
class QuantizeTest {
    private static final String DATA = "--data shapes --max-train-samples 160 --batch-size 32 --arch cifar-resnet8 ";

    @TempDir
    Path home;

    private String said(String line) {
        Cli.Answer answer = Cli.run(Cli.words(line, home)).done();
        return answer.out() + answer.err();
    }

    @Test
    void studentsBecomeInt8() {
        said("train " + DATA + "--epochs 2 --lr 0.01 --out $/student");
        assertThat(said("distill " + DATA
                        + "--teacher $/student --weights $/student --quantize --epochs 1 --lr 1e-4 --out $/qat"))
                .contains("its classifier too")
                .contains("quantization-aware training: 7 convolutions and 1 linear layer in int8");
        assertThat(said("export --model $/qat --precision int8 --samples 100 --out $/dist"))
                .contains("int8 with the ranges of its quantization-aware training; nothing is calibrated");
        assertThat(said("export --model $/qat --precision int8 --no-verify --out $/blind"))
                .contains("nothing is calibrated");
        assertThat(said("export --model $/qat --no-verify --out $/float"))
                .contains("in float, without the rounding of its quantization-aware training");
        assertThat(said("evaluate --data shapes --model $/dist/model.onnx --against $/student"))
                .containsPattern("right only by it [\\d,]+ rows, only by the first [\\d,]+ \\(McNemar test, p = ");
    }

    @Test
    void networksOfTablesAreRefused() {
        Cli.Answer answer = Cli.run(Cli.words("train --data shapes --arch mlp --quantize --out $/no", home));
        assertThat(answer.code()).isNotZero();
        assertThat(answer.err())
                .contains("quantization-aware training is for networks of images, found mlp; leave quantize");
    }
}
