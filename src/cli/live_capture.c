#include "cli/live_capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* Link header, IPv6 with an extension or two, all of TCP, and the start of the payload, where a RST may say why. */
#define SNAP_BYTES 256
/* In the kernel, for packets that wait: some 50 000. */
#define BUFFER_BYTES (16 << 20)
#define PACKETS_A_STEP 4096
#define STEPS_AT_END (BUFFER_BYTES / SNAP_BYTES / PACKETS_A_STEP)
/* In full, some 4 kB each; older ones that need no explanation are let go first. */
#define CONNECTIONS_MAX 25000

struct live_capture {
	pcap_t *pcap;
	struct analysis *analysis;
	struct live_output *output;
	struct analysis_totals totals;
	uint64_t packets;
	uint16_t link_type;
};

/* Words that say the same of both directions, and what follows them: a name or number. */
static bool is_symmetric_word(const char *word, size_t len)
{
	static const char *const words[] = {
		"host", "net", "port", "portrange", "mask", "and", "or", "not", "ip", "ip6", "tcp", "proto",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0)
			return true;
	return false;
}

bool live_capture_is_symmetric(const char *expression)
{
	static const char between[] = " \t\n()!&|";
	const char *at = expression + strspn(expression, between);
	bool named = false;

	while (*at) {
		size_t len = strcspn(at, between);
		bool known = is_symmetric_word(at, len);

		/* A name is one where a word before it asks for one; numbers and addresses may stand alone. */
		if (!known && !named && !strchr("0123456789", *at))
			return false;
		if (memchr(at, '[', len))
			return false;
		named = known && strncmp(at, "and", len) != 0 && strncmp(at, "or", len) != 0 && strncmp(at, "not", len) != 0;
		at += len;
		at += strspn(at, between);
	}
	return true;
}

static void on_verdict(void *user, const struct verdict *verdict)
{
	struct live_capture *capture = user;

	live_output_verdict(capture->output, verdict, false);
}

static void on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct live_capture *capture = (struct live_capture *)user;
	struct frame frame = {
		.number = ++capture->packets,
		/* The precision that was asked for: tv_usec holds nanoseconds. */
		.time_ns = clock_clamp(header->ts.tv_sec * NS_PER_S + header->ts.tv_usec),
		.data = bytes,
		.captured = header->caplen,
		.length = header->len,
		.link_type = capture->link_type,
		.has_time = 1,
	};

	analysis_frame(capture->analysis, &frame);
}

static enum status refused(struct error *error, pcap_t *pcap, int code)
{
	if (code == PCAP_ERROR_PERM_DENIED)
		return error_set(error, STATUS_IO, "%s", _("only root, or CAP_NET_RAW, may capture packets"));
	return error_set(error, STATUS_IO, _("packets cannot be captured: %s"),
	                 *pcap_geterr(pcap) ? pcap_geterr(pcap) : pcap_statustostr(code));
}

static enum status activate(pcap_t *pcap, struct error *error)
{
	char text[PCAP_ERRBUF_SIZE];
	int code;

	pcap_set_snaplen(pcap, SNAP_BYTES);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_buffer_size(pcap, BUFFER_BYTES);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	code = pcap_activate(pcap);
	if (code < 0)
		return refused(error, pcap, code);
	if (pcap_setnonblock(pcap, 1, text) != 0)
		return error_set(error, STATUS_IO, _("packets cannot be captured: %s"), text);
	return STATUS_OK;
}

/* TCP, and the ICMP errors that end connections. What the user asks of a RST would cut others in half. */
static enum status set_filter(pcap_t *pcap, const char *expression, struct error *error)
{
	static const char errors[] = "(icmp and icmp[0] = 3) or (icmp6 and ip6[40] = 1)";
	static const char some[] = "(tcp and (%s)) or %s", all[] = "tcp or %s";
	struct buffer text = BUFFER_INIT(1 << 17);
	enum status status = STATUS_OK;
	struct bpf_program program;

	if (*expression && live_capture_is_symmetric(expression))
		buffer_printf(&text, some, expression, errors);
	else
		buffer_printf(&text, all, errors);
	if (pcap_compile(pcap, &program, buffer_text(&text), 1, PCAP_NETMASK_UNKNOWN) != 0) {
		status = error_set(error, STATUS_IO, _("packets cannot be captured: %s"), pcap_geterr(pcap));
	} else {
		if (pcap_setfilter(pcap, &program) != 0)
			status = error_set(error, STATUS_IO, _("packets cannot be captured: %s"), pcap_geterr(pcap));
		pcap_freecode(&program);
	}
	buffer_clear(&text);
	return status;
}

static enum status open_device(struct live_capture *capture, const char *expression, struct error *error)
{
	char text[PCAP_ERRBUF_SIZE];
	enum status status;

	capture->pcap = pcap_create("any", text);
	if (!capture->pcap)
		return error_set(error, STATUS_IO, _("packets cannot be captured: %s"), text);
	status = activate(capture->pcap, error);
	if (status == STATUS_OK)
		status = set_filter(capture->pcap, expression, error);
	if (status == STATUS_OK)
		capture->link_type = (uint16_t)pcap_datalink(capture->pcap);
	return status;
}

/* How far it is now, where summaries look for it. */
static void take_totals(struct live_capture *capture)
{
	struct pcap_stat stat;

	analysis_totals_so_far(capture->analysis, &capture->totals);
	if (pcap_stats(capture->pcap, &stat) == 0)
		capture->totals.dropped = (uint64_t)stat.ps_drop + stat.ps_ifdrop;
}

struct live_capture *live_capture_open(const char *expression, struct live_output *output, struct error *error)
{
	struct live_capture *capture = calloc(1, sizeof *capture);
	struct analysis_options options = { .max_connections = CONNECTIONS_MAX, .one_pass = true };
	struct analysis_sink sink = { .user = capture, .verdict = on_verdict };

	if (capture)
		capture->analysis = analysis_new(&options, &sink);
	if (!capture || !capture->analysis) {
		free(capture);
		error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
		return NULL;
	}
	capture->output = output;
	if (open_device(capture, expression, error) != STATUS_OK) {
		live_capture_close(capture);
		return NULL;
	}
	output->packets = &capture->totals;
	return capture;
}

enum status live_capture_step(struct live_capture *capture, int timeout_ms, struct error *error)
{
	struct pollfd ready = { .fd = pcap_get_selectable_fd(capture->pcap), .events = POLLIN };
	int got;

	if (poll(&ready, 1, timeout_ms) < 0 && errno != EINTR)
		return error_set(error, STATUS_IO, _("packets cannot be captured: %s"), strerror(errno));
	got = pcap_dispatch(capture->pcap, PACKETS_A_STEP, on_packet, (u_char *)capture);
	if (got < 0)
		return error_set(error, STATUS_IO, _("packets cannot be captured: %s"), pcap_geterr(capture->pcap));
	if (got == 0)
		analysis_advance(capture->analysis, clock_realtime());
	take_totals(capture);
	return STATUS_OK;
}

void live_capture_finish(struct live_capture *capture)
{
	/* What came before the end counts; it may be that packets never stop coming. */
	for (int i = 0; i < STEPS_AT_END; i++)
		if (pcap_dispatch(capture->pcap, PACKETS_A_STEP, on_packet, (u_char *)capture) <= 0)
			break;
	analysis_finish(capture->analysis);
	take_totals(capture);
}

void live_capture_close(struct live_capture *capture)
{
	if (!capture)
		return;
	analysis_free(capture->analysis);
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture);
}
