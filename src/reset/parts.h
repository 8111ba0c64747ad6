/* The parts that reset_begin() and reset_seal() are made of; for this folder alone. */
#ifndef TCPWHY_RESET_PARTS_H
#define TCPWHY_RESET_PARTS_H

#include "reset/reset.h"

/* Everything that the parts look at. */
struct scene {
	struct reset *reset;
	struct evidence *e;
	const struct conversation *c;
	const struct note *rst;
	const struct note *trigger;          /* NULL where none was found */
	const struct side *sender, *receiver;
	const struct half *sender_half, *receiver_half;
	unsigned side;                       /* of the sender */
};

/* The segment that the RST answers, NULL where none fits. */
const struct note *find_trigger(const struct scene *scene);

void facts_of_rst(const struct scene *scene, const struct segment *segment, const struct options *options);
void facts_of_sequence(const struct scene *scene);
void facts_of_shape(const struct scene *scene);
void facts_of_trigger(const struct scene *scene);
void facts_of_conversation(const struct scene *scene);
void facts_of_probes(const struct scene *scene);
void facts_of_time(const struct scene *scene);
void facts_of_network(const struct scene *scene, const struct segment *segment);
void facts_of_reason(const struct scene *scene, const struct segment *segment, const struct options *options);
void facts_of_predecessor(const struct scene *scene);
/* At the sealing. */
void facts_of_burst(const struct scene *scene);
void facts_of_aftermath(const struct scene *scene);
void judge_acceptance(const struct scene *scene);
void count_loss(const struct scene *scene);

#endif
