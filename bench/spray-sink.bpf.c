/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The truth of the benchmark of sprays, at the far end of its veth: it counts and drops, bounces what it has stripped of a header, or
 * measures the gaps between packets. Independent of all that it judges.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define GAPS 2048
#define GAP_NS 100

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bench_seen SEC(".maps");

/* One sender, one receiver: nobody else writes. */
struct span {
	__u64 first_ns;
	__u64 last_ns;
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct span);
} bench_span SEC(".maps");

/* By length in GAP_NS; the last takes all that are longer. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GAPS);
	__type(key, __u32);
	__type(value, __u64);
} bench_gaps SEC(".maps");

static __always_inline void see(void)
{
	__u32 zero = 0;
	__u64 *seen = bpf_map_lookup_elem(&bench_seen, &zero);

	if (seen)
		(*seen)++;
}

static __always_inline void measure(void)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 zero = 0, index;
	struct span *span = bpf_map_lookup_elem(&bench_span, &zero);
	__u64 *count;

	if (!span)
		return;
	index = (now - span->last_ns) / GAP_NS;
	if (index >= GAPS)
		index = GAPS - 1;
	count = bpf_map_lookup_elem(&bench_gaps, &index);
	if (span->packets++ == 0)
		span->first_ns = now;
	else if (count)
		(*count)++;
	span->last_ns = now;
}

/* An Ethernet header. The kernel's own is packed: a compiler moves it byte by byte, and the judge would cost as much as the judged. */
struct link {
	__u16 to[3];
	__u16 from[3];
	__u16 type;
};

static __always_inline struct link turned(const struct link *link)
{
	return (struct link){
		.to = { link->from[0], link->from[1], link->from[2] },
		.from = { link->to[0], link->to[1], link->to[2] },
		.type = link->type,
	};
}

static __always_inline int is_nested(const void *data, const void *end)
{
	const struct ethhdr *link = data;
	const struct iphdr *ip = (const void *)(link + 1);

	return (const void *)(ip + 1) <= end && link->h_proto == bpf_htons(ETH_P_IP) && ip->protocol == IPPROTO_IPIP;
}

/* The live sender tries its way with frames of another kind first. */
static __always_inline int is_ipv4(const void *data, const void *end)
{
	const struct ethhdr *link = data;

	return (const void *)(link + 1) <= end && link->h_proto == bpf_htons(ETH_P_IP);
}

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int xdp_count(struct xdp_md *ctx)
{
	if (is_ipv4((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		see();
	return XDP_DROP;
}

SEC("tc")
int tc_count(struct __sk_buff *skb)
{
	see();
	return TC_ACT_SHOT;
}

SEC("xdp")
int xdp_gaps(struct xdp_md *ctx)
{
	if (is_ipv4((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		measure();
	return XDP_DROP;
}

SEC("tc")
int tc_gaps(struct __sk_buff *skb)
{
	measure();
	return TC_ACT_SHOT;
}

SEC("xdp")
int xdp_bounce(struct xdp_md *ctx)
{
	struct link *link = (void *)(long)ctx->data, back;

	if (!is_nested(link, (void *)(long)ctx->data_end))
		return XDP_PASS;
	see();
	back = turned(link);
	if (bpf_xdp_adjust_head(ctx, sizeof(struct iphdr)))
		return XDP_ABORTED;
	link = (void *)(long)ctx->data;
	if ((void *)(link + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	*link = back;
	return XDP_TX;
}

SEC("tc")
int tc_bounce(struct __sk_buff *skb)
{
	struct link *link = (void *)(long)skb->data;

	if (!is_nested(link, (void *)(long)skb->data_end))
		return TC_ACT_OK;
	see();
	if (bpf_skb_adjust_room(skb, -(int)sizeof(struct iphdr), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_NO_CSUM_RESET))
		return TC_ACT_SHOT;
	link = (void *)(long)skb->data;
	if ((void *)(link + 1) > (void *)(long)skb->data_end)
		return TC_ACT_SHOT;
	*link = turned(link);
	return bpf_redirect(skb->ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
