package dev.limbeck.cli;

import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;

/**
 * Show generated shapes: the teacher sees many, students the first of them.
 *
 * @param ofTeacher number of the teacher's training images
 * @param ofStudents number of both students' training images, the first of the teacher's
 * @param test number of test images
 */
record DemoShapes(int ofTeacher, int ofStudents, int test) implements DemoData {
    /** Images that show the accuracy after each epoch; none is for training. */
    private static final int VALID = 200;

    /** Return the settings of {@code limbeck demo}. */
    static Demo.Settings full() {
        return settings(new DemoShapes(4500, 1200, 2000), 7, 15);
    }

    /** Return the settings of {@code limbeck demo --quick}. */
    static Demo.Settings quick() {
        return settings(new DemoShapes(2200, 700, 500), 4, 6);
    }

    private static Demo.Settings settings(DemoShapes data, int teacherEpochs, int studentEpochs) {
        return new Demo.Settings(
                data, Zoo.CIFAR_RESNET14, Zoo.CIFAR_RESNET8, teacherEpochs, studentEpochs, 1e-2, 1e-2, 4, 0.9);
    }

    @Override
    public Part ofTeacher(Path out) {
        return new Part(settings(ofTeacher), Texts.format("%,d generated shapes", ofTeacher));
    }

    @Override
    public Part ofStudents(Path out) {
        return new Part(settings(ofStudents), Texts.format("%,d of them", ofStudents));
    }

    private String settings(int images) {
        return Texts.format("source: 'shapes:%d:%d:%d', batch_size: 64", images, VALID, test);
    }
}
