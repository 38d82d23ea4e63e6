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

/* The context's fields have 32 bits; the compiler must not go on with copies of so many, which are no pointers to the verifier. */
static __always_inline const __u8 *edge(long field)
{
	asm volatile("" : "+r"(field));
	return (const __u8 *)field;
}

static __always_inline struct match_totals *totals_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&match_totals, &cpu);
}

static __always_inline __u32 stripe_here(void)
{
	return config.stripes == 1 ? 0 : bpf_get_smp_processor_id();
}

static __always_inline struct match_cell *cell_of(__u32 stripe, __u32 cell)
{
	__u32 index = stripe * config.cells + cell;

	return bpf_map_lookup_elem(&match_cells, &index);
}

static __always_inline __u32 slot_of(__u32 template)
{
	__u32 index = template / 4;
	__u64 *four = config.shares_slot ? bpf_map_lookup_elem(&match_slots, &index) : NULL;

	return four ? *four >> (template % 4 * 16) & 0xffff : template;
}

static __always_inline struct match_histogram *histogram_of(__u32 stripe, __u32 cell)
{
	__u32 template = cell < config.templates ? cell : cell % config.templates; /* a division is 5 ns */
	__u32 index = stripe * config.slots + (config.slots_by_cell ? cell : slot_of(template));

	return bpf_map_lookup_elem(&match_rtts, &index);
}

static __always_inline __u64 *word_of(__u32 sequence)
{
	__u32 index = (sequence & config.ring_mask) / 64;

	return bpf_map_lookup_elem(&match_bitmap, &index);
}

static __always_inline void count_corrupted(const struct landing *landing, struct match_totals *totals)
{
	struct match_cell *cell = is_cell_known(&config, landing) ? cell_of(stripe_here(), landing->path) : NULL;

	totals->corrupted++;
	if (cell)
		ADD(&config, cell->corrupted, 1);
}

/* True where it was ours and is counted. */
static __always_inline int count(enum look look, const struct landing *landing, struct match_totals *totals, __u64 now)
{
	__u32 zero = 0, stripe;
	struct match_window *window = bpf_map_lookup_elem(&match_window, &zero);
	struct match_places places = { .totals = totals };

	if (!window || now > window->deadline_ns) {
		totals->expired++;
		return 0;
	}
	if (look == LOOK_CORRUPTED) {
		count_corrupted(landing, totals);
		return 1;
	}
	stripe = stripe_here();
	places.cell = cell_of(stripe, landing->path);
	places.histogram = histogram_of(stripe, landing->path);
	places.word = word_of(landing->sequence);
	if (!places.cell || !places.histogram || !places.word)
		return 0; /* only the verifier thinks so */
	count_landing(&config, window, &places, landing->sequence, round_trip(landing, now + config.ahead_ns), look == LOOK_GENUINE);
	return 1;
}

/* What becomes of a packet. */
enum fate { PASS, TAKE, NEEDS_MORE };

/* `transport_at` and the rest are what find_landing found. */
static __always_inline enum fate judge(const __u8 *start, const __u8 *end, __u32 transport_at, __u32 length, __u64 pseudo)
{
	struct landing landing = { .length = length, .pseudo = pseudo };
	const __u64 now = bpf_ktime_get_ns(); /* first, since it waits for all that is under way */
	struct match_totals *totals = totals_here();
	enum look look;

	if (!totals || transport_at > MATCH_LONGEST)
		return PASS;
	landing.transport = start + transport_at;
	if (landing.transport + SHORTEST_LANDING > end)
		return PASS; /* it was there before: only the verifier thinks so */
	look = prove(&config, &landing, end);
	if (look == LOOK_CUT)
		return NEEDS_MORE;
	if (look == LOOK_OTHER_RUN)
		totals->other_run++;
	return look != LOOK_OTHER_RUN && count(look, &landing, totals, now) ? TAKE : PASS;
}

/* Functions of their own, so that the verifier goes through them once and not again for each way that headers can nest. */
__noinline int judge_skb(struct __sk_buff *skb, __u32 transport_at, __u32 length, __u64 pseudo)
{
	return judge(edge(skb->data), edge(skb->data_end), transport_at, length, pseudo);
}

__noinline int judge_xdp(struct xdp_md *ctx, __u32 transport_at, __u32 length, __u64 pseudo)
{
	return judge(edge(ctx->data), edge(ctx->data_end), transport_at, length, pseudo);
}

/* `type` as it stands in the frame; tags that the device has not taken off stand before it. */
static __always_inline enum look find_behind_tags(const __u8 *at, const __u8 *end, __u16 type, struct landing *landing)
{
#pragma GCC unroll 2
	for (int i = 0; i < MOST_VLANS; i++) {
		if (type != BIG16(TYPE_VLAN) && type != BIG16(TYPE_SERVICE_VLAN))
			break;
		if (at + 4 > end)
			return LOOK_CUT;
		type = load16(at + 2);
		at += 4;
	}
	return find_landing(at, end, BIG16(type), landing);
}

static __always_inline enum look find_in_frame(const __u8 *at, const __u8 *end, struct landing *landing)
{
	return at + ETHERNET_HEADER > end ? LOOK_CUT : find_behind_tags(at + ETHERNET_HEADER, end, load16(at + 12), landing);
}

static __always_inline void count_passed(void)
{
	struct match_totals *totals = totals_here();

	if (totals)
		totals->passed++;
}

static __always_inline enum fate look_at_skb(struct __sk_buff *skb, int is_ethernet)
{
	const __u8 *at = edge(skb->data);
	const __u8 *end = edge(skb->data_end);
	struct landing landing = {};
	enum look look = is_ethernet ? find_in_frame(at, end, &landing) : find_behind_tags(at, end, skb->protocol, &landing);

	if (look == LOOK_CUT)
		return NEEDS_MORE;
	if (look == LOOK_UNVERIFIED)
		return judge_skb(skb, landing.transport - at, landing.length, landing.pseudo);
	count_passed();
	return PASS;
}

/* A frame of which only the beginning is in one piece is looked at again where more of it is needed. */
static __always_inline int match_skb(struct __sk_buff *skb, int is_ethernet)
{
	enum fate fate = look_at_skb(skb, is_ethernet);

	if (fate == NEEDS_MORE && skb->data_end - skb->data < skb->len &&
	    !bpf_skb_pull_data(skb, skb->len < LONGEST_FRAME ? skb->len : LONGEST_FRAME))
		fate = look_at_skb(skb, is_ethernet);
	if (fate == NEEDS_MORE)
		count_passed();
	return fate == TAKE ? TC_ACT_SHOT : TC_ACT_UNSPEC; /* the next program decides */
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
	const __u8 *at = edge(ctx->data);
	struct landing landing = {};
	int fate = NEEDS_MORE;

	if (find_in_frame(at, edge(ctx->data_end), &landing) == LOOK_UNVERIFIED)
		fate = judge_xdp(ctx, landing.transport - at, landing.length, landing.pseudo);
	if (fate == NEEDS_MORE)
		count_passed();
	return fate == TAKE ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
