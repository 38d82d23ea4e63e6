/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What one landing adds to the counters, wherever they lie: in the kernel's maps, or in the addon's memory. */
#pragma once

#include "landing.h"

/* Where a landing of this cell and sequence is counted. */
struct match_places {
	struct match_cell *cell;
	struct match_histogram *histogram;
	__u64 *word; /* of the bitmap */
	struct match_totals *totals;
};

#define MOST_RTT ((1ULL << (32 + MATCH_RTT_SHIFT)) - 1)

/* The highest bit that is set, of a number that is not 0. */
static __always_inline __u32 highest_bit(__u32 value)
{
	__u32 bit = 0;

	if (value >> 16) { value >>= 16; bit += 16; }
	if (value >> 8) { value >>= 8; bit += 8; }
	if (value >> 4) { value >>= 4; bit += 4; }
	if (value >> 2) { value >>= 2; bit += 2; }
	return bit + (value >> 1);
}

static __always_inline __u32 bucket_of(__u64 rtt_ns)
{
	__u32 units = (rtt_ns > MOST_RTT ? MOST_RTT : rtt_ns) >> MATCH_RTT_SHIFT;
	__u32 octave;

	if (units < 64)
		return 0;
	octave = highest_bit(units) - 6;
	return 1 + octave * 64 + ((units >> octave) & 63);
}

/* In a copy of its own a CPU adds as usual, which is twice as fast. */
#define ADD(config, counter, amount) \
	do { \
		if ((config)->is_shared) \
			__sync_fetch_and_add(&(counter), (amount)); \
		else \
			(counter) += (amount); \
	} while (0)

static __always_inline void count_round_trip(const volatile struct match_config *config, struct match_places *places, __u32 sequence, __u64 rtt_ns)
{
	struct match_cell *cell = places->cell;
	__u32 bucket = bucket_of(rtt_ns);

	ADD(config, cell->received, 1);
	if (sequence >= cell->expected) {
		cell->expected = sequence + 1;
	} else {
		ADD(config, cell->reordered, 1);
		places->totals->reordered++;
	}
	if (0xffff - bucket > cell->least)
		cell->least = 0xffff - bucket;
	if (bucket >= cell->most)
		cell->most = bucket + 1;
	if (bucket < MATCH_BUCKETS)
		ADD(config, places->histogram->counts[bucket], 1);
}

/* A probe comes home once, in time, in the window: else it is a duplicate, late, or nothing that we sent. */
static __always_inline void count_landing(const volatile struct match_config *config, const struct match_window *window, struct match_places *places,
	__u32 sequence, __u64 rtt_ns, int is_verified)
{
	__u64 bit = 1ULL << (sequence & 63);

	if (sequence < window->floor || rtt_ns > config->timeout_ns) {
		places->totals->late++;
	} else if (sequence >= window->ceiling) {
		places->totals->beyond++;
	} else if (*(volatile __u64 *)places->word & bit || __sync_fetch_and_or(places->word, bit) & bit) {
		places->totals->duplicates++;
		ADD(config, places->cell->duplicates, 1);
	} else {
		places->totals->received++;
		if (!is_verified)
			places->totals->unverified++;
		count_round_trip(config, places, sequence, rtt_ns);
	}
}

/* Which cell a broken packet was of can be told where two of its fields agree. */
static __always_inline int is_cell_known(const volatile struct match_config *config, const struct landing *landing)
{
	return landing->path < config->cells && cell_of_sequence(config, landing->sequence) == landing->path;
}

/* The time sent is not covered by the tag; one that lies ahead of us counts as no time at all. */
static __always_inline __u64 round_trip(const struct landing *landing, __u64 arrived_ns)
{
	return arrived_ns > landing->sent_ns ? arrived_ns - landing->sent_ns : 0;
}
