package dev.limbeck.cli;

import java.util.Locale;
import java.util.function.Supplier;

/** Name the kinds of the demonstration. */
public enum DemoKind {
    /** Shapes on 32×32 pixels. */
    IMAGES(DemoShapes::full, DemoShapes::quick),
    /** Requests to a help desk. */
    TEXT(DemoTexts::full, DemoTexts::quick),
    /** Deliveries of a courier service. */
    TABLE(DemoTable::full, DemoTable::quick);

    private final Supplier<Demo.Settings> full;
    private final Supplier<Demo.Settings> quick;

    DemoKind(Supplier<Demo.Settings> full, Supplier<Demo.Settings> quick) {
        this.full = full;
        this.quick = quick;
    }

    /** Return the data and the settings of both networks. */
    public Demo.Settings settings(boolean isQuick) {
        return (isQuick ? quick : full).get();
    }

    /** {@inheritDoc} As on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
