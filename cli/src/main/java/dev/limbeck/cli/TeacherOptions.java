package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.recipe.RecipeFiles;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parse {@code --teacher} and {@code --teacher-arch}, which are repeatable. */
final class TeacherOptions {
    /** Settings of the ensemble; the others belong to its members. */
    private static final Set<String> OF_ALL = Set.of("ensemble", "weights", "cache", "cache_as");

    private static final List<String> OF_SEVERAL = List.of("ensemble", "weights");

    private TeacherOptions() {}

    /** Write teachers to the given settings, and remove replaced ones from a recipe. Its other settings of a teacher go to each member. */
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
            ObjectNode replaced = RecipeFiles.section(recipe, "teacher");
            // How the members were joined goes with them.
            if (!teachers.isEmpty() && isFilled(replaced.remove("members"))) replaced.remove(OF_SEVERAL);
            return;
        }
        // As with one teacher, the recipe's settings apply to those that replace its own.
        ObjectNode own = RecipeFiles.section(recipe, "teacher").deepCopy();
        own.remove(List.of("model", "members"));
        RecipeFiles.merge(own, teacher);
        own.remove(OF_ALL);
        RecipeFiles.section(recipe, "teacher").retain(OF_ALL);
        teacher.retain(OF_ALL);
        ArrayNode members = teacher.putArray("members");
        for (int i = 0; i < teachers.size(); i++) {
            ObjectNode member = own.deepCopy().put("model", teachers.get(i));
            if (!architectures.isEmpty())
                member.put("architecture", architectures.get(architectures.size() > 1 ? i : 0));
            members.add(member);
        }
    }

    private static boolean isFilled(@Nullable JsonNode list) {
        return list != null && !list.isEmpty();
    }
}
