package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;

/** Parse {@code --teacher} and {@code --teacher-arch}, which are repeatable. */
final class TeacherOptions {
    /** Settings of the ensemble; the others belong to its members. */
    private static final Set<String> OF_ALL = Set.of("ensemble", "weights", "cache", "cache_as");

    private TeacherOptions() {}

    /** Write teachers to the given settings, and remove replaced ones from a recipe. */
    static void into(SettingOptions settings, ObjectNode given, ObjectNode recipe) {
        List<String> teachers = settings.texts("teacher.model");
        List<String> architectures = settings.texts("teacher.architecture");
        int expected = Math.max(1, teachers.size());
        if (architectures.size() > 1 && architectures.size() != expected) {
            throw new WrongOption("there are " + expected + " teachers, found --teacher-arch " + architectures.size()
                    + " times; give it once, or once for each teacher");
        }
        if (teachers.isEmpty() && architectures.isEmpty()) return;
        ObjectNode teacher = given.withObject("/teacher");
        if (teachers.size() < 2) {
            architectures.forEach(name -> teacher.put("architecture", name));
            teachers.forEach(file -> teacher.put("model", file));
            if (!teachers.isEmpty()) recipe.withObject("/teacher").remove("members");
            return;
        }
        recipe.withObject("/teacher").remove(List.of("model", "architecture"));
        ObjectNode own = teacher.deepCopy();
        own.remove(OF_ALL);
        teacher.retain(OF_ALL);
        ArrayNode members = teacher.putArray("members");
        for (int i = 0; i < teachers.size(); i++) {
            ObjectNode member = own.deepCopy().put("model", teachers.get(i));
            if (!architectures.isEmpty())
                member.put("architecture", architectures.get(architectures.size() > 1 ? i : 0));
            members.add(member);
        }
    }
}
