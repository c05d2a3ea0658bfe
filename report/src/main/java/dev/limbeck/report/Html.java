package dev.limbeck.report;

import dev.limbeck.Printable;
import dev.limbeck.run.RunJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Put pages together: one self-contained file each, of a template, the style, scripts and data. */
final class Html {
    private Html() {}

    /**
     * Return a page.
     *
     * @param name of the template and of its script, without an ending
     * @param data record that the script shows; null if it asks a server
     */
    static String page(String name, @Nullable Object data) {
        return resource(name + ".html")
                .replace("/*STYLE*/", resource("report.css"))
                .replace("/*SCRIPT*/", resource("common.js") + "\n" + resource(name + ".js"))
                // The JSON must not contain the end tag of its script element.
                .replace("/*DATA*/", data == null ? "" : json(data).replace("<", "\\u003c"));
    }

    /** Return the data of a page as its script reads it. */
    static String json(Object data) {
        return Printable.lines(RunJson.write(data));
    }

    private static String resource(String name) {
        try (InputStream in = Html.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the page's " + name + " is missing from the build", e);
        }
    }
}
