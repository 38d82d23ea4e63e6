/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What the senders and matchers of a spray share: the plan of a run, and the templates that its packets are made from, as the
 * eBPF programs read them; the addon makes these from shorter ones (native/src/spray_templates.h). Numbers stand in the machine's order;
 * sums, swept values and the bytes themselves as they stand in a packet.
 *
 * A packet is its template's bytes, then: the flow's value at the template's words, each layer's half of the scattered sequence as
 * its ID, the transport's half, path (the cell), sequence, tag, time, and the balance: what src/probe/craft.ts builds.
 */
#pragma once

#include <linux/types.h>

#define SPRAY_WORDS 8        /* 16-bit words of a flow's value: one IPv6 address */
#define SPRAY_IDS 72         /* IPv4 headers in 1,500 bytes */
#define SPRAY_FRAME 1536     /* the largest frame */
#define SPRAY_NO_WORD 0xffff
#define SPRAY_NO_ID 0xff
#define SPRAY_SAMPLED 64     /* one in so many carries a tag, where tags are sampled */
#define SPRAY_END (1ULL << 32) /* there is no sequence after the last */

enum spray_tag { SPRAY_TAG_NONE, SPRAY_TAG_SAMPLED, SPRAY_TAG_FULL };

/* One swept word: where it stands, and which sums it joins. */
struct spray_word {
	__u16 at;      /* in the IP packet; SPRAY_NO_WORD: none */
	__u8 id;       /* index of the IPv4 header whose checksum covers it, or SPRAY_NO_ID */
	__u8 balanced; /* 1: the transport's checksum covers it too */
};

/* An IPv4 header. */
struct spray_id {
	__u16 at;  /* in the IP packet, always even; plus 1: it carries the high half */
	__u16 sum; /* of its words, with ID, checksum and swept words 0; folded, in packet order */
};

/* Then `ids_most` struct spray_id of the plan, then `bytes_most` bytes: the link header and the packet. A template is
 * spray_stride() bytes long. */
struct spray_template {
	__u16 length;        /* of the IP packet */
	__u16 stored;        /* bytes that stand here, the link header among them; zeros follow up to the frame's end */
	__u16 link_length;   /* of the link header before the IP packet: the same in all templates of a run */
	__u16 identity_at;   /* in the IP packet */
	__u16 half_at;       /* in the IP packet: where the transport carries its half */
	__u8 half_of;        /* 0: the low half, 1: the high one */
	__u8 id_count;
	__u16 transport_sum; /* pseudo-header, transport and payload with every patched word 0; folded, in packet order */
	__u16 unused;
	struct spray_word words[SPRAY_WORDS];
};

/* One run: one way out, `templates` templates and `flows` values; cell = flow * templates + template (spray-order.h). */
struct spray_plan {
	__u64 sip[4];        /* of the tags (siphash.h) */
	__s64 realtime_ahead_ns; /* added to the monotonic clock it makes the time that a packet says it was sent at */
	__u64 first;         /* sequence */
	__u64 most;          /* packets; SPRAY_END: as many as there are sequences */
	__u32 run;
	__u32 id_key;
	__u32 templates;
	__u32 flows;
	__u32 cells;
	__u32 tag;           /* enum spray_tag */
	__u32 ids_most;
	__u32 bytes_most;    /* a multiple of 8 */
	__u32 link_length;
	__u32 frame_least;   /* of the shortest frame; equal to the longest where all are of one length */
	__u32 frame_most;
	__u32 words_most;    /* of a flow's value that some template takes */
};

#define SPRAY_IDS_AT sizeof(struct spray_template)
#define SPRAY_BYTES_AT(ids_most) ((SPRAY_IDS_AT + 4 * (ids_most) + 7) / 8 * 8)

/* Of one template in the array of templates; a multiple of 8. */
static inline __attribute__((always_inline)) __u32 spray_stride(__u32 ids_most, __u32 bytes_most)
{
	return SPRAY_BYTES_AT(ids_most) + (bytes_most + 7) / 8 * 8;
}

/* The two halves that a sequence is scattered to, as TypeScript's probe/run.ts has it; neither may be 0. */
static inline __attribute__((always_inline)) __u64 spray_sendable(__u64 sequence, __u32 id_key)
{
	for (int i = 0; i < 3; i++) {
		__u32 scattered = (__u32)sequence ^ id_key;

		if (scattered >> 16 == 0)
			sequence = (sequence | 0xffff) + 1; /* 65,536 of them in a row */
		else if ((scattered & 0xffff) == 0)
			sequence++;
		else
			break;
	}
	return sequence;
}
