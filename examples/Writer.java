import java.io.IOException;
import java.net.Socket;

/**
 * The first client: it writes twice to a server that has closed. The JVM lives on because it has taken SIGPIPE for
 * itself; the second write throws "Broken pipe". Usage: java Writer [HOST] [PORT]
 */
final class Writer {
	private Writer() {
	}

	public static void main(String[] args) throws IOException {
		try (Socket socket = Peer.connect(args)) {
			Peer.pause();
			Peer.write(socket);
			Peer.pause();
			Peer.write(socket);
		}
	}
}
