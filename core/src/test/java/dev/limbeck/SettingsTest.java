package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    @Test
    void givesBackWhatItAccepts() {
        assertThat(Settings.positive("rate", 1e-9)).isEqualTo(1e-9);
        assertThat(Settings.notNegative("decay", 0)).isZero();
        assertThat(Settings.inUnit("weight", 0)).isZero();
        assertThat(Settings.inUnit("weight", 1)).isOne();
        assertThat(Settings.inHalfOpenUnit("momentum", 0.99)).isEqualTo(0.99);
        assertThat(Settings.atLeast(1, "epochs", 1)).isOne();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void refusesWhatNoSettingMayBe(double value) {
        assertThatThrownBy(() -> Settings.positive("rate", value))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("rate must be a positive number, found " + value);
        assertThatThrownBy(() -> Settings.notNegative("decay", value))
                .hasMessage("decay must be at least 0, found " + value);
        assertThatThrownBy(() -> Settings.inUnit("weight", value))
                .hasMessage("weight must be between 0 and 1, found " + value);
        assertThatThrownBy(() -> Settings.inHalfOpenUnit("momentum", value))
                .hasMessage("momentum must be at least 0 and below 1, found " + value);
    }

    @Test
    void refusesTheOpenEnds() {
        assertThatThrownBy(() -> Settings.positive("rate", 0)).hasMessage("rate must be a positive number, found 0.0");
        assertThatThrownBy(() -> Settings.inHalfOpenUnit("momentum", 1)).isInstanceOf(LimbeckException.class);
        assertThatThrownBy(() -> Settings.atLeast(1, "epochs", 0)).hasMessage("epochs must be at least 1, found 0");
    }
}
