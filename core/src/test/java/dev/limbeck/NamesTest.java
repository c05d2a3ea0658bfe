package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NamesTest {
    private static final List<String> LAYERS = List.of("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc");

    @Test
    void findsTheNamesNearestByEditDistance() {
        assertThat(Names.nearest("resnet-18", List.of("resnet34", "cifar-resnet8", "resnet18", "vgg"), 2))
                .containsExactly("resnet18", "resnet34");
    }

    @Test
    void prefersTheNearerNumberAmongNamesOfOneDistance() {
        assertThat(Names.nearest("layer5", LAYERS, 3)).containsExactly("layer4", "layer3", "layer2");
        assertThat(Names.nearest("layer0", LAYERS, 2)).containsExactly("layer1", "layer2");
    }

    @Test
    void doesNotMindTheCaseOfLetters() {
        assertThat(Names.nearest("RESNET18", List.of("a", "resnet18"), 1)).containsExactly("resnet18");
    }

    @Test
    void givesEachNameOnceAndNoMoreThanThereAre() {
        assertThat(Names.nearest("a", List.of("b", "b", "a"), 9)).containsExactly("a", "b");
    }

    @Test
    void saysInOneLineWhatIsThereInPlaceOfAnUnknownName() {
        assertThat(Names.unknown("layer", "layer5", "resnet18", LAYERS))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("no layer 'layer5' in resnet18; nearest: layer4, layer3, layer2");
        assertThat(Names.unknown("loss", "kd", List.of("soft-target")))
                .hasMessage("no loss 'kd'; nearest: soft-target");
    }

    @Test
    void leavesTheNearestOutWhereNothingIsKnown() {
        assertThat(Names.unknown("layer", "x", "net", List.of())).hasMessage("no layer 'x' in net");
    }
}
