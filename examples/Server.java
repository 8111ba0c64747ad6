import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A server that closes too early: it accepts one connection, reads a line where it is told to ("line"), says nothing, and
 * closes. Usage: java Server [PORT] [line]
 */
final class Server {
	private Server() {
	}

	public static void main(String[] args) throws IOException {
		int port = Integer.parseInt(Peer.argument(args, 0, "TCPWHY_PORT", "9999"));

		try (ServerSocket listener = new ServerSocket(port); Socket socket = listener.accept()) {
			if (args.length > 1 && args[1].equals("line"))
				System.out.println(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
			System.out.println("server: closes");
		}
	}
}
