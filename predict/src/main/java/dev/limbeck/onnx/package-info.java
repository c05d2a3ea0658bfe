/** Classify images with an exported model on ONNX Runtime alone, without LibTorch. */
package dev.limbeck.onnx;
