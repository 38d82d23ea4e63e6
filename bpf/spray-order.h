/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Which cell a packet of a spray belongs to. A turn goes once through all cells, and each turn begins at another of them: were the
 * order always the same, a loss that is itself periodic would meet the same cells always and look like a bad flow. Where a turn begins
 * follows from its number alone, so what a cell was sent stays arithmetic; src/engine/spray-sequence.ts does the same.
 */
#pragma once

#include <linux/types.h>

struct spray_order {
	__u32 id_key;
	__u32 templates;
	__u32 flows;
};

/* Of one sequence: cell = flow * templates + number. */
struct spray_place {
	__u64 turn_end; /* sequence */
	__u32 turn;
	__u32 number;   /* of the template */
	__u32 flow;
	__u32 unused;
};

/* An avalanche of 32 bits: https://github.com/skeeto/hash-prospector, "lowbias32". */
static inline __attribute__((always_inline)) __u32 spray_mixed(__u32 word)
{
	word = (word ^ word >> 16) * 0x7feb352dU;
	word = (word ^ word >> 15) * 0x846ca68bU;
	return word ^ word >> 16;
}

/* Without a division: the whole part of a share of the templates is the template, the rest a share of the flows. */
static inline __attribute__((always_inline)) void spray_begin_turn(struct spray_order order, struct spray_place *place)
{
	const __u64 share = (__u64)spray_mixed(place->turn ^ order.id_key) * order.templates;

	place->number = share >> 32;
	place->flow = (share & 0xffffffff) * order.flows >> 32;
}

static inline __attribute__((always_inline)) __u32 spray_cell(struct spray_order order, __u32 sequence)
{
	const __u32 cells = order.templates * order.flows;
	struct spray_place place = { .turn = sequence / (cells ? cells : 1) };
	__u32 cell;

	spray_begin_turn(order, &place);
	cell = sequence - place.turn * cells + place.flow * order.templates + place.number;
	return cell < cells ? cell : cell - cells;
}

static inline __attribute__((always_inline)) struct spray_place spray_seek(struct spray_order order, __u32 sequence)
{
	const __u32 cell = spray_cell(order, sequence), cells = order.templates * order.flows;
	struct spray_place place = {};

	place.turn = sequence / (cells ? cells : 1);
	place.turn_end = ((__u64)place.turn + 1) * cells;
	place.flow = cell / (order.templates ? order.templates : 1);
	place.number = cell - place.flow * order.templates;
	return place;
}

/* To the place of `next`, the sequence behind its own. */
static inline __attribute__((always_inline)) void spray_go_on(struct spray_order order, struct spray_place *place, __u64 next)
{
	const __u32 cells = order.templates * order.flows;

	if (++place->number == order.templates) {
		place->number = 0;
		if (++place->flow == order.flows)
			place->flow = 0;
	}
	if (cells > 1 && next == place->turn_end) {
		place->turn++;
		place->turn_end += cells;
		spray_begin_turn(order, place);
	}
}
