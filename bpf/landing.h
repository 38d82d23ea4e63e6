/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* A probe that came home: finds our identity (src/wire/identity.ts) below up to four IP headers, and proves it by checksum and tag.
 * Bytes in, values out, no helper called: the addon compiles the same code for what libpcap shows it.
 */
#pragma once

#include <linux/types.h>

#include "siphash.h"
#include "spray-match.h"
#include "spray-order.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BIG16(value) __builtin_bswap16(value)
#define BIG32(value) __builtin_bswap32(value)
#define BIG64(value) __builtin_bswap64(value)
#define LITTLE64(value) (value)
#define LITTLE32(value) (value)
#else
#define BIG16(value) (value)
#define BIG32(value) (value)
#define BIG64(value) (value)
#define LITTLE64(value) __builtin_bswap64(value)
#define LITTLE32(value) __builtin_bswap32(value)
#endif

#define MOST_HEADERS 4
#define MAGIC 0xbeac2003u
#define IDENTITY_VERSION 1
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define NESTED_IPV4 4
#define NESTED_IPV6 41
#define UDP 17
#define ICMPV4 1
#define ICMPV6 58

/* From the transport header on, which has 8 bytes in UDP and in an echo. */
#define MAGIC_AT 8
#define VERSION_AT 12
#define RUN_AT 16
#define PATH_AT 20
#define SEQUENCE_AT 24
#define TAG_AT 28
#define SENT_AT 36
#define SHORTEST_LANDING 44

enum look {
	LOOK_FOREIGN,
	LOOK_CUT, /* it goes on behind the end */
	LOOK_OTHER_RUN,
	LOOK_CORRUPTED,
	LOOK_UNVERIFIED, /* right as far as can be told without a tag */
	LOOK_GENUINE,
};

struct landing {
	const __u8 *header; /* the innermost IP header */
	__u32 protocol;
	__u32 is_v6;
	__u32 headers;
	const __u8 *transport;
	__u32 length; /* of the transport and what it carries */
	__u64 pseudo; /* sum of the pseudo-header, not folded */
	__u32 path;
	__u32 sequence;
	__u64 sent_ns;
};

/* The verifier counts packet bytes by pointer; a compiler for other machines must not take them for aligned. */
#ifdef __bpf__
static __always_inline __u16 load16(const __u8 *at) { return *(const __u16 *)at; }
static __always_inline __u32 load32(const __u8 *at) { return *(const __u32 *)at; }
static __always_inline __u64 load64(const __u8 *at) { return *(const __u64 *)at; }
#else
static __always_inline __u16 load16(const __u8 *at) { __u16 value; __builtin_memcpy(&value, at, sizeof(value)); return value; }
static __always_inline __u32 load32(const __u8 *at) { __u32 value; __builtin_memcpy(&value, at, sizeof(value)); return value; }
static __always_inline __u64 load64(const __u8 *at) { __u64 value; __builtin_memcpy(&value, at, sizeof(value)); return value; }
#endif

/* Goes one header inwards; says what stands there in `protocol`, 0 where it cannot be ours. */
static __always_inline enum look step4(const __u8 **at, const __u8 *end, struct landing *landing)
{
	const __u8 *header = *at;
	__u32 size, total;

	landing->protocol = 0;
	if (header + 20 > end)
		return LOOK_CUT;
	size = (header[0] & 0xf) * 4;
	total = BIG16(load16(header + 2));
	if (header[0] >> 4 != 4 || size < 20 || total < size || load16(header + 6) & BIG16(0x3fff)) /* a fragment is not a landing */
		return LOOK_FOREIGN;
	landing->header = header;
	landing->is_v6 = 0;
	landing->protocol = header[9];
	landing->length = total - size;
	*at = header + size;
	return LOOK_FOREIGN;
}

static __always_inline enum look step6(const __u8 **at, const __u8 *end, struct landing *landing)
{
	const __u8 *header = *at;

	landing->protocol = 0;
	if (header + 40 > end)
		return LOOK_CUT;
	if (header[0] >> 4 != 6)
		return LOOK_FOREIGN;
	landing->header = header;
	landing->is_v6 = 1;
	landing->protocol = header[6];
	landing->length = BIG16(load16(header + 4));
	*at = header + 40;
	return LOOK_FOREIGN;
}

static __always_inline int is_landing_type(const struct landing *landing, const __u8 *transport)
{
	if (landing->protocol == UDP)
		return 1;
	if (landing->is_v6)
		return landing->protocol == ICMPV6 && (transport[0] & 0xfe) == 128; /* echo request or reply */
	return landing->protocol == ICMPV4 && (transport[0] & 0xf7) == 0;
}

/* Goes through as many IP headers as `most`, and says what follows in `protocol`. `type` is the EtherType of what stands there, in host order. */
static __always_inline enum look walk_headers(const __u8 **at, const __u8 *end, __u32 type, __u32 most, struct landing *landing)
{
	enum look look = LOOK_FOREIGN;

	landing->protocol = 0;
	landing->headers = 0;
#pragma GCC unroll 4
	for (__u32 i = 0; i < most; i++) {
		if (type == TYPE_IPV4)
			look = step4(at, end, landing);
		else if (type == TYPE_IPV6)
			look = step6(at, end, landing);
		else
			return LOOK_FOREIGN;
		if (look == LOOK_CUT)
			return look;
		landing->headers++;
		if (landing->protocol != NESTED_IPV4 && landing->protocol != NESTED_IPV6)
			break;
		type = landing->protocol == NESTED_IPV4 ? TYPE_IPV4 : TYPE_IPV6;
	}
	return look;
}

/* Of the words in the machine's own byte order; an ICMPv4 checksum covers none. */
static __always_inline __u64 pseudo_sum(const struct landing *landing)
{
	__u64 sum = 0;

	if (landing->is_v6) {
		for (int i = 8; i < 40; i += 4)
			sum += load32(landing->header + i);
	} else if (landing->protocol == UDP) {
		sum += (__u64)load32(landing->header + 12) + load32(landing->header + 16);
	}
	if (landing->is_v6 || landing->protocol == UDP)
		sum += BIG16((__u16)landing->protocol) + (__u32)BIG16((__u16)landing->length);
	return sum;
}

/* What follows the headers. LOOK_UNVERIFIED: our magic stands there, and says so much. */
static __always_inline enum look read_identity(const __u8 *at, const __u8 *end, struct landing *landing)
{
	if (landing->protocol != UDP && landing->protocol != ICMPV4 && landing->protocol != ICMPV6)
		return LOOK_FOREIGN;
	if (landing->length < SHORTEST_LANDING || landing->length > MATCH_LONGEST)
		return LOOK_FOREIGN;
	if (at + SHORTEST_LANDING > end)
		return LOOK_CUT;
	if (load32(at + MAGIC_AT) != BIG32(MAGIC) || at[VERSION_AT] != IDENTITY_VERSION || !is_landing_type(landing, at))
		return LOOK_FOREIGN;
	landing->transport = at;
	landing->pseudo = pseudo_sum(landing);
	return LOOK_UNVERIFIED;
}

/* The caller has seen that SHORTEST_LANDING bytes stand there. */
static __always_inline void read_numbers(struct landing *landing)
{
	landing->path = BIG32(load32(landing->transport + PATH_AT));
	landing->sequence = BIG32(load32(landing->transport + SEQUENCE_AT));
	landing->sent_ns = BIG64(load64(landing->transport + SENT_AT));
}

static __always_inline enum look find_landing(const __u8 *at, const __u8 *end, __u32 type, struct landing *landing)
{
	enum look look = walk_headers(&at, end, type, MOST_HEADERS, landing);

	return look == LOOK_CUT ? look : read_identity(at, end, landing);
}

/* `size` bytes more, as long as they stand there; that is looked at in each step since the verifier cannot do sums. */
#define SUM_BYTES(size) \
	if (length & (size) && at + (size) <= end) { \
		sum += sum_of(at, size); \
		at += (size); \
	}

static __always_inline __u64 sum_of(const __u8 *at, __u32 size)
{
	__u64 sum = 0;

#pragma GCC unroll 8
	for (__u32 i = 0; i < size; i += 4)
		sum += load32(at + i);
	return sum;
}

/* The words of `length` bytes, not folded. */
static __always_inline __u64 sum_words(const __u8 *at, const __u8 *end, __u32 length)
{
	__u64 sum = 0;

	for (int i = 0; i < MATCH_LONGEST / 32; i++) {
		if (length < 32 || at + 32 > end)
			break;
		sum += sum_of(at, 32);
		at += 32;
		length -= 32;
	}
	SUM_BYTES(16)
	SUM_BYTES(8)
	SUM_BYTES(4)
	if (length & 2 && at + 2 <= end) {
		sum += load16(at);
		at += 2;
	}
	if (length & 1 && at + 1 <= end)
		sum += BIG16((__u16)(*at << 8));
	return sum;
}

/* The bytes must be there up to the landing's length. RFC 1071 in the machine's own byte order. */
static __always_inline int is_sum_right(const struct landing *landing, const __u8 *end)
{
	__u64 sum = sum_words(landing->transport, end, landing->length) + landing->pseudo;
	__u32 words;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	words = (sum & 0xffff) + (sum >> 16);
	return words == 0xffff || words == 0x1fffe; /* with its carry the second is the first */
}

static __always_inline int has_tag(const volatile struct match_config *config, __u32 sequence)
{
	return config->tag_every && (sequence & (config->tag_every - 1)) == 0;
}

static __always_inline int is_tag_right(const volatile struct match_config *config, const __u8 *transport)
{
	const __u8 *numbers = transport + RUN_AT;

	return LITTLE64(load64(transport + TAG_AT)) == sip_tag(config->sip, LITTLE64(load64(numbers)), LITTLE32(load32(numbers + 8)));
}

static __always_inline __u32 cell_of_sequence(const volatile struct match_config *config, __u32 sequence)
{
	return spray_cell((struct spray_order){ config->id_key, config->templates, config->flows }, sequence);
}

/* What read_identity found, looked at closely. */
static __always_inline enum look prove(const volatile struct match_config *config, struct landing *landing, const __u8 *end)
{
	const __u8 *transport = landing->transport;

	read_numbers(landing);
	if (BIG32(load32(transport + RUN_AT)) != config->run)
		return LOOK_OTHER_RUN;
	if (transport + landing->length > end)
		return LOOK_CUT;
	if (landing->path >= config->cells || !is_sum_right(landing, end))
		return LOOK_CORRUPTED;
	if (has_tag(config, landing->sequence))
		return is_tag_right(config, transport) ? LOOK_GENUINE : LOOK_CORRUPTED;
	return cell_of_sequence(config, landing->sequence) == landing->path ? LOOK_UNVERIFIED : LOOK_CORRUPTED;
}
