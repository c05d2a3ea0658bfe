package dev.limbeck.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that the documents and the JSON Schema match the recipe records. -Dlimbeck.write=true writes both. */
class RecipeDocsTest {
    private static final Path DOCS = Path.of("../docs");
    private static final Path SCHEMA = DOCS.resolve("recipe.schema.json");
    private static final String BEGIN = "<!-- settings: written by RecipeDocsTest -->\n";
    private static final String END = "<!-- end of settings -->\n";
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```ya?ml\\n(.*?)^```$");

    private static JsonSchema schema() {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(RecipeSchema.text());
    }

    private static Set<ValidationMessage> faults(String yaml) {
        return schema().validate(yaml, InputFormat.YAML);
    }

    private static void isWritten(Path file, String expected) throws IOException {
        if (Boolean.getBoolean("limbeck.write")) Files.writeString(file, expected);
        assertThat(file)
                .as("as mvn test -pl core -Dtest=RecipeDocsTest -Dlimbeck.write=true writes it")
                .exists();
        assertThat(Files.readString(file).replace("\r\n", "\n"))
                .as("%s; mvn test -pl core -am -Dtest=RecipeDocsTest -Dlimbeck.write=true writes it", file)
                .isEqualTo(expected);
    }

    @Test
    void theTableOfSettingsIsWhatTheRecordsDeclare() throws IOException {
        Path file = DOCS.resolve("recipes.md");
        String text = Files.readString(file).replace("\r\n", "\n");
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        assertThat(begin).isNotNegative().isLessThan(end);
        isWritten(file, text.substring(0, begin + BEGIN.length()) + tables() + text.substring(end));
    }

    @Test
    void theSchemaIsWhatTheRecordsDeclare() throws IOException {
        isWritten(SCHEMA, RecipeSchema.text());
    }

    private static String tables() {
        StringBuilder text = new StringBuilder();
        for (Heading heading : Heading.values()) {
            List<DeclaredSetting> settings = Declarations.ofRecipes().stream()
                    .filter(setting -> setting.heading() == heading)
                    .toList();
            if (!settings.isEmpty()) table(text, heading.title(), settings);
            if (heading == Heading.DATA) table(text, "Texts and tables only", Declarations.ofOtherKinds());
        }
        return text.append("\n").toString();
    }

    private static void table(StringBuilder text, String title, List<DeclaredSetting> settings) {
        text.append("\n### ").append(title).append("\n\n| key | option | description | default |\n|---|---|---|---|\n");
        for (DeclaredSetting setting : settings) {
            text.append("| ")
                    .append(String.join(
                            " | ",
                            "`" + setting.dotted() + "`",
                            setting.options().isEmpty() ? "" : "`" + String.join("`, `", setting.options()) + "`",
                            what(setting),
                            setting.unset().isEmpty() ? "" : setting.unset()))
                    .append(" |\n");
        }
    }

    private static String what(DeclaredSetting setting) {
        List<String> parts = new ArrayList<>(List.of(setting.declaration().help()));
        if (!setting.choices().isEmpty()) parts.add("one of `" + String.join("`, `", setting.choices()) + "`");
        if (!setting.bounds().isEmpty()) parts.add(setting.bounds());
        if (setting.declaration().required()) parts.add("must be set");
        return String.join("; ", parts).replace("|", "\\|");
    }

    static Stream<String> recipesOfDocuments() throws IOException {
        List<Path> documents = new ArrayList<>(List.of(Path.of("../README.md")));
        try (Stream<Path> docs = Files.list(DOCS)) {
            docs.filter(path -> path.toString().endsWith(".md")).sorted().forEach(documents::add);
        }
        List<String> found = new ArrayList<>();
        for (Path document : documents) {
            Matcher block = BLOCK.matcher(Files.readString(document).replace("\r\n", "\n"));
            while (block.find()) if (block.group(1).contains("student:")) found.add(block.group(1));
        }
        assertThat(found).isNotEmpty();
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("recipesOfDocuments")
    void recipesOfDocumentsFitTheSchemaAndAreRead(String yaml) {
        assertThat(faults(yaml)).isEmpty();
        assertThat(faults(Recipe.parse(yaml).toYaml())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data: {source: shapes}\nstudent: cifar-resnet8\n",
                """
                data: {source: pictures, image_size: 48, resize: pad, batch_size: 16, valid_fraction: 0.1, max_train_samples: 99,
                  seed: 5, mean: [0, 0.5, 1], std: [1, 1, 2], label_regex: '^(\\w+)_\\d+', skip_bad_images: true,
                  augment: {hflip: false, pad_and_crop: 4, random_resized_crop: 1, color_jitter: 0.1, rand_augment: 9, views: 2}}
                teacher: {members: [{model: 'a: b', architecture: resnet34}, {model: c, classes: [x, y]}], weights: [1, 2]}
                student: resnet18
                training: {epochs: 3, lr: 1.0e-4, schedule: constant, optimizer: sgd, weight_decay: 0, clip_grad_norm: 1,
                  grad_accum_steps: 2, patience: 4, keep: best, seed: 12345678901}
                distillation: {kd_weight: 0.7, task_weight: 'cosine:0..1', classes: {cat: [tabby]}, losses: [
                  {name: soft-target, temperature: 'linear:8..2@0.2..0.8', scale: 2}, {name: decoupled, parameters: {alpha: 1}}]}
                """,
            })
    void recipesFitTheSchema(String yaml) throws IOException {
        assertThat(faults(yaml)).isEmpty();
        // The recipe has this form in a run.json.
        JsonNode tree = Recipe.parse(yaml).toTree();
        assertThat(schema().validate(new ObjectMapper().readTree(tree.toString())))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "training: {learning_rate: 1}",
                "trainig: {lr: 1}",
                "training: {epochs: 0}",
                "training: {epochs: 1.5}",
                "training: {lr: fast}",
                "training: {lr: 0}",
                "training: {label_smoothing: 1}",
                "training: {keep: first}",
                "training: 3",
                "distillation: {kd_weight: 1.1}",
                "distillation: {kd_weight: cosine}",
                "distillation: {losses: [{temperature: 3}]}",
                "distillation: {losses: [{name: dist, scale: -1}]}",
                "distillation: {losses: [{name: fitnet, adapter: conv}]}",
                "teacher: {model: t, class: java.lang.Runtime}",
                "teacher: {members: [{modle: t}]}",
                "pretrained: {head: round}",
            })
    void theSchemaRefusesWhatIsRefused(String more) {
        String yaml = "data: {source: shapes}\nstudent: cifar-resnet8\n" + more;
        assertThat(faults(yaml)).isNotEmpty();
        String taught = more.startsWith("distillation") ? yaml + "\nteacher: {model: t}" : yaml;
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> Recipe.parse(taught))
                .isInstanceOf(dev.limbeck.LimbeckException.class);
    }

    @Test
    void theSchemaWantsWhatMustBeThere() {
        assertThat(faults("student: resnet18")).isNotEmpty();
        assertThat(faults("data: {source: shapes}")).isNotEmpty();
        assertThat(faults("data: {}\nstudent: resnet18")).isNotEmpty();
    }

    @Test
    void defaultsPassTheirOwnChecks() throws IOException {
        JsonNode tree = new YAMLMapper()
                .readTree(Recipe.parse("{data: {source: s}, student: resnet18}").toYaml());
        for (DeclaredSetting setting : Declarations.ofRecipes()) {
            String value = setting.declaration().defaultValue();
            if (value.isEmpty() || setting.isSection() || setting.listed()) continue;
            JsonNode found = tree.at("/" + String.join("/", setting.path()));
            if (!found.isMissingNode()) assertThat(found.asText()).isEqualTo(plain(setting, value));
        }
    }

    private static String plain(DeclaredSetting setting, String value) {
        return setting.type() == Double.class ? Double.toString(Double.parseDouble(value)) : value;
    }
}
