/*
 * Only names are given here, never a try at reading: what a hostile file claims to be costs nothing. Signatures come
 * first, guesses (ERF, text) last.
 */
#include "source/sniff.h"

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/utf8.h"

struct signature {
	const char *bytes;
	uint8_t len;
	const char *name;
};

#define SIGNATURE(text, format_name) { text, sizeof(text) - 1, format_name }

/* The magic numbers of Wireshark's wiretap/, of formats that editcap reads and this does not. */
static const struct signature captures[] = {
	SIGNATURE("snoop\0\0\0", "snoop"),
	SIGNATURE("GMBU", "Microsoft Network Monitor 2"),
	SIGNATURE("RTSS", "Microsoft Network Monitor 1"),
	SIGNATURE("TRSNIFF data    \x1a", "Sniffer"),
	SIGNATURE("XCP\0", "NetXRay / Windows Sniffer"),
	SIGNATURE("\x05VNF", "Visual Networks"),
	SIGNATURE("iptrace 1.0", "AIX iptrace"),
	SIGNATURE("iptrace 2.0", "AIX iptrace"),
	SIGNATURE("btsnoop\0", "btsnoop"),
	SIGNATURE("\177ver", "EtherPeek / OmniPeek"),
	SIGNATURE("\x54\x52\x00\x64\x00", "HP-UX nettl"),
	SIGNATURE("\x1c\x00\x01\xab", "IXIA lcap"),
	SIGNATURE("\x1c\x00\x01\xac", "IXIA lcap"),
	SIGNATURE("\xab\x01\x00\x1c", "IXIA lcap"),
	SIGNATURE("\xac\x01\x00\x1c", "IXIA lcap"),
	SIGNATURE("Endace", "Endace ERF"),
};

static const struct signature containers[] = {
	SIGNATURE("BZh", "bzip2"),
	SIGNATURE("PK\x03\x04", "zip"),
	SIGNATURE("\x1f\x9d", "compress"),
	SIGNATURE("7z\xbc\xaf\x27\x1c", "7z"),
	SIGNATURE("Rar!\x1a\x07", "RAR"),
	SIGNATURE("LZIP", "lzip"),
};

static const char *find(const struct signature *signatures, size_t count, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (len >= signatures[i].len && !memcmp(bytes, signatures[i].bytes, signatures[i].len))
			return signatures[i].name;
	return NULL;
}

/*
 * Endace's ERF has no magic number: a time (seconds in the upper half of a little-endian fixed-point number), a record
 * type, and a record length that holds at least its own header and a link-layer header.
 */
static bool looks_like_erf(const uint8_t *bytes, size_t len)
{
	enum { HEADER_BYTES = 16, TYPE_MAX = 48, YEAR_1990 = 631152000 };
	const uint32_t year_2060 = 2840140800u;
	uint32_t seconds;

	if (len < HEADER_BYTES)
		return false;
	seconds = __builtin_bswap32(load_be32(bytes + 4));
	return seconds >= YEAR_1990 && seconds < year_2060 && (bytes[8] & 0x7f) != 0 && (bytes[8] & 0x7f) <= TYPE_MAX &&
	       load_be16(bytes + 10) > HEADER_BYTES && load_be16(bytes + 14) > 0;
}

static bool looks_like_text(const uint8_t *bytes, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint32_t code;
		size_t size = utf8_character(bytes + i, len - i, &code);

		/* The last character may be cut by the end of what was read. */
		if (!size)
			return i > 0 && len - i < 4;
		if (code < ' ' && !(code >= '\t' && code <= '\r') && code != '\x1b')
			return false;
		i += size;
	}
	return true;
}

enum compression sniff_compression(const uint8_t first[SNIFF_BYTES])
{
	uint32_t magic = load_be32(first);

	if (magic >> 16 == 0x1f8b)
		return COMPRESSION_GZIP;
	/* RFC 8878: a frame, or a skippable one before it (as pzstd writes). */
	if (magic == 0x28b52ffd || (magic & 0xf0ffffff) == 0x502a4d18)
		return COMPRESSION_ZSTD;
	if (magic == 0x04224d18 || magic == 0x02214c18)
		return COMPRESSION_LZ4;
	if (magic == 0xfd377a58)
		return COMPRESSION_XZ;
	return COMPRESSION_NONE;
}

/* Whether a file shorter than SNIFF_BYTES may be the beginning of a capture. */
static bool begins_like_capture(const uint8_t *bytes, size_t len)
{
	static const char *const begins[] = {
		"\xa1\xb2\xc3", "\xd4\xc3\xb2", "\xa1\xb2\x3c", "\x4d\x3c\xb2", "\xa1\xb2\xcd", "\x34\xcd\xb2",
		"\x0a\x0d\x0d", "\x1f\x8b", "\x28\xb5\x2f", "\x04\x22\x4d", "\xfd\x37\x7a",
	};

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		size_t known = strlen(begins[i]);

		if (!memcmp(bytes, begins[i], len < known ? len : known))
			return true;
	}
	return false;
}

static enum status say_unknown(const uint8_t *bytes, size_t len, struct error *error)
{
	struct buffer first = BUFFER_INIT(64);

	for (size_t i = 0; i < len && i < 8; i++)
		buffer_printf(&first, i ? " %02x" : "%02x", bytes[i]);
	error_set(error, STATUS_MALFORMED, _("not a capture file: it begins with the bytes %s"), buffer_text(&first));
	buffer_clear(&first);
	return STATUS_MALFORMED;
}

enum status sniff_foreign(const uint8_t *bytes, size_t len, struct error *error)
{
	const char *name;

	if (len == 0)
		return error_set(error, STATUS_TRUNCATED, _("empty: there is not even a file header"));
	if (len < SNIFF_BYTES && begins_like_capture(bytes, len))
		return error_set(error, STATUS_TRUNCATED, _("ends inside the file header, after %zu bytes"), len);
	name = find(captures, sizeof captures / sizeof *captures, bytes, len);
	if (!name && looks_like_erf(bytes, len) && !looks_like_text(bytes, len))
		name = "Endace ERF";
	if (name)
		return error_set(error, STATUS_UNSUPPORTED,
		                 _("a %s capture, unknown here; convert it with: editcap -F pcapng IN OUT"),
		                 name);
	name = find(containers, sizeof containers / sizeof *containers, bytes, len);
	if (name)
		return error_set(error, STATUS_UNSUPPORTED, _("a %s file; unpack it first"), name);
	if (looks_like_text(bytes, len))
		return error_set(error, STATUS_MALFORMED, _("a text file, not a capture (pcap or pcapng)"));
	return say_unknown(bytes, len, error);
}
