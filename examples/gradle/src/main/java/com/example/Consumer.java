package com.example;

import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;

/** Distill a student on generated shapes, to see that a Gradle build finds all that Limbeck needs. */
public final class Consumer {
    private Consumer() {}

    public static void main(String[] args) {
        try (var data = ImageData.builder(Datasets.shapes(256, 128, 0))
                        .imageSize(32)
                        .batchSize(64)
                        .build();
                var teacher = Learner.create(data, Zoo.CIFAR_RESNET20);
                var student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            teacher.fitOneCycle(1, 1e-2);
            student.fitOneCycle(1, 1e-2, KnowledgeDistillation.from(teacher).build());
            System.out.println(student.validate().metrics());
        }
    }
}
