package dev.limbeck.distributed;

import dev.limbeck.LimbeckException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;

/** Find the address of this machine that other machines reach. */
final class Addresses {
    private Addresses() {}

    /**
     * Return the address of the interface that leads to a host. Gloo's default is the address of the host name, which other
     * machines often cannot reach. Nothing is sent.
     */
    static String towards(String host, int port) {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByName(host), port));
            return socket.getLocalAddress().getHostAddress();
        } catch (UnknownHostException e) {
            throw new LimbeckException("no host '" + host + "' is known (MASTER_ADDR); correct it", e);
        } catch (SocketException | IllegalArgumentException | java.io.UncheckedIOException e) {
            throw new LimbeckException(
                    "there is no route to " + host + " (MASTER_ADDR): " + e.getMessage()
                            + "; correct it, or set LIMBECK_HOST to this machine's address",
                    e);
        }
    }
}
