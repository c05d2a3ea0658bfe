package dev.limbeck.export;

import java.util.Locale;

/** File format of an export. */
public enum Format {
    /** For ONNX Runtime and other ONNX readers: opset 17, any batch size. */
    ONNX("model.onnx"),
    /** For PyTorch ({@code torch.jit.load}) and LibTorch. */
    TORCHSCRIPT("model.pt"),
    /** Only the weights, with torchvision's names, and the metadata that Limbeck needs. */
    SAFETENSORS("model.safetensors");

    private final String fileName;

    Format(String fileName) {
        this.fileName = fileName;
    }

    /** Return the file name. */
    public String fileName() {
        return fileName;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
