package dev.limbeck.examples;

import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageFolder;
import dev.limbeck.data.image.ImageSource;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;

/**
 * Train a teacher, a student alone and a distilled student on photos of cats and dogs: docs/tutorial.md in Java. Run it
 * with {@code examples/run.sh Tutorial}.
 *
 * <p>Without arguments, the photos (Oxford-IIIT Pets, 0.8 GB) and the ImageNet weights (83 MB) are downloaded once.
 * Otherwise the first argument is a folder of photos with a folder for each class, and the second a file of ResNet-34 weights. In a
 * folder without classes, names of cats start with a capital letter and names of dogs do not, as in Oxford-IIIT Pets.
 */
public final class Tutorial {
    private Tutorial() {}

    public static void main(String[] args) {
        ImageSource photos = args.length > 0 ? ImageFolder.of(Path.of(args[0])) : Datasets.pets();
        var settings = ImageData.builder(photos).imageSize(64).batchSize(64);
        if (photos.classNames().isEmpty()) {
            settings.labelByName(name -> Character.isUpperCase(name.charAt(0)) ? "cat" : "dog");
        }
        try (var pets = settings.build();
                var teacher = args.length > 1
                        ? Learner.builder(pets, Zoo.RESNET34)
                                .weights(Path.of(args[1]))
                                .build()
                        : Learner.pretrained(pets, Zoo.RESNET34);
                var alone = Learner.create(pets, Zoo.RESNET18);
                var student = Learner.create(pets, Zoo.RESNET18)) {
            teacher.unfreeze();
            teacher.fitOneCycle(5, 1e-3);

            alone.fitOneCycle(10, 1e-3);

            student.fitOneCycle(
                    10, 1e-3, KnowledgeDistillation.from(teacher).weight(0.5).build());

            show("teacher", teacher);
            show("student alone", alone);
            show("distilled", student);
        }
    }

    private static void show(String name, Learner learner) {
        double accuracy = learner.validate(Split.VALID).metric("accuracy");
        System.out.printf("%-13s %5.1f %%%n", name, 100 * accuracy);
    }
}
