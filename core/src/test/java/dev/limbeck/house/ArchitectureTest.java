package dev.limbeck.house;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test the architecture: dependencies between packages, and access to the engine. */
class ArchitectureTest {
    private static final String HOME = "dev.limbeck";
    private static final String ENGINE = "org.bytedeco..";
    private static final int LONGEST_FILE = 400;
    private static final int LARGEST_CIRCLE = 3;
    private static final List<String> SETTINGS_OF_IMAGES =
            List.of("nchw", "nhwc", "rgb", "bgr", "image_size", "resize", "std", "layout", "channels");
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(HOME);

    @Test
    void thereAreClassesToCheck() {
        assertThat(CORE.size()).isGreaterThan(80);
        assertThat(CORE.contain("dev.limbeck.tensor.Ops")).isTrue();
        assertThat(CORE.contain("dev.limbeck.house.ArchitectureTest")).isFalse();
    }

    @Test
    void onlyTheTensorPackageCallsTheEnginesFunctions() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.limbeck.tensor")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.bytedeco.pytorch.global..", "org.bytedeco.pytorch.cuda..", "org.bytedeco.openblas..")
                .check(CORE);
    }

    @Test
    void othersHoldTensorsAndDevicesAndMakeNothingOfTheEngines() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.limbeck.tensor")
                .should()
                .callConstructorWhere(target(owner(resideInAPackage(ENGINE))))
                .check(CORE);
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.limbeck.tensor")
                .should()
                .dependOnClassesThat(resideInAPackage(ENGINE).and(DescribedPredicate.not(seenByAll())))
                .check(CORE);
    }

    /** Return whether all packages may use a class: tensors, devices and the string type of a device's name. */
    private static DescribedPredicate<JavaClass> seenByAll() {
        Set<String> names = Set.of(
                Tensor.class.getName(),
                Tensor.class.getSuperclass().getName(),
                Device.class.getName(),
                "org.bytedeco.javacpp.Pointer",
                "org.bytedeco.javacpp.BytePointer");
        return DescribedPredicate.describe("seen by all", type -> names.contains(type.getName()));
    }

    @ParameterizedTest(name = "{0} leans on {1} only")
    @CsvSource({
        "tensor,        ''",
        "io,            ''",
        "nn,            tensor",
        "zoo,           nn tensor",
        "optim,         nn tensor",
        "weights,       io nn tensor",
        "data,          tensor",
        "data.image..,  image data data.rows io weights tensor",
        "model,         data text io nn zoo weights tensor",
        "train,         data io model nn optim zoo weights tensor",
        "run,           io model train data nn optim tensor",
        "prune,         train model data nn zoo weights tensor",
        "distill distill.cache distill.loss distill.teacher, run train optim model data nn zoo weights io tensor",
        "distill.served, distill.teacher data io tensor",
        "distill.rows,  distill.loss distill.teacher data table tensor",
        "evaluate,      train data nn tensor",
        "compare,       recipe evaluate distill distill.cache distill.teacher distill.loss run train optim model data nn zoo"
                + " weights io tensor",
        "predict,       distill.teacher train model nn tensor",
        "predict.image, predict distill.teacher model data.image image nn zoo tensor",
        "recipe,        prune distill distill.cache distill.loss distill.served distill.teacher run train optim model data nn zoo weights io tensor"
    })
    void packagesLeanOnlyOnThoseBelow(String who, String below) {
        String[] allowed =
                Stream.concat(Stream.of(HOME), packages(who + " " + below)).toArray(String[]::new);
        noClasses()
                .that()
                .resideInAnyPackage(packages(who).toArray(String[]::new))
                .should()
                .dependOnClassesThat(
                        resideInAPackage(HOME + "..").and(DescribedPredicate.not(resideInAnyPackage(allowed))))
                .check(CORE);
    }

    private static Stream<String> packages(String names) {
        return Stream.of(names.strip().split(" +")).map(name -> HOME + "." + name);
    }

    @Test
    void packagesHaveNoCycles() {
        SlicesRuleDefinition.slices()
                .matching(HOME + ".(*)..")
                .should()
                .beFreeOfCycles()
                .check(CORE);
    }

    /** Cyclic dependencies inside a package are limited to few classes, so that they can be read as one unit. */
    @Test
    void noCircleHasMoreThanThreeClasses() {
        Map<JavaClass, Set<JavaClass>> needs = new LinkedHashMap<>();
        for (JavaClass each : CORE) {
            Set<JavaClass> own = needs.computeIfAbsent(outermost(each), key -> new LinkedHashSet<>());
            each.getDirectDependenciesFromSelf().stream()
                    .map(dependency -> outermost(dependency.getTargetClass()))
                    .filter(other -> !other.equals(outermost(each)))
                    .filter(other -> other.getPackageName().equals(each.getPackageName()))
                    .forEach(own::add);
        }
        Map<JavaClass, Set<JavaClass>> reached = new LinkedHashMap<>();
        for (JavaClass each : needs.keySet()) reached.put(each, reached(each, needs));
        for (JavaClass each : needs.keySet()) {
            List<String> circle = reached.get(each).stream()
                    .filter(other -> reached.getOrDefault(other, Set.of()).contains(each))
                    .map(JavaClass::getName)
                    .toList();
            assertThat(circle).as("circle of %s", each.getName()).hasSizeLessThanOrEqualTo(LARGEST_CIRCLE);
        }
    }

    private static JavaClass outermost(JavaClass each) {
        return each.getEnclosingClass().map(ArchitectureTest::outermost).orElse(each);
    }

    private static Set<JavaClass> reached(JavaClass from, Map<JavaClass, Set<JavaClass>> needs) {
        Set<JavaClass> found = new LinkedHashSet<>();
        Deque<JavaClass> left = new ArrayDeque<>(Set.of(from));
        while (!left.isEmpty()) {
            for (JavaClass next : needs.getOrDefault(left.pop(), Set.of())) if (found.add(next)) left.push(next);
        }
        return found;
    }

    @Test
    void onlyRoomsOfImagesKnowImages() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.limbeck.image",
                        "dev.limbeck.data.image..",
                        "dev.limbeck.recipe.image",
                        "dev.limbeck.predict.image")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.limbeck.data.image..",
                        "dev.limbeck.image..",
                        "dev.limbeck.recipe.image..",
                        "dev.limbeck.predict.image..",
                        "java.awt..",
                        "javax.imageio..",
                        "com.drew..",
                        "com.twelvemonkeys..")
                .check(CORE);
    }

    /** ArchUnit does not see words, so the sources are read: settings of images are named in rooms of images alone. */
    @Test
    void onlyRoomsOfImagesNameSettingsOfImages() throws IOException {
        List<String> named = new ArrayList<>();
        for (String module : List.of("core", "export", "report")) {
            Path sources = Path.of("..", module, "src", "main", "java");
            for (Path file : javaFiles(sources)) {
                if (file.getParent().endsWith("image")) continue;
                String text = Files.readString(file);
                for (String word : SETTINGS_OF_IMAGES) {
                    if (text.contains('"' + word + '"')) named.add(sources.relativize(file) + ": " + word);
                }
                if (text.contains("import dev.limbeck.image.") || text.contains("import dev.limbeck.data.image.")) {
                    if (!module.equals("core")) named.add(sources.relativize(file) + ": imports images");
                }
            }
        }
        assertThat(named).isEmpty();
    }

    @Test
    void onlyCheckedScriptsAreLoaded() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.limbeck.weights.TorchScriptFile")
                .should()
                .callMethod(Script.class, "load", Path.class)
                .check(CORE);
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(Script.class.getName())
                .should()
                .callMethodWhere(target(owner(resideInAPackage("org.bytedeco.pytorch.global")))
                        .and(DescribedPredicate.describe(
                                "load TorchScript",
                                call -> Set.of("load", "import_ir_module", "pickle_load", "jitModuleFromSource")
                                        .contains(call.getTarget().getName()))))
                .check(CORE);
    }

    @Test
    void coreNeitherPrintsNorExits() {
        noClasses().should(ACCESS_STANDARD_STREAMS).check(CORE);
        noClasses()
                .should()
                .callMethodWhere(target(owner(assignableTo(Throwable.class)))
                        .and(DescribedPredicate.describe(
                                "print a stack trace",
                                call -> call.getTarget().getName().equals("printStackTrace"))))
                .check(CORE);
        noClasses().should().callMethod(System.class, "exit", int.class).check(CORE);
        noClasses().should().callMethod(Runtime.class, "exit", int.class).check(CORE);
        noClasses().should().callMethod(Runtime.class, "halt", int.class).check(CORE);
    }

    @Test
    void exceptionsForUsersAreOfOneKind() {
        classes()
                .that()
                .areAssignableTo(Exception.class)
                .and()
                .arePublic()
                .should()
                .beAssignableTo(LimbeckException.class)
                .check(CORE);
    }

    @Test
    void everyPackageIsNullMarked() {
        Set<String> packages = CORE.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());
        assertThat(packages)
                .hasSizeGreaterThan(9)
                .allSatisfy(
                        name -> assertThat(Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
                                .as(name)
                                .isTrue());
    }

    @Test
    void noFileIsLong() throws IOException {
        assertThat(javaFiles(Path.of("src", "main", "java")))
                .hasSizeGreaterThan(80)
                .allSatisfy(file -> assertThat(lines(file)).as(file.toString()).isLessThanOrEqualTo(LONGEST_FILE));
    }

    private static List<Path> javaFiles(Path sources) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static long lines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
