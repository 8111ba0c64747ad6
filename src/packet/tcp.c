#include "packet/tcp.h"

enum decoded walk_tcp(struct walk *walk)
{
	struct segment *segment = walk->segment;
	const struct view *view = &walk->view;

	if (view->captured < TCP_HEADER)
		return view_lack(view, TCP_HEADER);
	if (!segment_tcp(segment, view->data, view->captured, view->length))
		return DECODED_MALFORMED;
	if (walk->version == 4)
		segment_ipv4(segment, walk->ip, walk->dst);
	else
		segment_ipv6(segment, walk->ip, walk->dst);
	segment_frame(segment, walk->frame, walk->mac);
	segment->tunnels = walk->tunnels;
	segment->reassembled = walk->reassemblies != 0;
	return DECODED_SEGMENT;
}
