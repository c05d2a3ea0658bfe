package dev.limbeck.recipe.image;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.limbeck.LimbeckException;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.recipe.Setting;
import dev.limbeck.recipe.TeacherInputs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Hold how a teacher's images are prepared. A null component takes the value from the file. */
public record ImageTeacherInputs(
        @Setting(
                help = "Side of its input images, if different",
                atLeast = 1,
                options = "--teacher-image-size",
                rare = true)
        @Nullable
        Integer imageSize,

        @Setting(
                help = "How its images are fitted to that size",
                oneOfEnum = Resize.class,
                options = {})
        @Nullable
        String resize,

        @Setting(
                help = "Three channel means of its inputs, in [0, 1]",
                options = "--teacher-mean",
                label = "M,M,M",
                rare = true)
        @Nullable
        List<Double> mean,

        @Setting(
                help = "Three channel deviations of its inputs",
                options = "--teacher-std",
                label = "S,S,S",
                rare = true)
        @Nullable
        List<Double> std,

        @Setting(
                help = "Input layout of a TorchScript or ONNX file",
                oneOf = {"nchw", "nhwc"},
                whenUnset = "the file's own",
                options = "--teacher-layout",
                rare = true)
        @Nullable
        String layout,

        @Setting(
                help = "Channel order of a TorchScript or ONNX file",
                oneOf = {"rgb", "bgr"},
                whenUnset = "rgb",
                options = "--teacher-channels",
                rare = true)
        @Nullable
        String channels)
        implements TeacherInputs {
    public ImageTeacherInputs {
        if ((mean == null) != (std == null))
            throw new LimbeckException(
                    "set mean and std together, found only " + (mean == null ? "std" : "mean") + "; give both");
        if (mean != null && std != null) ImagePreprocessing.checkGiven(mean, std);
        mean = mean == null ? null : List.copyOf(mean);
        std = std == null ? null : List.copyOf(std);
    }

    @Override
    public String kind() {
        return ImagePreprocessing.KIND;
    }

    @JsonIgnore
    @Override
    public Map<String, String> preprocessing() {
        Map<String, String> given = new LinkedHashMap<>();
        if (imageSize != null) given.put(ImagePreprocessing.SIZE, imageSize + "x" + imageSize);
        if (resize != null) given.put(ImagePreprocessing.RESIZE, resize);
        if (mean != null) given.put(ImagePreprocessing.MEAN, text(mean));
        if (std != null) given.put(ImagePreprocessing.STD, text(std));
        return given;
    }

    @JsonIgnore
    @Override
    public Map<String, String> ofWholeNetworks() {
        Map<String, String> given = new LinkedHashMap<>();
        if (layout != null) given.put(ImagePreprocessing.LAYOUT, layout);
        if (channels != null) given.put(ImagePreprocessing.CHANNELS, channels);
        return given;
    }

    private static String text(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
