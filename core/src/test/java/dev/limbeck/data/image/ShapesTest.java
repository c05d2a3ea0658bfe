package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShapesTest {
    @Test
    void drawsTheSameBytesOnEveryMachine() throws NoSuchAlgorithmException {
        Shapes shapes = Shapes.source(600, 100, 100, 42);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < shapes.size(); i++) digest.update(shapes.load(i).rgb());
        assertThat(HexFormat.of().formatHex(digest.digest()))
                .isEqualTo("32882cd7f32bd7fee945e384bf03b529739e29f9752422d3b2e968bcd8c633f4");
    }

    @Test
    void hasBalancedClassesAndThreeSplits() {
        Shapes shapes = Shapes.source(60, 20, 30, 1);
        assertThat(shapes.classNames()).hasSize(10).doesNotHaveDuplicates();
        int[] counts = new int[10];
        for (int i = 0; i < 60; i++) counts[shapes.label(i)]++;
        assertThat(counts).containsOnly(6);
        assertThat(IntStream.range(0, 110).filter(i -> shapes.split(i) == Split.VALID))
                .hasSize(20)
                .contains(60, 79);
        assertThat(shapes.name(60)).isEqualTo("valid/000000");
    }

    @Test
    void anImageDoesNotDependOnTheCounts() {
        Shapes few = Shapes.source(10, 10, 10, 3);
        Shapes many = Shapes.source(500, 50, 40, 3);
        assertThat(few.load(9).rgb()).isEqualTo(many.load(9).rgb());
        assertThat(few.load(12).rgb()).isEqualTo(many.load(502).rgb());
        assertThat(few.load(20).rgb()).isEqualTo(many.load(550).rgb());
        assertThat(few.load(9).rgb()).isNotEqualTo(Shapes.source(10, 4).load(9).rgb());
    }

    @Test
    void noTwoImagesAreEqual() {
        Shapes shapes = Shapes.source(300, 100, 100, 8);
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < shapes.size(); i++)
            seen.add(Arrays.hashCode(shapes.load(i).rgb()));
        assertThat(seen).hasSizeGreaterThan(498);
    }

    @Test
    void outlinesEnterAndLeaveInOrder() {
        Draws draws = Draws.of(2);
        double[] xs = new double[Outline.MOST_CROSSINGS];
        for (int label = 0; label < 10; label++) {
            double area = 0;
            for (int turn = 0; turn < 50; turn++) {
                Outline outline = Outline.ofClass(label, 16, 16, 10, 0.1 + turn, draws);
                for (double y = 0.05; y < 32; y += 0.1) {
                    int count = outline.crossings(y, xs);
                    assertThat(count % 2).isZero();
                    for (int i = 0; i < count; i++) {
                        assertThat(xs[i]).isBetween(2.0, 30.0);
                        if (i > 0) assertThat(xs[i]).isGreaterThanOrEqualTo(xs[i - 1]);
                        area += i % 2 == 0 ? -xs[i] / 500 : xs[i] / 500;
                    }
                }
            }
            assertThat(area).as("area of class " + label).isBetween(90.0, 320.0);
        }
    }

    @Test
    void refusesCountsThatMakeNoDataSet() {
        assertThatThrownBy(() -> Shapes.source(9, 1))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("at least 10");
        assertThatThrownBy(() -> Shapes.source(10, -1, 0, 1)).isInstanceOf(LimbeckException.class);
    }
}
