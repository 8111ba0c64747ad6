import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** What the server and the clients of the examples share. */
final class Peer {
	private static final int PAUSE_MS = 300;

	private Peer() {
	}

	/** The argument of that number; else what the lab's environment says, else {@code otherwise}. */
	static String argument(String[] args, int number, String variable, String otherwise) {
		String value = System.getenv(variable);
		if (args.length > number && !args[number].isEmpty())
			return args[number];
		return value != null ? value : otherwise;
	}

	static Socket connect(String[] args) throws IOException {
		String host = argument(args, 0, "TCPWHY_ADDRESS", "localhost");
		int port = Integer.parseInt(argument(args, 1, "TCPWHY_PORT", "9999"));
		return new Socket(InetAddress.getByName(host), port);
	}

	/** Java's sockets cannot tell a FIN without reading, so this really waits. */
	static void pause() {
		try {
			Thread.sleep(PAUSE_MS);
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	static void write(Socket socket) {
		try {
			socket.getOutputStream().write("hello\n".getBytes());
			System.out.println("write: done");
		} catch (IOException e) {
			System.out.println("write: " + e.getMessage());
		}
	}
}
