/*
 * The second client: it writes to a server that has closed, which draws a RST, and then reads. On macOS that read gives
 * "Connection reset by peer"; on Linux the FIN that came before the RST makes it return 0, end of file.
 *
 *	reader [HOST] [PORT]
 *	tcpwhy lab --client build/examples/reader write-after-close
 */
#include <unistd.h>

#include "peer.h"

int main(int argc, char **argv)
{
	int fd = connect_to_server(argc, argv);

	pause_until_closed(fd);
	write_once(fd);
	pause_until_reset(fd);
	read_once(fd);
	close(fd);
	return 0;
}
