package dev.limbeck.mlflow;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.TrackedRun;
import dev.limbeck.train.Tracker;
import dev.limbeck.train.Tracking;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * Send runs to a server of MLflow: {@code mlflow:http://host:port/experiment}. A path before the experiment belongs to the server.
 * The experiment is created if needed.
 */
public final class Mlflow implements Tracker {
    /**
     * Hold a target.
     *
     * @param server without a slash at its end
     */
    record Target(URI server, String experiment) {
        static Target of(String text) {
            try {
                URI address = new URI(text);
                String scheme = address.getScheme();
                String path = address.getRawPath();
                if (address.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) throw wrong(text);
                if (address.getUserInfo() != null) {
                    throw new LimbeckException(
                            "an address with a password would be shown and stored, so mlflow takes none; set"
                                    + " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD");
                }
                int last = path.lastIndexOf('/');
                if (path.substring(last + 1).isEmpty() || address.getQuery() != null || address.getFragment() != null) {
                    throw wrong(text);
                }
                String place = path.substring(0, last);
                // An experiment's name may contain a slash, written %2F.
                String name = new URI(path.substring(last)).getPath().substring(1);
                return new Target(new URI(scheme + "://" + address.getRawAuthority() + place), name);
            } catch (URISyntaxException e) {
                throw wrong(text);
            }
        }

        private static LimbeckException wrong(String text) {
            return new LimbeckException("mlflow needs a server and an experiment, found '" + text
                    + "'; give mlflow:http://HOST:PORT/EXPERIMENT");
        }
    }

    @Override
    public String name() {
        return "mlflow";
    }

    @Override
    public String summary() {
        return "a server of MLflow: mlflow:http://HOST:PORT/EXPERIMENT";
    }

    /** {@inheritDoc} Nothing is sent: a server that does not answer ends no training. */
    @Override
    public void check(String target) {
        Target.of(target);
        Server.authorization(System.getenv());
    }

    @Override
    public TrackedRun follow(Tracking training) {
        Target target = Target.of(training.target());
        Server server = new Server(target.server(), Server.authorization(System.getenv()));
        return new MlflowRun(server, target.experiment(), training);
    }
}
