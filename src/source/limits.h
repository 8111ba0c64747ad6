/* Every ceiling of reading and writing captures. Hostile input must not cost more than these. */
#ifndef TCPWHY_SOURCE_LIMITS_H
#define TCPWHY_SOURCE_LIMITS_H

/* Largest captured length: libpcap's MAXIMUM_SNAPLEN; the second where the file itself announces longer frames. */
#define CAPTURED_MAX       (256u << 10)
#define CAPTURED_MAX_LARGE (16u << 20)

/* Largest pcapng block that is looked into: a frame and its options. Other blocks are skipped at any length. */
#define BLOCK_MAX (CAPTURED_MAX_LARGE + (1u << 20))

/* Interfaces of one capture, over all its sections. An hour of `dumpcap -i any` on a busy host has some thousands. */
#define INTERFACES_MAX 65536u
/* Kept of an interface's name; the kernel's own limit is IFNAMSIZ, 16. Windows uses GUIDs of some 50 bytes. */
#define INTERFACE_NAME_MAX 255u

/* Where the comments of frames with several of them are joined, for the frames of one call. */
#define JOINED_COMMENTS_MAX (256u << 10)

/*
 * Mapped bytes that are brought in, and let go again, at a time. From 256 KiB to 8 MiB the speed is the same; below,
 * the system calls begin to show.
 */
#define WINDOW_BYTES (1u << 20)

/*
 * Mapped bytes that are kept behind the window: a second thread is still looking at frames there (some batches of
 * frames that were picked from many), and every page let go too early would come back, and stay.
 */
#define KEPT_BEHIND_BYTES (4u << 20)
/* So much is given back at a time. */
#define RELEASE_BYTES (4u << 20)

/* First size of a stream's buffer; it grows to hold one record at most. */
#define STREAM_BUFFER_BYTES (256u << 10)

/* Link types for which one filter is compiled; a real capture has one to three. */
#define FILTER_PROGRAMS_MAX 32u

#endif
