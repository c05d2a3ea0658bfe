package dev.limbeck;

/** Stand for losses, architectures and the like, for classes that {@link RegistryTest} compiles. */
public interface Greeting {
    String name();
}
