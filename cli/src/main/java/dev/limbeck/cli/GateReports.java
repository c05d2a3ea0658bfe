package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the options that tell a CI service which gates a result passed. */
final class GateReports {
    @Option(names = "--junit", paramLabel = "FILE", description = "Write each --fail-… as a test case of JUnit XML")
    @Nullable
    Path junit;

    @Option(names = "--summary", paramLabel = "FILE", description = "Append them as Markdown, as GitHub shows it")
    @Nullable
    Path summary;

    /** Check the options before long work. */
    void check(boolean gated, String gates) {
        if (junit == null && summary == null) return;
        if (!gated) {
            throw new WrongOption(
                    (junit == null ? "--summary" : "--junit") + " reports gates, found none; add " + gates);
        }
        OutputFile.check("--junit", junit);
        OutputFile.check("--summary", summary);
    }

    /**
     * Refuse the command's result for each gate that failed, and write the reports that were asked for. One that cannot be written fails
     * the command, but not before the result is printed.
     */
    void judge(LimbeckCommand command, String name, List<Gate> gates) {
        for (Gate gate : gates) if (gate.failure() != null) command.refuse(gate.failure());
        try {
            if (junit != null) AtomicFile.write(junit, xml(name, gates));
            if (summary != null) append(summary, markdown(name, gates));
        } catch (LimbeckException e) {
            command.fail(String.valueOf(e.getMessage()));
        }
    }

    /** Return JUnit's XML, as CI services read it. */
    static String xml(String name, List<Gate> gates) {
        StringWriter text = new StringWriter();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeCharacters("\n");
            start(xml, "testsuites", name, gates);
            start(xml, "testsuite", name, gates);
            for (Gate gate : gates) {
                xml.writeStartElement("testcase");
                xml.writeAttribute("classname", name.replace(' ', '.'));
                xml.writeAttribute("name", Printable.line(gate.name()));
                if (gate.failure() != null) {
                    xml.writeStartElement("failure");
                    xml.writeAttribute("message", Printable.line(gate.failure()));
                    xml.writeEndElement();
                }
                xml.writeEndElement();
                xml.writeCharacters("\n");
            }
            xml.writeEndDocument();
            xml.close();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("XML in memory can always be written", e);
        }
        return text + "\n";
    }

    private static void start(XMLStreamWriter xml, String element, String name, List<Gate> gates)
            throws XMLStreamException {
        xml.writeStartElement(element);
        xml.writeAttribute("name", name);
        xml.writeAttribute("tests", String.valueOf(gates.size()));
        xml.writeAttribute("failures", String.valueOf(failures(gates)));
        xml.writeCharacters("\n");
    }

    /** Return a table with a row for each gate. */
    static String markdown(String name, List<Gate> gates) {
        StringBuilder text = new StringBuilder(Texts.format(
                "### %s: %,d of %,d gates failed%n%n| Gate | Result |%n|---|---|%n",
                name, failures(gates), gates.size()));
        for (Gate gate : gates) {
            text.append("| ")
                    .append(Printable.markdown(gate.name()))
                    .append(" | ")
                    .append(gate.failure() == null ? "passed" : "**failed**: " + Printable.markdown(gate.failure()))
                    .append(" |\n");
        }
        return text.append('\n').toString();
    }

    private static long failures(List<Gate> gates) {
        return gates.stream().filter(gate -> gate.failure() != null).count();
    }

    /** Append to what other steps of the job have written. */
    private static void append(Path file, String text) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) Files.createDirectories(folder);
            Files.writeString(file, text, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw IoErrors.writing(file, e);
        }
    }
}
