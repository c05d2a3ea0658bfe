package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Example;
import dev.limbeck.image.RgbImage;
import dev.limbeck.io.AtomicFile;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Draw images in a grid with a caption under each. */
final class ImageGrid {
    private static final int COLUMNS = 8;
    private static final int SIDE = 112;
    private static final int GAP = 10;
    private static final int LINE = 16;
    private static final Color MARKED = new Color(0xb3261e);

    /** Hold an image with its caption; marked ones have a red frame. */
    record Cell(RgbImage image, String text, boolean marked) {}

    private ImageGrid() {}

    /** Write a PNG file atomically. */
    static void write(List<Cell> cells, Path file) {
        int columns = Math.min(COLUMNS, cells.size());
        int rows = (cells.size() + COLUMNS - 1) / COLUMNS;
        int lines = cells.stream()
                .mapToInt(cell -> (int) cell.text.lines().count())
                .max()
                .orElse(0);
        int height = SIDE + lines * LINE + GAP;
        BufferedImage sheet =
                new BufferedImage(GAP + columns * (SIDE + GAP), GAP + rows * height, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = sheet.createGraphics();
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        for (int i = 0; i < cells.size(); i++) {
            draw(pen, cells.get(i), GAP + i % COLUMNS * (SIDE + GAP), GAP + i / COLUMNS * height);
        }
        pen.dispose();
        save(sheet, file);
    }

    /** Return an image as PNG. */
    static Example example(RgbImage image) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(picture(image), "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Example("image/png", png.toByteArray());
    }

    private static BufferedImage picture(RgbImage image) {
        BufferedImage pixels = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        byte[] rgb = image.rgb();
        for (int i = 0; i < image.width() * image.height(); i++) {
            int color = (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | rgb[3 * i + 2] & 0xff;
            pixels.setRGB(i % image.width(), i / image.width(), color);
        }
        return pixels;
    }

    private static void draw(Graphics2D pen, Cell cell, int x, int y) {
        RgbImage image = cell.image;
        double scale = (double) SIDE / Math.max(image.width(), image.height());
        // Small images are drawn pixel by pixel, as the network sees them.
        pen.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION,
                scale >= 1
                        ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR
                        : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        int width = (int) Math.round(scale * image.width());
        int height = (int) Math.round(scale * image.height());
        pen.drawImage(picture(image), x + (SIDE - width) / 2, y + (SIDE - height) / 2, width, height, null);
        if (cell.marked) {
            pen.setColor(MARKED);
            pen.drawRect(x - 1, y - 1, SIDE + 1, SIDE + 1);
            pen.drawRect(x - 2, y - 2, SIDE + 3, SIDE + 3);
        }
        pen.setColor(cell.marked ? MARKED : Color.BLACK);
        int baseline = y + SIDE - 3;
        for (String line : cell.text.lines().toList()) {
            baseline += LINE;
            pen.drawString(fitting(line, pen.getFontMetrics()), x, baseline);
        }
    }

    private static String fitting(String text, FontMetrics font) {
        if (font.stringWidth(text) <= SIDE) return text;
        String shorter = text;
        while (!shorter.isEmpty() && font.stringWidth(shorter + "…") > SIDE) {
            shorter = shorter.substring(0, shorter.length() - 1);
        }
        return shorter + "…";
    }

    private static void save(BufferedImage sheet, Path file) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(sheet, "png", png)) throw new IOException("no writer for PNG");
            AtomicFile.write(file, png.toByteArray());
        } catch (IOException e) {
            throw new LimbeckException("cannot write the picture " + file + ": " + e.getMessage(), e);
        }
    }
}
