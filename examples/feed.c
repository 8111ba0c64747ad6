/*
 * libtcpwhy in one page: read packets with libpcap, get verdicts.
 *
 *   cc feed.c $(pkg-config --cflags --libs tcpwhy libpcap) -o feed
 *   ./feed capture.pcap
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include <tcpwhy.h>

static void print_verdict(void *user, const struct tcpwhy_verdict *verdict)
{
	unsigned *count = user;

	++*count;
	printf("frame %" PRIu64 ": %s (%s), sent by the %s\n", tcpwhy_verdict_frame(verdict),
	       tcpwhy_verdict_cause(verdict), tcpwhy_verdict_certainty(verdict), tcpwhy_verdict_sender(verdict));
	printf("%s\n", tcpwhy_verdict_text(verdict));
}

static int feed(pcap_t *capture, struct tcpwhy *handle)
{
	struct pcap_pkthdr *header;
	const unsigned char *data;
	int status;

	while ((status = pcap_next_ex(capture, &header, &data)) == 1) {
		/* the capture was opened with nanoseconds: tv_usec holds them */
		int64_t time_ns = header->ts.tv_sec * INT64_C(1000000000) + header->ts.tv_usec;

		tcpwhy_packet(handle, pcap_datalink(capture), time_ns, data, header->caplen, header->len);
	}
	tcpwhy_finish(handle);
	return status == PCAP_ERROR_BREAK ? 0 : 1;
}

int main(int argc, char **argv)
{
	char problem[PCAP_ERRBUF_SIZE];
	unsigned verdicts = 0;
	struct tcpwhy *handle;
	pcap_t *capture;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: feed FILE\n");
		return 2;
	}
	capture = pcap_open_offline_with_tstamp_precision(argv[1], PCAP_TSTAMP_PRECISION_NANO, problem);
	if (!capture) {
		fprintf(stderr, "feed: %s\n", problem);
		return 1;
	}
	handle = tcpwhy_new(print_verdict, &verdicts, 0);
	status = handle ? feed(capture, handle) : 1;
	printf("%u verdicts, libtcpwhy %s\n", verdicts, tcpwhy_version());
	tcpwhy_free(handle);
	pcap_close(capture);
	return status;
}
