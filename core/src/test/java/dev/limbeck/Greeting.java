package dev.limbeck;

/**
 * Stand in for a service type such as a loss or an architecture, implemented by classes that {@link RegistryTest}
 * compiles.
 */
public interface Greeting {
    String name();
}
