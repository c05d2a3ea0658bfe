package dev.limbeck.export;

import java.util.Locale;

/** Name the kinds of files that a model can leave as. */
public enum Format {
    /** For ONNX Runtime and whatever reads ONNX: opset 17, any batch size. */
    ONNX("model.onnx"),
    /** For PyTorch ({@code torch.jit.load}) and LibTorch. */
    TORCHSCRIPT("model.pt"),
    /** The weights alone, under torchvision's names, with what Limbeck needs to open them. */
    SAFETENSORS("model.safetensors");

    private final String fileName;

    Format(String fileName) {
        this.fileName = fileName;
    }

    /** Return the name of the file in an export. */
    public String fileName() {
        return fileName;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
