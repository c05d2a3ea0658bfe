package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.GELU;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.LayerNorm;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute N×classes logits from N×3×224×224 images with a vision transformer on 16×16 patches, with timm's names and
 * layout; without a classifier, N×width embeddings. The distilled variant has a second token and a second classifier, which its authors train on the teacher; its
 * logits are the mean of both.
 *
 * <p>Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021; Touvron et al., Training data-efficient image
 * transformers and distillation through attention, ICML 2021.
 */
public final class VisionTransformer extends Module {
    static final Architecture VIT_TINY = describe("vit_tiny_patch16_224", 192, false);
    static final Architecture VIT_SMALL = describe("vit_small_patch16_224", 384, false);
    static final Architecture DEIT_TINY = describe("deit_tiny_distilled_patch16_224", 192, true);

    private static final int IMAGE = Layers.IMAGENET;
    private static final int PATCH = 16;
    private static final int BLOCKS = 12;
    private static final long HEAD_WIDTH = 64;
    private static final double EPS = 1e-6;
    private static final double STD = 0.02;
    private static final double STD_OF_TOKENS = 1e-6;

    private final String name;
    private final Tensor classToken;
    private final Tensor positions;
    private final @Nullable Tensor distillationToken;
    private final Module patches;
    private final Sequential blocks;
    private final LayerNorm norm;
    private final Module head;
    private final @Nullable Module distillationHead;

    VisionTransformer(String name, long width, boolean distilled, Head kind) {
        this.name = name;
        long tokens = (long) (IMAGE / PATCH) * (IMAGE / PATCH) + (distilled ? 2 : 1);
        classToken = parameter("cls_token", Init.normal(STD_OF_TOKENS, 1, 1, width));
        positions = parameter("pos_embed", Init.normal(STD, 1, tokens, width));
        distillationToken = distilled ? parameter("dist_token", Init.normal(STD_OF_TOKENS, 1, 1, width)) : null;
        patches = child("patch_embed", new Patches(width));
        List<Module> made = new ArrayList<>();
        for (int i = 0; i < BLOCKS; i++) made.add(new Block(width));
        blocks = child("blocks", new Sequential(made));
        norm = child("norm", new LayerNorm(width, EPS));
        head = child("head", classifier(width, kind));
        distillationHead = distilled ? child("head_dist", classifier(width, kind)) : null;
    }

    private static Module classifier(long width, Head kind) {
        return kind.classifier(width, () -> Layers.linear(width, kind.classes(), STD));
    }

    private static Architecture describe(String name, long width, boolean distilled) {
        return Architecture.ofHeads(
                name,
                IMAGE,
                EnumSet.of(HeadKind.Form.OWN, HeadKind.Form.EMBEDDING),
                head -> new VisionTransformer(name, width, distilled, head),
                "blocks.6",
                "head");
    }

    /** Return the tokens after the last block, N×tokens×width. */
    private Tensor tokens(Tensor x) {
        if (x.size(2) != IMAGE || x.size(3) != IMAGE) {
            throw new LimbeckException(name + " needs images of " + IMAGE + "×" + IMAGE + ", found " + x.size(2) + "×"
                    + x.size(3) + "; set the image size to " + IMAGE);
        }
        Tensor h = patches.apply(x);
        long[] many = {x.size(0), -1, -1};
        Tensor token = classToken.expand(many);
        h = distillationToken == null ? Ops.cat(1, token, h) : Ops.cat(1, token, distillationToken.expand(many), h);
        return norm.apply(blocks.apply(h.add(positions)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor h = tokens(x);
        Tensor logits = head.apply(h.select(1, 0));
        return distillationHead == null ? logits : Ops.div(logits.add(distillationHead.apply(h.select(1, 1))), 2);
    }

    /**
     * Compute the logits of both classifiers of the distilled variant, each N×classes: of the class token, trained on
     * the labels, and of the distillation token, trained on the teacher.
     *
     * @throws IllegalStateException if there is only one classifier
     */
    public List<Tensor> bothLogits(Tensor x) {
        if (distillationHead == null) throw new IllegalStateException(name + " has one classifier");
        Tensor h = tokens(x);
        return List.of(head.apply(h.select(1, 0)), distillationHead.apply(h.select(1, 1)));
    }

    @Override
    public String script() {
        String tokens = distillationToken == null ? "" : "self.dist_token.expand(x.size(0), -1, -1), ";
        String logits = distillationHead == null
                ? "self.head.forward(h[:, 0])"
                : "(self.head.forward(h[:, 0]) + self.head_dist.forward(h[:, 1])) / 2";
        return """
                def forward(self, x: Tensor):
                    h = torch.cat([self.cls_token.expand(x.size(0), -1, -1), %sself.patch_embed.forward(x)], 1)
                    h = self.norm.forward(self.blocks.forward(h + self.pos_embed))
                    return %s
                """.formatted(tokens, logits);
    }

    @Override
    public String describe() {
        return name;
    }

    private static final class Patches extends Module {
        private final Conv2d proj;

        Patches(long width) {
            long fanIn = 3L * PATCH * PATCH;
            proj = child(
                    "proj",
                    Conv2d.of(
                            Init.uniformFanIn(fanIn, width, 3, PATCH, PATCH),
                            Init.uniformFanIn(fanIn, width),
                            PATCH,
                            0));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return proj.apply(x).flatten(2, -1).transpose(1, 2);
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return torch.transpose(torch.flatten(self.proj.forward(x), 2), 1, 2)
                    """;
        }
    }

    private static final class Block extends Module {
        private final LayerNorm norm1;
        private final Attention attn;
        private final LayerNorm norm2;
        private final Mlp mlp;

        Block(long width) {
            norm1 = child("norm1", new LayerNorm(width, EPS));
            attn = child("attn", new Attention(width));
            norm2 = child("norm2", new LayerNorm(width, EPS));
            mlp = child("mlp", new Mlp(width));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor h = x.add(attn.apply(norm1.apply(x)));
            return h.add(mlp.apply(norm2.apply(h)));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        x = x + self.attn.forward(self.norm1.forward(x))
                        return x + self.mlp.forward(self.norm2.forward(x))
                    """;
        }
    }

    private static final class Attention extends Module {
        private final Linear qkv;
        private final Linear proj;
        private final long heads;

        Attention(long width) {
            qkv = child("qkv", Layers.linear(width, 3 * width, STD));
            proj = child("proj", Layers.linear(width, width, STD));
            heads = width / HEAD_WIDTH;
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor all = qkv.apply(x)
                    .reshape(x.size(0), x.size(1), 3, heads, HEAD_WIDTH)
                    .permute(2, 0, 3, 1, 4);
            Tensor seen = LayerOps.attention(all.select(0, 0), all.select(0, 1), all.select(0, 2));
            return proj.apply(seen.transpose(1, 2).flatten(2, -1));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        h = torch.reshape(self.qkv.forward(x), [x.size(0), x.size(1), 3, %d, %d])
                        h = torch.permute(h, [2, 0, 3, 1, 4])
                        h = torch.scaled_dot_product_attention(h[0], h[1], h[2])
                        return self.proj.forward(torch.flatten(torch.transpose(h, 1, 2), 2))
                    """.formatted(heads, HEAD_WIDTH);
        }
    }

    private static final class Mlp extends Module {
        private final Linear fc1;
        private final GELU act = child("act", new GELU());
        private final Linear fc2;

        Mlp(long width) {
            fc1 = child("fc1", Layers.linear(width, 4 * width, STD));
            fc2 = child("fc2", Layers.linear(4 * width, width, STD));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return fc2.apply(act.apply(fc1.apply(x)));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        return self.fc2.forward(self.act.forward(self.fc1.forward(x)))
                    """;
        }
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(VIT_TINY, VIT_SMALL, DEIT_TINY);
        }
    }
}
