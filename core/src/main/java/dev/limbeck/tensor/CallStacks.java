package dev.limbeck.tensor;

import org.bytedeco.pytorch.Block;
import org.bytedeco.pytorch.BlockArrayRef;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.GraphFunction;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.SourceRange;
import org.bytedeco.pytorch.global.torch;

/**
 * Repair the result of {@code torch.freeze}. Each node stores the methods it was inlined from, and freezing frees
 * unused methods. A failing operation reads their names for its error message from freed memory (LibTorch 2.13, also in
 * Python). The binding cannot clear the stored methods, but can copy them from another node.
 */
final class CallStacks {
    private static final String SOURCE = """
            def forward(self, x: Tensor):
                return self.inlined(x)

            def inlined(self, x: Tensor):
                return torch.relu(x)
            """;

    /** Owns the method that all nodes refer to; never freed. */
    private static final JitModule MODULE =
            Scope.retain(new JitModule(new QualifiedName("__torch__.LimbeckCallStack")));

    /** A node that was inlined from that method. */
    private static final JitNode NODE = node();

    private CallStacks() {}

    private static JitNode node() {
        MODULE.define(SOURCE);
        Graph graph = Scope.retain(MODULE.get_method("forward").graph());
        GraphFunction method = new GraphFunction(MODULE.get_method("inlined").function());
        torch.inlineCallTo(graph.return_node().input(0).node(), method);
        return Scope.retain(graph.return_node().input(0).node());
    }

    /** Replace the call stacks of a frozen graph by one that stays valid. */
    static void mend(Graph graph) {
        mend(graph.block());
    }

    private static void mend(Block block) {
        JitNode stop = block.return_node();
        for (JitNode node = block.nodes().front(); !node.equals(stop); node = node.next()) {
            // Do not read the old one: the binding would free it twice.
            SourceRange place = node.sourceRange();
            node.copyMetadata(NODE);
            node.setSourceRange(place);
            BlockArrayRef blocks = node.blocks();
            for (long i = 0; i < blocks.size(); i++) mend(blocks.at(i));
        }
    }
}
