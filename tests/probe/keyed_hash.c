/* It is SipHash-2-4: the vectors of its authors' reference. */
#include "probe/keyed_hash.h"
#include "tap.h"

int main(void)
{
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	static const uint64_t wanted[] = {
		[0] = 0x726fdb47dd0e0e31, [1] = 0x74f839c593dc67fd, [8] = 0x93f5f5799a932462, [15] = 0xa129ca6149be45e5,
	};
	uint8_t bytes[16];

	for (size_t len = 0; len < sizeof bytes; len++) {
		bytes[len] = (uint8_t)len;
		if (wanted[len])
			ok(keyed_hash(key, bytes, len) == wanted[len], "of %zu bytes", len);
	}
	return done_testing();
}
