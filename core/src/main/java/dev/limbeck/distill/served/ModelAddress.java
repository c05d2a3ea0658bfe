package dev.limbeck.distill.served;

import dev.limbeck.LimbeckException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hold the address of a served model, {@code http://host:8000/v2/models/NAME} or {@code …/NAME/versions/VERSION}. It holds
 * no credentials, so it may be written anywhere.
 *
 * @param server everything before {@code /v2/}
 * @param name of the model, as in the address
 * @param version that the address names; null if the server chooses
 */
public record ModelAddress(
        String server, String name, @Nullable String version) {
    private static final Pattern PATH =
            Pattern.compile("((?:/[^/]+)*)/v2/models/([^/]+)(?:/versions/([^/]+))?/?", Pattern.CASE_INSENSITIVE);

    /** Return whether a text is an address and not a file. */
    public static boolean isOne(String text) {
        String start = text.strip().toLowerCase(Locale.ROOT);
        return start.startsWith("http://") || start.startsWith("https://");
    }

    /**
     * Parse an address.
     *
     * @throws LimbeckException if it has another form, a user, a query or a fragment; the message does not repeat these
     */
    public static ModelAddress of(String text) {
        URI address;
        try {
            address = new URI(text.strip());
        } catch (URISyntaxException e) {
            // Its message and its input may contain a password.
            throw wrong("text that is not an address", null);
        }
        if (address.getRawUserInfo() != null
                || address.getRawAuthority() != null
                        && address.getRawAuthority().contains("@")) {
            throw new LimbeckException(
                    "the address of a served model must not contain a user or a password, because it "
                            + "is written to records; set the variable " + Connection.TOKEN + " to a bearer token");
        }
        if (address.getRawQuery() != null || address.getRawFragment() != null) {
            throw wrong("one with a query or a fragment", address);
        }
        if (address.getHost() == null) throw wrong("one without a host", address);
        Matcher path = PATH.matcher(address.getRawPath());
        if (!path.matches())
            throw wrong(address.getScheme() + "://" + address.getRawAuthority() + address.getRawPath(), null);
        String server = address.getScheme().toLowerCase(Locale.ROOT) + "://"
                + address.getRawAuthority().toLowerCase(Locale.ROOT) + path.group(1);
        return new ModelAddress(server, path.group(2), path.group(3));
    }

    private static LimbeckException wrong(String found, @Nullable URI address) {
        return new LimbeckException(
                "the address of a served model must be such as http://host:8000/v2/models/NAME or …/NAME/versions/3, found "
                        + found + (address == null ? "" : " at " + address.getHost()) + "; name the model like this");
    }

    /** Return the address of a part of the protocol, such as {@code health/ready}. */
    URI ofServer(String part) {
        return URI.create(server + "/v2/" + part);
    }

    /** Return the address of a part of the model, such as {@code infer}; empty for its metadata. */
    URI ofModel(String part) {
        return URI.create(this + (part.isEmpty() ? "" : "/" + part));
    }

    /** Return whether what is sent there cannot be read on the way. */
    boolean isPrivate() {
        String host = URI.create(server).getHost();
        return server.startsWith("https:")
                || Set.of("localhost", "127.0.0.1", "[::1]").contains(host);
    }

    @Override
    public String toString() {
        return server + "/v2/models/" + name + (version == null ? "" : "/versions/" + version);
    }
}
