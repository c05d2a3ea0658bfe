package dev.limbeck.data;

import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.commons.codec.digest.DigestUtils;
import org.bytedeco.pytorch.Tensor;

/**
 * Say how each row of a batch is mixed with a partner: blended, or with a box of the partner pasted into it. Do not change the arrays.
 *
 * @param partners positions of the partners in the rows' split
 * @param shares share of each row's own loss, in [0, 1]; without boxes also of its own values
 * @param boxes boxes that show the partners, one for each row; empty to blend whole rows
 */
public record Mixing(int[] partners, double[] shares, Box... boxes) {
    /**
     * Place a box.
     *
     * @param y its center, as a share of the height
     * @param x its center, as a share of the width
     * @param side its side, as a share of either; what is outside of the image is cut off
     */
    public record Box(double y, double x, double side) {
        private int first(double center, long length) {
            return (int) Math.max(0, Math.round(center * length - side * length / 2));
        }

        private int end(double center, long length) {
            int end = (int) Math.min(length, Math.round(center * length + side * length / 2));
            return Math.max(first(center, length), end);
        }

        /** Return the share of the area outside the box. */
        double share(long height, long width) {
            int cut = (end(y, height) - first(y, height)) * (end(x, width) - first(x, width));
            return 1 - cut / (double) (height * width);
        }

        /** Set what is inside the box to 0 in one image of a mask. */
        private void clear(float[] masks, int image, int height, int width) {
            for (int row = first(y, height); row < end(y, height); row++) {
                int from = (image * height + row) * width;
                Arrays.fill(masks, from + first(x, width), from + end(x, width), 0);
            }
        }
    }

    /**
     * Mix rows with their partners: s·own + (1 − s)·partner, or the partner's values inside each box.
     *
     * @param own one input of the batch; with boxes N×C×H×W, of any size
     * @param partner the same input of the partners
     */
    public Tensor mix(Tensor own, Tensor partner) {
        // Without a tensor for 1 − s.
        return partner.add(own.sub(partner).mul(Tensors.to(weights(own.shape()), own.device())));
    }

    /** Return the weight of the own values, in a shape that fits those of the batch. */
    private Tensor weights(long... shape) {
        if (boxes.length == 0) {
            float[] values = new float[shares.length];
            for (int i = 0; i < values.length; i++) values[i] = (float) shares[i];
            long[] each = new long[shape.length];
            Arrays.fill(each, 1);
            each[0] = shares.length;
            return Tensors.of(values, each);
        }
        int height = Math.toIntExact(shape[2]);
        int width = Math.toIntExact(shape[3]);
        float[] masks = new float[Math.multiplyExact(boxes.length, height * width)];
        Arrays.fill(masks, 1);
        for (int i = 0; i < boxes.length; i++) boxes[i].clear(masks, i, height, width);
        return Tensors.of(masks, boxes.length, 1, height, width);
    }

    /** Return the key of a mixed row: a SHA-256 of both rows' keys and of how they are mixed, truncated to 128 bits. */
    SampleKey key(int row, SampleKey own, SampleKey partner) {
        ByteBuffer all = ByteBuffer.allocate(8 * Long.BYTES);
        all.putLong(own.high()).putLong(own.low()).putLong(partner.high()).putLong(partner.low());
        if (boxes.length == 0) all.putDouble(shares[row]);
        else all.putDouble(boxes[row].y).putDouble(boxes[row].x).putDouble(boxes[row].side);
        ByteBuffer hash = ByteBuffer.wrap(DigestUtils.sha256(all.array()));
        return new SampleKey(hash.getLong(), hash.getLong());
    }
}
