package dev.limbeck.zoo;

import dev.limbeck.nn.Module;
import java.util.function.LongFunction;

/**
 * Make networks of one design for any number of classes.
 *
 * @param name such as {@code resnet18}
 * @param imageSize height and width of the images that its authors trained it on; others work too
 * @param maker makes a network, with freshly drawn weights, for a number of classes
 */
public record Architecture(String name, int imageSize, LongFunction<Module> maker) {
    /** Make a network with weights drawn from the engine's global generator. */
    public Module create(int classes) {
        if (classes < 1) throw new IllegalArgumentException("a network needs at least one class, found " + classes);
        return maker.apply(classes);
    }

    @Override
    public String toString() {
        return name;
    }
}
