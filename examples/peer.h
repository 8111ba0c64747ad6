/* What the server and the clients of the examples share. */
#ifndef TCPWHY_EXAMPLES_PEER_H
#define TCPWHY_EXAMPLES_PEER_H

/* `name` and the error of the last call; ends the program. */
_Noreturn void fail(const char *name);
/* The argument of that number; else what the lab's environment says, else `otherwise`. */
const char *argument(int argc, char **argv, int number, const char *variable, const char *otherwise);
/* Connect to HOST PORT of the arguments, or to the lab's server. */
int connect_to_server(int argc, char **argv);
/* Make one call, and print what it returned. */
void write_once(int fd);
void read_once(int fd);
/* Pauses that are no longer than they must be: until a FIN came, until a RST came; a second at most. */
void pause_until_closed(int fd);
void pause_until_reset(int fd);

#endif
