/* A list of ports means what it says, or is refused with the piece that is wrong. */
#include "probe/ports.h"
#include "tap.h"

static size_t count_of(const char *text, enum status want)
{
	struct port_set set = { 0 };
	struct error error = { STATUS_OK, "" };
	enum status status = ports_parse(text, &set, &error);

	ok(status == want, "%s: %s", text, status == STATUS_OK ? "is a list" : error.text);
	return ports_count(&set);
}

int main(void)
{
	struct port_set set = { 0 };
	char name[PORT_NAME_MAX];

	is_number((long long)count_of("22", STATUS_OK), 1, "one port");
	is_number((long long)count_of("80,443", STATUS_OK), 2, "two ports");
	is_number((long long)count_of("80,80", STATUS_OK), 1, "the same twice");
	is_number((long long)count_of("1-1024", STATUS_OK), 1024, "a range");
	is_number((long long)count_of("-", STATUS_OK), 65535, "all");
	is_number((long long)count_of("-10", STATUS_OK), 10, "up to");
	is_number((long long)count_of("65530-", STATUS_OK), 6, "from");
	is_number((long long)count_of("ssh,http", STATUS_OK), 2, "services");
	count_of("0", STATUS_USAGE);
	count_of("65536", STATUS_USAGE);
	count_of("99999999999999999999", STATUS_USAGE);
	count_of("20-10", STATUS_USAGE);
	count_of("1-2-3", STATUS_USAGE);
	count_of("--", STATUS_USAGE);
	count_of("", STATUS_USAGE);
	count_of("22,", STATUS_USAGE);
	count_of(",22", STATUS_USAGE);
	count_of("no-such-service-here", STATUS_USAGE);
	count_of("22 ", STATUS_USAGE);
	count_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", STATUS_USAGE);
	ports_add(&set, 65535);
	ports_add(&set, 1);
	ok(ports_have(&set, 65535) && ports_have(&set, 1) && !ports_have(&set, 2), "what was added is there");
	is_text(port_name(name, 22), "ssh", "a service has its name");
	is_text(port_name(name, 1023), "", "a port without one has none");
	return done_testing();
}
