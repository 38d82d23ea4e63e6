/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The tag of a probe: SipHash-2-4 (Aumasson and Bernstein, 2012) of the twelve bytes run, path and sequence; src/wire/siphash.ts does
 * the same. One copy for the senders' and the matchers' programs and for the addon.
 */
#pragma once

#include <linux/types.h>

#define SIP_ROTATE(value, by) ((value) << (by) | (value) >> (64 - (by)))
#define SIP_ROUND(a, b, c, d) \
	do { \
		a += b; b = SIP_ROTATE(b, 13); b ^= a; a = SIP_ROTATE(a, 32); \
		c += d; d = SIP_ROTATE(d, 16); d ^= c; \
		a += d; d = SIP_ROTATE(d, 21); d ^= a; \
		c += b; b = SIP_ROTATE(b, 17); b ^= c; c = SIP_ROTATE(c, 32); \
	} while (0)

/* SipHash's state once the key, as two little-endian words, is in it. */
static inline __attribute__((always_inline)) void sip_begin(__u64 *state, __u64 low, __u64 high)
{
	state[0] = low ^ 0x736f6d6570736575ULL;
	state[1] = high ^ 0x646f72616e646f6dULL;
	state[2] = low ^ 0x6c7967656e657261ULL;
	state[3] = high ^ 0x7465646279746573ULL;
}

/* `first` and `last` are bytes 0 to 7 and 8 to 11 as little-endian numbers. */
static inline __attribute__((always_inline)) __u64 sip_tag(const volatile __u64 *state, __u64 first, __u64 last)
{
	__u64 a = state[0], b = state[1], c = state[2], d = state[3];

	last |= 12ULL << 56;
	d ^= first;
	SIP_ROUND(a, b, c, d);
	SIP_ROUND(a, b, c, d);
	a ^= first;
	d ^= last;
	SIP_ROUND(a, b, c, d);
	SIP_ROUND(a, b, c, d);
	a ^= last;
	c ^= 0xff;
	SIP_ROUND(a, b, c, d);
	SIP_ROUND(a, b, c, d);
	SIP_ROUND(a, b, c, d);
	SIP_ROUND(a, b, c, d);
	return a ^ b ^ c ^ d;
}
