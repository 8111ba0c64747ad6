import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;

/**
 * The second client: it writes to a server that has closed, and then reads a line. On macOS that throws "Connection
 * reset"; on Linux the line is null, the end of file. Usage: java Reader [HOST] [PORT]
 */
final class Reader {
	private Reader() {
	}

	public static void main(String[] args) throws IOException {
		try (Socket socket = Peer.connect(args)) {
			Peer.pause();
			Peer.write(socket);
			Peer.pause();
			System.out.println("read: " +
				new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
		} catch (IOException e) {
			System.out.println("read: " + e.getMessage());
		}
	}
}
