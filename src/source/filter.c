/*
 * libpcap compiles for one link type, a pcapng file may hold many. So the expression is compiled for each at its first
 * frame, up to a ceiling: a file with a link type a frame must not make us compile for ever. One instance compiles in
 * about 100 us, and runs in some 20 ns a frame.
 */
#include "source/filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "source/limits.h"

struct program {
	uint16_t link_type;
	bool compiled;              /* false: the expression does not fit the link type */
	struct bpf_program bpf;
};

struct filter {
	char *expression;
	size_t count;
	struct program programs[FILTER_PROGRAMS_MAX];
};

/* Files hold LINKTYPE_ numbers; libpcap compiles for DLT_ numbers, which differ where systems once disagreed. */
static int dlt_of(uint16_t link_type)
{
	static const struct { uint16_t link_type, dlt; } differing[] = {
		{ 14, DLT_RAW },  /* DLT_RAW of OpenBSD, found in files all the same */
		{ 100, DLT_ATM_RFC1483 },
		{ 101, DLT_RAW },
		{ 102, DLT_SLIP_BSDOS },
		{ 103, DLT_PPP_BSDOS },
		{ 106, DLT_ATM_CLIP },
	};

	for (size_t i = 0; i < sizeof differing / sizeof *differing; i++)
		if (differing[i].link_type == link_type)
			return differing[i].dlt;
	return link_type;
}

/* The constant is the snap length: how much of a frame a filter that accepts asks to keep. */
static enum status compile(const char *expression, uint16_t link_type, struct bpf_program *ret_bpf,
                           struct error *error)
{
	pcap_t *pcap = pcap_open_dead(dlt_of(link_type), CAPTURED_MAX);
	enum status status = STATUS_OK;

	if (!pcap)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	if (pcap_compile(pcap, ret_bpf, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
		status = error_set(error, STATUS_USAGE, _("the filter '%s' does not compile: %s"), expression,
		                   pcap_geterr(pcap));
	pcap_close(pcap);
	return status;
}

/* A link type that cannot be known yet: an expression about 802.11 or about directions is right for some only. */
static enum status check_usual(const char *expression, struct error *error)
{
	static const uint16_t usual[] = { DLT_EN10MB, 101, DLT_LINUX_SLL, DLT_IEEE802_11_RADIO, DLT_NULL };
	struct bpf_program bpf;

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		/* The reason that Ethernet gives is the one that most people can use. */
		enum status status = compile(expression, usual[i], &bpf, i ? NULL : error);

		if (status == STATUS_OK) {
			pcap_freecode(&bpf);
			return STATUS_OK;
		}
		if (status != STATUS_USAGE)
			return error_set(error, status, _("out of memory"));
	}
	return STATUS_USAGE;
}

static const struct program *find_program(struct filter *filter, uint16_t link_type)
{
	struct program *program;

	for (size_t i = 0; i < filter->count; i++)
		if (filter->programs[i].link_type == link_type)
			return &filter->programs[i];
	if (filter->count == FILTER_PROGRAMS_MAX)
		return NULL;
	program = &filter->programs[filter->count++];
	program->link_type = link_type;
	program->compiled = compile(filter->expression, link_type, &program->bpf, NULL) == STATUS_OK;
	return program;
}

enum status filter_new(const char *expression, bool link_type_known, uint16_t link_type, struct filter **ret_filter,
                       struct error *error)
{
	struct filter *filter = calloc(1, sizeof *filter);
	enum status status;

	if (!filter)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	filter->expression = strdup(expression);
	if (!filter->expression) {
		status = error_set(error, STATUS_MEMORY, _("out of memory"));
	} else if (link_type_known) {
		struct program *program = &filter->programs[0];

		program->link_type = link_type;
		status = compile(expression, link_type, &program->bpf, error);
		program->compiled = status == STATUS_OK;
		filter->count = 1;
	} else {
		status = check_usual(expression, error);
	}
	if (status != STATUS_OK) {
		filter_free(filter);
		return status;
	}
	*ret_filter = filter;
	return STATUS_OK;
}

size_t filter_frames(struct filter *filter, struct frame *frames, size_t count, uint64_t *skipped)
{
	const struct program *program = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct frame *frame = &frames[i];

		if (!program || program->link_type != frame->link_type)
			program = find_program(filter, frame->link_type);
		if (!program || !program->compiled) {
			++*skipped;
			continue;
		}
		if (bpf_filter(program->bpf.bf_insns, frame->data, frame->length, frame->captured) == 0)
			continue;
		if (kept != i)
			frames[kept] = *frame;
		kept++;
	}
	return kept;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->count; i++)
		if (filter->programs[i].compiled)
			pcap_freecode(&filter->programs[i].bpf);
	free(filter->expression);
	free(filter);
}
