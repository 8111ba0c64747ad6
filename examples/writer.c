/*
 * The first client: it never looks whether the server has closed, and writes twice with a pause. The first write draws
 * a RST, the second gets EPIPE and, because nothing is done about it, SIGPIPE, which kills the program. With "ignore"
 * it lives, and sees "Broken pipe".
 *
 *	writer [HOST] [PORT] [ignore]
 *	tcpwhy lab --client build/examples/writer write-after-close
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

int main(int argc, char **argv)
{
	int fd;

	if (argc > 3 && strcmp(argv[3], "ignore") == 0)
		signal(SIGPIPE, SIG_IGN);
	fd = connect_to_server(argc, argv);
	pause_until_closed(fd);
	write_once(fd);
	pause_until_reset(fd);
	write_once(fd);
	close(fd);
	return 0;
}
