package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.tensor.Engine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that each bad input gives a one-line error and an exit code, and leaves no files behind. */
class BadInputTest {
    private static final String TRAIN = "train --data $/two --epochs 1 --arch cifar-resnet8 --batch-size 10 --out $/x ";
    private static final String DISTILL =
            "distill --data $/two --teacher $/run --epochs 1 --arch cifar-resnet8 --batch-size 10 --out $/x ";

    @TempDir
    static Path home;

    @BeforeAll
    static void makeInputs() throws IOException {
        Cli.pictures(home.resolve("two"), "cat", "dog");
        Cli.pictures(home.resolve("three"), "cat", "dog", "fish");
        Cli.pictures(home.resolve("others"), "cat", "owl");
        Cli.pictures(home.resolve("single"), "cat");
        Cli.pictures(home.resolve("broken"), "cat", "dog");
        Files.writeString(home.resolve("broken/dog/p3.png"), "not a picture");
        String recipe = "data: {source: '%s'}\nstudent: cifar-resnet8\n".formatted(home.resolve("two"));
        Files.writeString(home.resolve("good.yaml"), recipe);
        Files.writeString(home.resolve("bad.yaml"), recipe + "training: {epochs: 0}\n");
        Files.createDirectory(home.resolve("empty"));
        Files.writeString(home.resolve("text.safetensors"), "This is a text, and no model at all.");
        Files.createFile(home.resolve("zero.safetensors"));
        Files.writeString(home.resolve("none.zip"), "no archive");
        Cli.run("train", "--data", home.resolve("two"), Cli.TINY, "--out", home.resolve("run"))
                .done();
        byte[] model = Files.readAllBytes(home.resolve("run/model.safetensors"));
        Files.write(home.resolve("cut.safetensors"), Arrays.copyOf(model, model.length / 2));
        // The weights without any metadata.
        Cli.withoutMetadata(home.resolve("run/model.safetensors"), home.resolve("bare.safetensors"));
        hostile(home.resolve("hostile.pt"));
    }

    /** Write a checkpoint whose pickle calls os.system to create a file. */
    private static void hostile(Path file) throws IOException {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        pickle.write(new byte[] {(byte) 0x80, 2});
        String command = "touch " + home.resolve("taken-over");
        pickle.write(("cposix\nsystem\n(V" + command + "\ntR.").getBytes(StandardCharsets.UTF_8));
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            store(zip, "archive/data.pkl", pickle.toByteArray());
            store(zip, "archive/version", "3\n".getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Add an entry without compression, as PyTorch does. */
    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 sum = new CRC32();
        sum.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
    }

    /** Run a bad command as text and with --json, and return its error line. */
    private static String refused(int code, String line) throws IOException {
        Set<String> before = Cli.listing(home);
        Cli.Answer answer = Cli.run(Cli.words(line, home));
        assertThat(answer.code()).as(answer.err()).isEqualTo(code);
        assertThat(answer.out()).isEmpty();
        assertThat(answer.err().lines())
                .as("one line")
                .filteredOn(log -> !log.startsWith("skipped: "))
                .hasSize(1);
        assertThat(answer.err()).startsWith("limbeck: ").doesNotContain("a bug", "Exception", "null");
        Cli.Answer json = Cli.run(Cli.words(line + " --json", home));
        assertThat(json.code()).isEqualTo(code);
        JsonNode document = json.json();
        assertThat(document.fieldNames()).toIterable().containsExactly("error");
        assertThat("limbeck: " + document.get("error").asText() + System.lineSeparator())
                .isEqualTo(json.err());
        assertThat(Cli.listing(home)).as("nothing is left behind").isEqualTo(before);
        return answer.err().strip();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--data $/missing | no folder or archive",
                "--data shape | no data set, folder or archive 'shape'; nearest: shapes",
                "--data $/empty | no images in",
                "--data $/single | expected at least 2 classes",
                "--data $/broken | broken/dog/p3.png: not an image of a known format (PNG, JPEG, BMP, GIF, WebP or TIFF); "
                        + "remove or replace it, or leave bad images out (skipBadImages, --skip-bad-images)",
                "--data $/none.zip | none.zip: is not a zip or tar archive (plain, or by gzip, bzip2, xz or zstd)",
                "--data $/two --label-regex zzz | found no labels; give one folder per class, or take labels",
            })
    void dataThatCannotBeUsed(String data, String expected) throws IOException {
        String line = "train %s --epochs 1 --arch cifar-resnet8 --out $/x".formatted(data);
        assertThat(refused(1, line)).contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--epochs 0 | epochs must be at least 1, found 0",
                "--head concat | --head needs --pretrained or --weights; add one",
                "--head round --pretrained | no head 'round'; nearest: keep, concat, linear",
                "--frozen-epochs -1 --pretrained | frozen_epochs must be at least 0, found -1",
                "--lr NaN | lr must be a positive number, found NaN",
                "--lr 0 | lr must be a positive number, found 0.0",
                "--lr Infinity | lr must be a positive number, found Infinity",
                "--schedule onecycle | no schedule 'onecycle'; nearest: one-cycle",
                "--optimizer adam | no optimizer 'adam'; nearest: adamw",
                "--weight-decay NaN | weight_decay must be at least 0, found NaN",
                "--clip-grad-norm 0 | clip_grad_norm must be a positive number, found 0.0",
                "--grad-accum-steps 0 | grad_accum_steps must be at least 1, found 0",
                "--schedule kd-weight=cosine:1..0 | --schedule kd-weight=cosine:1..0 applies to a teacher",
                "--patience 0 | patience must be at least 1, found 0",
                "--batch-size 0 | batch_size must be at least 1, found 0",
                "--image-size -1 | image_size must be at least 1, found -1",
                "--image-size 0 | image_size must be at least 1, found 0",
                "--resize foo | no resize 'foo'; nearest: crop, pad, squish",
                "--keep first | no keep 'first'; nearest: best, last",
                "--max-train-samples 0 | max_train_samples must be at least 1, found 0",
                "--workers 0 | --workers must be at least 1, found 0",
                "--valid-fraction 1.5 | valid_fraction must be at least 0 and below 1, found 1.5",
                "--valid-fraction NaN | valid_fraction must be at least 0 and below 1, found NaN",
                "--mean 0,0,0 | set mean and std together, found only mean",
                "--std 1,1,1 | set mean and std together, found only std",
                "--mean 0,0 --std 1,1,1 | normalization mean must be three numbers, found [0.0, 0.0]",
                "--mean NaN,0,0 --std 1,1,1 | normalization mean must be three numbers, found [NaN, 0.0, 0.0]",
                "--mean 0,0,0 --std 1,0,1 | normalization std must be three numbers above 0, found [1.0, 0.0, 1.0]",
                "--label-regex ( | label_regex must be a regular expression, found '('",
                "--device nonsense | device must be auto, cpu, cuda or cuda:N, found 'nonsense'",
                "--threads 0 | --threads must be at least 1, found 0",
                "--threads -1 | --threads must be at least 1, found -1",
                "--arch resnet19 | no architecture 'resnet19'; nearest: resnet18",
            })
    void settingsOutOfRange(String option, String expected) throws IOException {
        assertThat(refused(2, train(option))).contains(expected);
    }

    private static String train(String option) {
        String name = option.substring(0, option.indexOf(' '));
        return TRAIN.replaceFirst(name + " \\S+ ", "") + option;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--head linear --pretrained | no published weights of cifar-resnet8 are known; give a file of them (--weights)",
                "--weights $/missing.pth | no weights at ",
                "--weights $/text.safetensors | text.safetensors",
                "--arch resnet18 --weights $/run | run/model.safetensors has no weights of resnet18+concat: expected "
                        + "conv1.weight 64×3×7×7, found 16×3×3×3; it looks like cifar-resnet8, use that (--arch)",
                "--weights $/empty | model.safetensors",
                "--unlabeled $/three | expected images without labels in folder ",
                "--image-size 5000 | image height must be 1 to 4096, found 5000",
            })
    void settingsThatDoNotFitFilesOrNetworks(String option, String expected) throws IOException {
        assertThat(refused(1, train(option))).contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "-T 0 | temperature must be a positive number, found 0.0",
                "-T -1 | temperature must be a positive number, found -1.0",
                "-T NaN | temperature must be a positive number, found NaN",
                "--kd-weight -0.1 | weight must be between 0 and 1, found -0.1",
                "--kd-weight 1.1 | weight must be between 0 and 1, found 1.1",
                "--kd-weight NaN | weight must be between 0 and 1, found NaN",
                "--loss logit-mse -T 4 | the loss logit-mse has no temperature, found 4.0; leave it out",
                "--loss soft-target:T=2 -T 4 | the temperature of soft-target:T=2 is given twice, also by --temperature 4",
                "--loss logit-mse --loss attention:layer2 -T 4 | --temperature 4 is used by none of the losses",
                "--kd-weight cosin:1..0 | no schedule 'cosin'; nearest: cosine",
                "--kd-weight cosine:2..0 | weight must be between 0 and 1, found 2.0",
                "--adapter-epochs 1 | adapter_epochs must be below epochs, found 1 of 1, in which only adapters",
                "--kd-weight cosine | a schedule must be a number or shape:start..end[@from..to], such as cosine:1..0",
                "--schedule kd-weight=cosin:1..0 | no schedule 'cosin'; nearest: cosine",
                "--schedule wait=cosine:1..0 | no setting to schedule 'wait'; nearest: kd-weight",
                "--kd-weight 1 --schedule kd-weight=cosine:1..0 | --schedule kd-weight=cosine:1..0 sets the same as --kd-weight",
                "--task-weight -1 | task_weight must be at least 0, found -1.0",
                "--kd-max-steps 0 | max_steps must be at least 1, found 0",
                "--teacher-errors forget | no teacher_errors 'forget'; nearest: drop, keep, swap",
                "--gradient-stats-every 0 | gradient_stats_every must be at least 1, found 0",
                "--loss attention | the loss attention compares features; name the layers, such as attention:layer3",
                "--loss soft-targt | no loss 'soft-targt'; nearest: soft-target",
            })
    void distillationOutOfRange(String option, String expected) throws IOException {
        assertThat(refused(2, DISTILL + option)).contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--adapter-epochs 1 | there are no feature pairs with adapters to train first; add a pair",
                "--loss attention:layer9 | no layer 'layer9' in cifar-resnet8; nearest: ",
            })
    void distillationThatDoesNotFitTheStudent(String option, String expected) throws IOException {
        assertThat(refused(1, DISTILL.replace("--epochs 1", "--epochs 2") + option))
                .contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "train --data $/two --arch resnet18 | Missing required option: '--out=<out>'; see limbeck train --help",
                "train --data $/two --arch resnet18 --out $/x --epoch 3 | no option '--epoch' in train; nearest: --epochs",
                "trian | no command 'trian'; nearest: train",
                "trian --help | no command 'trian'; nearest: train",
                "trian --version | no command 'trian'; nearest: train",
                "help trian | no command 'trian'; nearest: train",
                "train $/a.yaml $/b.yaml --out $/x | unexpected argument",
                "train --data $/two --arch resnet18 --out $/x --lr fast | '--lr': expected a number, found 'fast'",
                "train --data $/two --arch resnet18 --out $/x --epochs 1.5 | expected a whole number, found '1.5'",
                "train --data $/two --arch resnet18 --out $/x --seed s | expected a whole number, found 's'",
                "train --data $/two --arch resnet18 --out $/x --mean a,b,c --std 1,1,1 | expected a number, found 'a'",
                "evaluate --model $/run --data $/two --split exam | expected one of train, valid, test, found 'exam'",
                "predict --model $/run | Missing required parameter: 'INPUT'",
                "explain --logits a,b | expected a number, found 'a'",
            })
    void wrongUsage(String line, String expected) throws IOException {
        assertThat(refused(2, line))
                .contains(expected)
                .contains("; see limbeck")
                .endsWith("--help");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "missing.safetensors | no model at",
                "empty | expected a run directory with model.safetensors",
                "zero.safetensors | is empty",
                "text.safetensors | is of no known kind; expected a safetensors file or a PyTorch checkpoint",
                "cut.safetensors | cut.safetensors: ",
                "bare.safetensors | does not contain its architecture; set it (--arch, for a teacher --teacher-arch) to one of resnet18",
                "hostile.pt | names the class posix.system",
            })
    void modelsThatCannotBeUsed(String model, String expected) throws IOException {
        assertThat(refused(1, "evaluate --data $/two --model $/" + model)).contains(expected, model);
        assertThat(home.resolve("taken-over")).doesNotExist();
    }

    @Test
    void hostileTeacher() throws IOException {
        String line = DISTILL.replace("$/run", "$/hostile.pt --teacher-arch cifar-resnet8")
                .strip();
        assertThat(refused(1, line)).contains("posix.system", "nothing of it was run");
        assertThat(home.resolve("taken-over")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "evaluate --model $/run --arch resnet18 --data $/two | is a cifar-resnet8, but resnet18 was requested",
                "evaluate --model $/bare.safetensors --arch cifar-resnet14 --data $/two | missing: layer1.1.conv1.weight",
                "evaluate --model $/bare.safetensors --arch resnet18 --data $/two | other shapes: conv1.weight (expected 64×3×7×7, found 16×3×3×3)",
                "evaluate --model $/run --data $/three --split valid | the model has 2 classes, the data has 3",
                "evaluate --model $/run --data $/others --split valid | the model's classes are cat, dog, the data's are cat, owl",
                "evaluate --model $/run --data $/two | there is no test split",
                "distill --teacher $/run --data $/three --arch cifar-resnet8 --out $/x | has 2 classes, the data has 3",
                "distill --teacher $/run --data $/others --arch cifar-resnet8 --out $/x | names class 1 'dog', the data 'owl'",
                "predict --model $/run $/text.safetensors | cannot read image",
                "predict --model $/run $/none.png | no such file",
                "explain --model $/run $/broken/dog/p3.png | broken/dog/p3.png: not an image",
            })
    void modelsAndInputsThatDoNotFit(String line, String expected) throws IOException {
        assertThat(refused(1, line)).contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "predict --model $/run --top 0 $/two/cat/p1.png | --top must be at least 1, found 0",
                "explain | nothing to explain; set --logits",
                "explain --logits 1,2 --labels a | expected one label for each of the 2 logits, found 1",
                "explain --logits 1,2 --labels a,a | labels must be unique",
                "explain --logits NaN,1 | logits must be finite numbers, found NaN",
                "explain --logits 1,2 -T 0 | temperature must be a positive number, found 0.0",
                "explain --logits 1,2 --model $/run | set --logits, or --model with an input",
                "explain --labels a,b --model $/run $/two/cat/p1.png | --labels is for --logits",
                "summary | nothing to list; set --model, or --arch",
                "summary --arch resnet18 --classes 0 | --classes must be at least 1, found 0",
                "summary --arch resnet18 --image-size 0 | --image-size must be at least 1, found 0",
                "export --model $/run --out $/x --samples 0 | --samples must be at least 1, found 0",
                "export --model $/run --out $/x --classes a,a | --classes must be unique names, found [a, a]",
                "watch $/run --port 70000 | --port must be at most 65535, found 70000",
                "sweep --data $/two --teacher $/run --trials 0 --out $/x | --trials must be at least 1, found 0",
                "train $/good.yaml --lr 0 --out $/x | lr must be a positive number, found 0.0",
            })
    void optionsThatAreWrongWhateverTheDataAre(String line, String expected) throws IOException {
        assertThat(refused(2, line)).contains(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "export --model $/run --out $/x --no-verify --samples 9 | --samples is for the verification, found --no-verify",
                "export --model $/run --out $/x --no-verify --data $/two | --data is for the verification, found --no-verify",
                "export --model $/run --out $/x --valid-fraction 0.5 | --valid-fraction changes the data that --data names",
                "sweep --data $/two --teacher $/run --trials 4 --out $/x | --trials is how many combinations random draws, found"
                        + " --strategy grid, which takes all; leave it out",
                "sweep --data $/two --teacher $/run --trials 4 --strategy halving --out $/x | found --strategy halving, which",
                "prune $/run --ratio 0.5 --least 0.2 --out $/x.safetensors | --least bounds what --macs leaves of a layer",
                "prune $/run --ratio 0.3,0.5 --out $/x.safetensors | one for all others, found 0.3,0.5; name a layer, as in",
                "prune $/run --ratio a=0.3,a=0.5 --out $/x.safetensors | found a=0.3,a=0.5; name a once",
                "prune $/run --macs 0.5 --batches 2 --out $/x.safetensors | --batches is for the criterion taylor, found bn",
                "prune $/run --macs 0.5 --criterion l1 --data $/two --out $/x.safetensors | --data is for the criterion taylor",
                "prune $/run --macs 0.5 --criterion taylor --batch-size 4 --out $/x.safetensors | --batch-size changes the data",
                "summary resnet18 --arch resnet34 | --arch found with resnet18; leave out one of the two",
                "summary resnet18 --model $/run | --model found with resnet18; leave out one of the two",
                "summary $/run --classes 3 | --classes is for an architecture, found",
                "summary resnet18 --weights-key ema | --weights-key is for a checkpoint, found an architecture; leave it out",
                "recipe --preset quick --schema | --preset found with --schema; choose one",
                "show --data $/two --out $/x.png --split test | --split is for a model's predictions, found no --model",
                "show --data $/two --out $/x.png --worst | --worst is for a model's predictions, found no --model",
                "show --data $/two --out $/x.png --samples 4 | --samples is for a model's predictions, found no --model",
                "show --data $/two --out $/x.png --classes a,b | --classes is for a model's predictions, found no --model",
                "show --data $/two --out $/x.png --model-output logits | --model-output is for a model's predictions",
                "explain --logits 1,2 --classes a,b | --classes is for a model, found --logits; leave it out",
                "explain --logits 1,2 --image-size 32 | --image-size is for a model, found --logits; leave it out",
                "train $/good.yaml --elastic --out $/x | --elastic is for a training that goes on, found no --resume; add it",
                "train $/good.yaml --process-timeout 9 --out $/x | --process-timeout is how long processes wait for each other",
                "train --resume --preset quick --out $/x | --preset is a start for other settings, found --resume, which has",
                "lr-find $/good.yaml --steps 5 | --steps must be at least 20, found 5",
                "lr-find $/good.yaml --picture $/run | --picture must be the name of a file to write, found the folder",
                "lr-find $/good.yaml --picture $/bad.yaml/x.png | bad.yaml is a file; choose another",
            })
    void optionsThatWouldDoNothing(String line, String expected) throws IOException {
        assertThat(refused(2, line)).contains(expected);
    }

    @Test
    void aMistypedPathIsNoArchitecture() throws IOException {
        assertThat(refused(1, "summary $/rum")).contains("rum").doesNotContain("architecture");
        assertThat(refused(1, "summary modle.safetensors"))
                .contains("modle.safetensors")
                .doesNotContain("architecture");
        assertThat(refused(2, "summary resnet19")).contains("no architecture 'resnet19'; nearest: resnet18");
    }

    @Test
    void aRecipeThatIsWrongIsNoWrongOption() throws IOException {
        assertThat(refused(1, "train $/bad.yaml --lr 0.1 --out $/x")).contains("bad.yaml: epochs must be at least 1");
    }

    @Test
    void gpuThatIsNotThere() throws IOException {
        assumeTrue(Engine.cudaDevices() == 0, "there is a GPU");
        assertThat(refused(1, TRAIN + "--device cuda")).contains("LibTorch sees 0 CUDA devices; use --device cpu");
    }

    @Test
    void imagesWithoutLabelsAndWithoutATeacherAreTold() throws IOException {
        Cli.Answer answer = Cli.run(
                        "train",
                        "--data",
                        home.resolve("two"),
                        Cli.TINY,
                        "--labels-per-class",
                        "2",
                        "--keep-unlabeled",
                        "--out",
                        home.resolve("few"))
                .done();
        assertThat(answer.err()).contains("12 of 16 training rows have no label; only a teacher can teach them");
    }

    @Test
    void badImagesAreSkippedWhenAsked() throws IOException {
        Path out = home.resolve("skipping");
        Cli.Answer answer = Cli.run(
                        "train", "--data", home.resolve("broken"), "--skip-bad-images", Cli.TINY, "--out", out)
                .done();
        assertThat(answer.err()).contains("skipped: cannot read image").contains("p3.png");
        JsonNode data = Cli.read(out.resolve("run.json")).get("data");
        assertThat(data.get("skipped_images").asInt()).isEqualTo(1);
        assertThat(data.at("/sizes/train").asInt() + data.at("/sizes/valid").asInt())
                .isEqualTo(19);
    }

    /** Each of these would block forever, fill memory, or be replaced. */
    @Test
    @EnabledOnOs(OS.LINUX)
    @Timeout(120)
    void pipesAndDevicesAreNeverOpened(@TempDir Path place) throws Exception {
        Path pipe = place.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Path images = Files.createDirectories(place.resolve("images/cat"));
        new ProcessBuilder("mkfifo", images.resolve("a.png").toString()).start().waitFor();
        for (Path special : List.of(pipe, Path.of("/dev/zero"))) {
            String[][] commands = {
                {"inspect", "" + special},
                {"evaluate", "--model", "" + special, "--data", "shapes"},
                {"evaluate", "--model", "" + special, "--arch", "resnet18", "--data", "shapes"},
                {"train", "" + special, "--out", "" + place.resolve("o")},
                {"train", "--data", "" + special, "--arch", "cifar-resnet8", "--out", "" + place.resolve("o")},
                {"distill", "--data", "shapes", "--teacher", "" + special, "--arch", "cifar-resnet8", "--out", "o"},
                {
                    "train",
                    "--data",
                    "shapes:32:8:8",
                    "--image-size",
                    "16",
                    "--arch",
                    "cifar-resnet8",
                    "--out",
                    "" + special
                },
                {"compare", "" + special, "--out", "" + place.resolve("o")},
                {"show", "--data", "shapes:32:8:8", "--image-size", "16", "--out", "" + special},
            };
            for (String[] command : commands) {
                Cli.Answer answer = Cli.run((Object[]) command);
                assertThat(answer.code())
                        .as(String.join(" ", command) + ": " + answer)
                        .isEqualTo(1);
            }
            assertThat(special).exists();
            assertThat(Files.isRegularFile(special)).isFalse();
        }
        assertThat(place.resolve("o")).doesNotExist();
        assertThat(Cli.run(
                                "train",
                                "--data",
                                place.resolve("images"),
                                "--arch",
                                "cifar-resnet8",
                                "--out",
                                place.resolve("o"))
                        .code())
                .isEqualTo(1);
    }
}
