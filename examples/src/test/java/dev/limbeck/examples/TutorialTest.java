package dev.limbeck.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TutorialTest {
    @TempDir
    Path home;

    @Test
    void runsOnAFolderOfTheSameLayout() throws IOException {
        Path photos = Files.createDirectories(home.resolve("images"));
        for (int i = 0; i < 10; i++) {
            photo(photos.resolve("Maine_Coon_" + i + ".jpg"), 0xcc8844, i);
            photo(photos.resolve("beagle_" + i + ".jpg"), 0x4466aa, i);
        }
        Path weights = home.resolve("resnet34.safetensors");
        try (Module network = Zoo.RESNET34.create(1000);
                StateDict state = network.stateDict()) {
            Safetensors.write(state, weights);
        }
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Tutorial.main(new String[] {photos.toString(), weights.toString()});
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .containsPattern("teacher +\\d+[.,]\\d %")
                .containsPattern("student alone +\\d+[.,]\\d %")
                .containsPattern("distilled +\\d+[.,]\\d %");
    }

    private static void photo(Path file, int color, int number) throws IOException {
        BufferedImage image = new BufferedImage(80, 60, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 60; y++) {
            for (int x = 0; x < 80; x++) image.setRGB(x, y, color + 3 * ((x * number + y) % 16));
        }
        ImageIO.write(image, "jpg", file.toFile());
    }
}
