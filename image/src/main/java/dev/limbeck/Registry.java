package dev.limbeck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Find extensions by name (losses, architectures, image sources, model runtimes, tokenizers, trackers) with {@link ServiceLoader}.
 * A jar on the class path adds entries with a file {@code META-INF/services/<type>} that lists their classes. Each
 * class is public and has a public no-argument constructor. The entries of Limbeck's own jar come first, in the order
 * of its file, then the others by class name, independent of the order of the class path.
 *
 * <p>An entry that cannot be loaded is skipped and reported once, with its jar and the reason. A name that two entries
 * claim is reported too, and looking it up throws an exception. All other entries work.
 *
 * @param <T> type of the entries
 */
public final class Registry<T> {
    private static final Pattern NAME = Pattern.compile("[\\p{Alnum}][\\p{Alnum}._-]*");
    /** Larger than any realistic number of entries; ends the search if a class loader always fails. */
    private static final int MOST_FAILURES = 1_000;

    private final String kind;
    private final Class<T> service;
    private final Function<T, Collection<String>> names;
    private final Consumer<String> warn;
    private final ClassLoader loader;
    private final List<String> problems = new ArrayList<>();
    private final List<T> entries = new ArrayList<>();
    private final Map<String, List<T>> byName = new LinkedHashMap<>();
    private boolean isLoaded;

    Registry(
            String kind,
            Class<T> service,
            Function<T, Collection<String>> names,
            Consumer<String> warn,
            ClassLoader loader) {
        this.kind = kind;
        this.service = service;
        this.names = names;
        this.warn = warn;
        this.loader = loader;
    }

    /**
     * Create a registry. Entries are loaded on first access.
     *
     * @param kind what messages call an entry, such as {@code loss}
     * @param service implemented by every entry
     * @param name returns the name of an entry: letters, digits, dashes, dots and underscores, the first a letter or
     *     digit
     * @param warn receives a line for each skipped entry, such as a log
     */
    public static <T> Registry<T> of(String kind, Class<T> service, Function<T, String> name, Consumer<String> warn) {
        return ofFamilies(kind, service, name.andThen(List::of), warn);
    }

    /** Create a registry of entries with several names each; see {@link #of}. */
    public static <T> Registry<T> ofFamilies(
            String kind, Class<T> service, Function<T, Collection<String>> names, Consumer<String> warn) {
        return new Registry<>(kind, service, names, warn, service.getClassLoader());
    }

    /** Return all entries. */
    public synchronized List<T> all() {
        load();
        return Collections.unmodifiableList(entries);
    }

    /** Return all names, in the order of {@link #all}. */
    public synchronized List<String> names() {
        load();
        return List.copyOf(byName.keySet());
    }

    /** Return a line for each skipped entry and each name that is claimed twice. */
    public synchronized List<String> problems() {
        load();
        return List.copyOf(problems);
    }

    /**
     * Return the entry with a name, or empty if there is none.
     *
     * @throws LimbeckException if two entries claim the name
     */
    public synchronized Optional<T> find(String name) {
        load();
        List<T> found = byName.getOrDefault(name, List.of());
        if (found.size() > 1) throw new LimbeckException(claimedTwice(name, found));
        return found.stream().findFirst();
    }

    /**
     * Return the entry with a name.
     *
     * @throws LimbeckException naming the nearest names if there is none, or if two entries claim it
     */
    public T require(String name) {
        return find(name).orElseThrow(() -> Names.unknown(kind, name, names()));
    }

    private void load() {
        if (isLoaded) return;
        isLoaded = true;
        List<ServiceLoader.Provider<T>> found = new ArrayList<>(providers());
        found.sort(Comparator.comparing((ServiceLoader.Provider<T> one) -> !isOurs(one.type()))
                .thenComparing(one -> isOurs(one.type()) ? "" : one.type().getName()));
        for (ServiceLoader.Provider<T> provider : found) add(provider);
        byName.forEach((name, claimed) -> {
            if (claimed.size() > 1) problems.add(claimedTwice(name, claimed));
        });
        problems.forEach(warn);
    }

    private List<ServiceLoader.Provider<T>> providers() {
        List<ServiceLoader.Provider<T>> found = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        Iterator<ServiceLoader.Provider<T>> all =
                ServiceLoader.load(service, loader).stream().iterator();
        while (failures.size() < MOST_FAILURES) {
            try {
                if (!all.hasNext()) break;
                found.add(all.next());
            } catch (ServiceConfigurationError | LinkageError e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) diagnose(failures.get(0));
        return found;
    }

    private void add(ServiceLoader.Provider<T> provider) {
        try {
            T entry = provider.get();
            List<String> own = List.copyOf(names.apply(entry));
            for (String name : own) {
                if (NAME.matcher(name).matches()) continue;
                throw new LimbeckException(
                        "expected a name of letters and digits with dashes between, found '" + name + "'");
            }
            entries.add(entry);
            own.forEach(name ->
                    byName.computeIfAbsent(name, any -> new ArrayList<>()).add(entry));
        } catch (ServiceConfigurationError e) {
            leaveOut(provider.type().getName(), jar(provider.type()), e.getCause() == null ? e : e.getCause());
        } catch (LinkageError | RuntimeException e) {
            leaveOut(provider.type().getName(), jar(provider.type()), e);
        }
    }

    /** Find the failed entries; the loader's errors name neither the jar nor always the class. */
    private void diagnose(Throwable first) {
        int before = problems.size();
        try {
            for (URL file : Collections.list(loader.getResources("META-INF/services/" + service.getName()))) {
                for (String name : lines(file)) check(name, file);
            }
        } catch (IOException e) {
            problems.add("some of the " + kind + " entries on the class path cannot be read: " + e.getMessage());
        }
        if (problems.size() == before) problems.add(LimbeckException.briefly(first));
    }

    private void check(String name, URL file) {
        try {
            Class<?> type = Class.forName(name, false, loader);
            if (!service.isAssignableFrom(type)) {
                leaveOut(name, jar(file), new ClassCastException("it is not a " + service.getName()));
            } else {
                type.getConstructor();
            }
        } catch (ReflectiveOperationException | LinkageError e) {
            leaveOut(name, jar(file), e);
        }
    }

    private static List<String> lines(URL file) throws IOException {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(file.openStream(), StandardCharsets.UTF_8))) {
            return reader.lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .toList();
        }
    }

    private void leaveOut(String type, String jar, Throwable why) {
        Throwable cause = why instanceof ExceptionInInitializerError && why.getCause() != null ? why.getCause() : why;
        String text = cause instanceof LimbeckException
                ? LimbeckException.briefly(cause)
                : cause.getClass().getSimpleName() + ": " + LimbeckException.briefly(cause);
        problems.add("the " + kind + " " + type + " in " + jar + " is left out (" + text
                + "); mend that jar or take it off the class path");
    }

    private String claimedTwice(String name, List<T> claimed) {
        String owners = String.join(
                " and ",
                claimed.stream()
                        .map(Object::getClass)
                        .map(type -> type.getName() + " in " + jar(type))
                        .toList());
        return "the name '" + name + "' of a " + kind + " is claimed by " + owners
                + "; take one of them off the class path";
    }

    private boolean isOurs(Class<?> type) {
        return Objects.equals(place(type), place(service));
    }

    private static String jar(Class<?> type) {
        return place(type).map(Registry::path).orElse("the Java runtime");
    }

    private static Optional<URI> place(Class<?> type) {
        return Stream.ofNullable(type.getProtectionDomain().getCodeSource())
                .map(CodeSource::getLocation)
                .filter(Objects::nonNull)
                .flatMap(location -> uri(location.toString()).stream())
                .findFirst();
    }

    /** Return the jar or folder that contains a file below META-INF/services. */
    private static String jar(URL file) {
        String place = file.toString().replaceFirst("^jar:", "").replaceFirst("!?/META-INF/services/.*", "");
        return uri(place).map(Registry::path).orElse(place);
    }

    private static Optional<URI> uri(String text) {
        try {
            return Optional.of(new URI(text));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static String path(URI place) {
        return "file".equals(place.getScheme()) ? Path.of(place).toString() : place.toString();
    }
}
