package dev.limbeck.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.recipe.OpenTeacher;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.train.RunDirectory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Make each run once: what an earlier attempt has finished is taken as it is, if it was made the same way. */
final class KeptRuns {
    private KeptRuns() {}

    /**
     * Return the record of a run, which is made unless it is there.
     *
     * @throws LimbeckException if the folder holds a run of another recipe, other data or another teacher
     */
    static JsonNode of(
            Path directory, String name, Recipe recipe, ImageData data, Teachers teachers, RunContext context) {
        Path recorded = directory.resolve(RunDirectory.RECORD_NAME);
        OpenTeacher by = teachers.of(recipe);
        if (!Files.exists(recorded)) {
            context.told().accept(name);
            new RecipeRun(recipe, context).keepPredictions().run(directory, true, data, by);
            return RecipeFiles.tree(recorded);
        }
        JsonNode old = RecipeFiles.tree(recorded);
        ObjectNode wanted = facts(recipe.toTree(), data.fingerprint(), by == null ? "" : by.sha256());
        ObjectNode found = facts(
                old.path("recipe"),
                old.at("/data/fingerprint").asText(),
                old.at("/distillation/teacher_sha256").asText(""));
        String difference = RecipeFiles.difference(wanted, found);
        if (difference != null) {
            throw new LimbeckException(
                    directory + " was made otherwise: " + difference + "; choose another --out, or remove that folder");
        }
        context.told().accept(name + ": done before");
        return old;
    }

    private static ObjectNode facts(JsonNode recipe, String data, String teacher) {
        ObjectNode facts = recipe.isObject() ? recipe.deepCopy() : RecipeFiles.tree();
        return facts.put("content of the data", data).put("content of the teacher", teacher);
    }
}
