package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** Test the gates of CI: what is refused before any work, and how results are reported. */
class GatesTest {
    private static final List<Gate> GATES = List.of(
            new Gate("accuracy >= 0.9", "accuracy must be at least 0.9, found 0.5 <\"&\u0007|"),
            new Gate("loss <= 2.0", null));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--fail-below accuracy=NaN | --fail-below accuracy must be a number, found 'NaN'",
                "--fail-above loss=Infinity | --fail-above loss must be a number, found 'Infinity'",
                "--fail-above loss=much | --fail-above loss must be a number, found 'much'",
                "--fail-above loss=5% | --fail-above loss must be a number, found '5%'",
                "--fail-below accuracy=92.5% | must be a fraction from 0 to 1, found 92.5%; 92.5 % is accuracy=0.925",
                "--fail-below macro_f1=90 | must be a fraction from 0 to 1, found 90; 90 % is macro_f1=0.9",
                "--fail-above auc=-1 | --fail-above auc must be a fraction from 0 to 1, found -1",
                "--junit x.xml | --junit reports gates, found none; add --fail-below or --fail-above",
                "--summary x.md | --summary reports gates, found none; add --fail-below or --fail-above",
                "--fail-above loss=1 --junit . | --junit must be the name of a file to write, found the folder '.'; choose another",
                "--fail-above loss=1 --summary pom.xml/x.md | pom.xml is a file; choose another",
            })
    void aGateThatCannotBeMeantIsWrongUsage(String options, String expected) {
        Cli.Answer answer = Cli.run("evaluate", "--model", "none", "--data", "shapes", options.split(" "));
        assertThat(answer.code()).isEqualTo(2);
        assertThat(answer.err().lines())
                .singleElement()
                .asString()
                .startsWith("limbeck: ")
                .contains(expected);
        assertThat(answer.out()).isEmpty();
    }

    @Test
    void compareNeedsAGateToReport() {
        Cli.Answer answer = Cli.run("compare", "none.yaml", "--out", "none", "--junit", "x.xml");
        assertThat(answer.code()).isEqualTo(2);
        assertThat(answer.err()).contains("--junit reports gates, found none; add --fail-unless");
    }

    @Test
    void aReportThatCannotBeWrittenLosesNoResult(@TempDir Path home) throws IOException {
        GateReports reports = new GateReports();
        reports.summary = home.resolve("new/folder/summary.md");
        reports.check(true, "--fail-below");
        LimbeckCommand command = new LimbeckCommand() {
            @Override
            Object run() {
                reports.judge(this, "limbeck evaluate", GATES);
                return Map.of("result", 1);
            }
        };
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        command.terminal = new Terminal(new PrintStream(out), new PrintStream(err), false);
        command.json = true;
        assertThat(command.call()).isEqualTo(3);
        assertThat(reports.summary).content().startsWith("### limbeck evaluate: 1 of 2 gates failed");
        out.reset();
        // What was right before the work need not be so after it.
        Files.delete(reports.summary);
        Files.createDirectory(reports.summary);
        assertThat(command.call()).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"result\"");
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("summary.md");
    }

    @Test
    void aTestCasePerGate() throws Exception {
        Element suites = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(GateReports.xml("limbeck evaluate", GATES))))
                .getDocumentElement();
        Element suite = (Element) suites.getElementsByTagName("testsuite").item(0);
        assertThat(suites.getTagName()).isEqualTo("testsuites");
        assertThat(suite.getAttribute("tests")).isEqualTo("2");
        assertThat(suite.getAttribute("failures")).isEqualTo("1");
        Element bad = (Element) suite.getElementsByTagName("testcase").item(0);
        Element good = (Element) suite.getElementsByTagName("testcase").item(1);
        assertThat(bad.getAttribute("classname")).isEqualTo("limbeck.evaluate");
        assertThat(bad.getAttribute("name")).isEqualTo("accuracy >= 0.9");
        assertThat(((Element) bad.getElementsByTagName("failure").item(0)).getAttribute("message"))
                .startsWith("accuracy must be at least 0.9, found 0.5 <\"&")
                .doesNotContain("\u0007");
        assertThat(good.getAttribute("name")).isEqualTo("loss <= 2.0");
        assertThat(good.getElementsByTagName("failure").getLength()).isZero();
    }

    @Test
    void aRowOfMarkdownPerGate() {
        List<String> lines =
                GateReports.markdown("limbeck evaluate", GATES).lines().toList();
        assertThat(lines.get(0)).isEqualTo("### limbeck evaluate: 1 of 2 gates failed");
        assertThat(lines.get(4))
                .startsWith("| accuracy ")
                .contains("**failed**", "\\|")
                .doesNotContain(" <\"");
        assertThat(lines.get(5)).endsWith("| passed |");
    }
}
