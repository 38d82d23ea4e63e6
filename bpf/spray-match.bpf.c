/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Counts the probes of a spray that come home, and takes them out of the stack's way; all else passes as if nothing were here.
 * On tc ingress behind the taps, so that a capture still sees them, or in XDP before them. The addon (native/src/match_kernel.cc)
 * sets the sizes of the maps before it loads this.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "counting.h"

#define TYPE_VLAN 0x8100
#define TYPE_SERVICE_VLAN 0x88a8
#define MOST_VLANS 2
#define ETHERNET_HEADER 14
/* Of a landing, link header and all. */
#define LONGEST_FRAME (MATCH_LONGEST + 64)

const volatile struct match_config config = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct match_window);
} match_window SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct match_totals);
} match_totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct match_cell);
} match_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct match_histogram);
} match_rtts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} match_bitmap SEC(".maps");

/* Two bytes each, four to an entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} match_slots SEC(".maps");

static __always_inline struct match_totals *totals_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&match_totals, &cpu);
}

static __always_inline __u32 stripe_here(void)
{
	return config.stripes == 1 ? 0 : bpf_get_smp_processor_id();
}

static __always_inline struct match_cell *cell_of(__u32 cell)
{
	__u32 index = stripe_here() * config.cells + cell;

	return bpf_map_lookup_elem(&match_cells, &index);
}

static __always_inline __u32 slot_of(__u32 template)
{
	__u32 index = template / 4;
	__u64 *four = config.shares_slot ? bpf_map_lookup_elem(&match_slots, &index) : NULL;

	return four ? *four >> (template % 4 * 16) & 0xffff : template;
}

static __always_inline struct match_histogram *histogram_of(__u32 cell)
{
	__u32 index = stripe_here() * config.slots + slot_of(cell % config.templates);

	return bpf_map_lookup_elem(&match_rtts, &index);
}

static __always_inline __u64 *word_of(__u32 sequence)
{
	__u32 index = (sequence & config.ring_mask) / 64;

	return bpf_map_lookup_elem(&match_bitmap, &index);
}

static __always_inline void count_corrupted(const struct landing *landing, struct match_totals *totals)
{
	struct match_cell *cell = is_cell_known(&config, landing) ? cell_of(landing->path) : NULL;

	totals->corrupted++;
	if (cell)
		ADD(&config, cell->corrupted, 1);
}

/* True where it was ours and is counted. */
static __always_inline int count(enum look look, const struct landing *landing, struct match_totals *totals)
{
	__u32 zero = 0;
	struct match_window *window = bpf_map_lookup_elem(&match_window, &zero);
	__u64 now = bpf_ktime_get_ns();
	struct match_places places = { .totals = totals };

	if (!window || now > window->deadline_ns) {
		totals->expired++;
		return 0;
	}
	if (look == LOOK_CORRUPTED) {
		count_corrupted(landing, totals);
		return 1;
	}
	places.cell = cell_of(landing->path);
	places.histogram = histogram_of(landing->path);
	places.word = word_of(landing->sequence);
	if (!places.cell || !places.histogram || !places.word)
		return 0; /* only the verifier thinks so */
	count_landing(&config, window, &places, landing->sequence, round_trip(landing, now + config.ahead_ns), look == LOOK_GENUINE);
	return 1;
}

/* `type` as it stands in the frame; tags that the device has not taken off stand before it. */
static __always_inline enum look look_at(const __u8 *at, const __u8 *end, __u16 type, struct landing *landing)
{
	enum look look;

#pragma GCC unroll 2
	for (int i = 0; i < MOST_VLANS; i++) {
		if (type != BIG16(TYPE_VLAN) && type != BIG16(TYPE_SERVICE_VLAN))
			break;
		if (at + 4 > end)
			return LOOK_CUT;
		type = load16(at + 2);
		at += 4;
	}
	look = find_landing(at, end, BIG16(type), landing);
	return look == LOOK_UNVERIFIED ? prove(&config, landing, end) : look;
}

static __always_inline enum look look_at_ethernet(const __u8 *at, const __u8 *end, struct landing *landing)
{
	return at + ETHERNET_HEADER > end ? LOOK_CUT : look_at(at + ETHERNET_HEADER, end, load16(at + 12), landing);
}

/* True where the packet goes no further. */
static __always_inline int take(enum look look, const struct landing *landing)
{
	struct match_totals *totals = totals_here();

	if (!totals)
		return 0;
	if (look >= LOOK_CORRUPTED)
		return count(look, landing, totals);
	if (look == LOOK_OTHER_RUN)
		totals->other_run++;
	else
		totals->passed++;
	return 0;
}

/* A frame of which only the beginning is in one piece is looked at again where more of it is needed. */
static __always_inline int match_skb(struct __sk_buff *skb, int is_ethernet)
{
	struct landing landing = {};
	enum look look = LOOK_FOREIGN;

#pragma clang loop unroll(disable)
	for (int pulled = 0; pulled < 2; pulled++) {
		const __u8 *at = (const __u8 *)(long)skb->data;
		const __u8 *end = (const __u8 *)(long)skb->data_end;

		look = is_ethernet ? look_at_ethernet(at, end, &landing) : look_at(at, end, skb->protocol, &landing);
		if (look != LOOK_CUT || (__u64)(end - at) >= skb->len)
			break;
		if (bpf_skb_pull_data(skb, skb->len < LONGEST_FRAME ? skb->len : LONGEST_FRAME))
			break;
	}
	return take(look, &landing) ? TC_ACT_SHOT : TC_ACT_UNSPEC; /* the next program decides */
}

SEC("tc")
int match_frame(struct __sk_buff *skb)
{
	return match_skb(skb, 1);
}

/* On a device without link headers. */
SEC("tc")
int match_packet(struct __sk_buff *skb)
{
	return match_skb(skb, 0);
}

SEC("xdp")
int match_xdp(struct xdp_md *ctx)
{
	struct landing landing = {};
	enum look look = look_at_ethernet((const __u8 *)(long)ctx->data, (const __u8 *)(long)ctx->data_end, &landing);

	return take(look, &landing) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
