/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What is wrong with one direction of a link, on tc egress of the sending side. One program serves all links of a lab: its
 * attachment number is the direction. Struct layouts are src/lab/maps.ts's. What must wait goes to the link's relay
 * (native/src/relay.cc) with its instant before the frame, and comes through here again, marked, when that has come.
 */
#include "headers.h"
#include <linux/icmpv6.h>

#define ETH_AND_IPV6 (ETH_HLEN + sizeof(struct ipv6hdr))
#define COPY_MARK 0xbeac0721 /* of a duplicate on its way through here; crossing into the next namespace clears it */
#define RELAYED_MARK 0xbeac0722 /* of what the relay sends */
#define REORDER_NS 1000000
#define QUEUE_NS 100000000

struct share {
	__u32 lost;
	__u32 of; /* 0: no such fault */
};

/* Chances are in units of 2^-32: 0 never, 2^32 always. */
struct fault {
	__u64 loss;
	__u64 duplicate;
	__u64 corrupt;
	struct share exact;
	struct share flow_loss;
	__u32 blackhole;
	__u32 salt;
	__u64 reorder;
	__u64 delay_ns;
	__u64 jitter_ns;
	__u64 rate;             /* bits of IP packets a second; 0: as many as come */
	__u64 policer_every_ns; /* what one packet costs; 0: none */
	__u64 policer_burst;
	__u32 relay; /* the device that leads to it; 0: nothing waits here */
	__u32 mtu;   /* the lab's own note; its routes make it so */
};

/* What the packets before leave to the next one. */
struct line {
	struct bpf_spin_lock lock;
	__u32 unused;
	__u64 full_ns; /* when the policer's bucket is full again */
	__u64 free_ns; /* when the last one is through the rate */
	__u64 last_ns; /* when the last one that keeps its turn is due */
};

/* Before the frame on its way to the relay. On the monotonic clock. */
struct held {
	__u64 sent_ns;
	__u64 due_ns;
	__u64 until_ns; /* 0: it keeps its turn; else it goes behind all that were sent until then */
};

struct tally {
	__u64 seen;
	__u64 lost;
	__u64 flow_lost;
	__u64 duplicated;
	__u64 corrupted;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct fault);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} faults SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct tally);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} tallies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct line);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} lines SEC(".maps");

static __always_inline int happens(__u64 chance)
{
	return bpf_get_prandom_u32() < chance;
}

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash = (hash ^ word) * 0x9e3779b1;
	hash = (hash ^ (hash >> 15)) * 0x85ebca6b;
	return hash ^ (hash >> 13);
}

/* What a link needs to be one: ARP, neighbour discovery (ICMPv6 133-137), group membership. Never lost, never counted. */
static __always_inline int link_talk6(struct __sk_buff *skb)
{
	struct ipv6hdr header;
	__u8 type;

	if (!load(skb, ETH_HLEN, &header, sizeof(header)))
		return 1;
	if (header.daddr.in6_u.u6_addr8[0] == 0xff)
		return 1;
	return header.nexthdr == IPPROTO_ICMPV6 && load(skb, ETH_AND_IPV6, &type, 1) && type >= 133 && type <= 137;
}

static __always_inline int link_talk(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return link_talk6(skb);
	return skb->protocol != bpf_htons(ETH_P_IP);
}

struct layer {
	__u32 offset;
	__u16 type; /* EtherType of the header there; 0: that was the innermost */
};

/* Goes one header inwards. Where it is the innermost, mixes its addresses, protocol and ports into the hash. */
static __always_inline __u32 hash_layer4(struct __sk_buff *skb, struct layer *layer, __u32 hash)
{
	struct iphdr header;
	__u32 ports;
	__u32 offset = layer->offset;

	layer->type = 0;
	if (!load(skb, offset, &header, sizeof(header)))
		return hash;
	layer->type = inner_type(header.protocol);
	layer->offset = offset + header.ihl * 4;
	if (layer->type)
		return hash;
	hash = mix(mix(mix(hash, header.saddr), header.daddr), header.protocol);
	if (header.protocol != IPPROTO_UDP && header.protocol != IPPROTO_TCP)
		return hash;
	return load(skb, layer->offset, &ports, sizeof(ports)) ? mix(hash, ports) : hash;
}

static __always_inline __u32 hash_layer6(struct __sk_buff *skb, struct layer *layer, __u32 hash)
{
	struct ipv6hdr header;
	__u32 ports;
	__u32 offset = layer->offset;

	layer->type = 0;
	if (!load(skb, offset, &header, sizeof(header)))
		return hash;
	layer->type = inner_type(header.nexthdr);
	layer->offset = offset + sizeof(header);
	if (layer->type)
		return hash;
	for (int i = 0; i < 4; i++)
		hash = mix(mix(hash, header.saddr.in6_u.u6_addr32[i]), header.daddr.in6_u.u6_addr32[i]);
	hash = mix(hash, header.nexthdr);
	if (header.nexthdr != IPPROTO_UDP && header.nexthdr != IPPROTO_TCP)
		return hash;
	return load(skb, layer->offset, &ports, sizeof(ports)) ? mix(hash, ports) : hash;
}

static __always_inline __u32 innermost_flow(struct __sk_buff *skb, __u32 hash)
{
	struct layer layer = { .offset = ETH_HLEN, .type = bpf_ntohs(skb->protocol) };

#pragma clang loop unroll(disable)
	for (int i = 0; i < 4 * MAX_LAYERS; i++) {
		if (layer.type == ETH_P_IP)
			hash = hash_layer4(skb, &layer, hash);
		else if (layer.type == ETH_P_IPV6)
			hash = hash_layer6(skb, &layer, hash);
		else
			break;
	}
	return hash;
}

static __always_inline int flow_is_lost(struct __sk_buff *skb, const struct fault *fault)
{
	struct share share = fault->flow_loss;

	return share.of && innermost_flow(skb, fault->salt) % share.of < share.lost;
}

/* The last ones of each run of `of` packets. `before`: how many came before this one. */
static __always_inline int share_is_lost(struct share share, __u64 before)
{
	return share.of && before % share.of >= share.of - share.lost;
}

/* One bit of the last byte: payload, so that no header and no IPv4 checksum changes. */
static __always_inline int flip_last_bit(struct __sk_buff *skb)
{
	__u8 last;

	if (!load(skb, skb->len - 1, &last, 1))
		return 0;
	last ^= 1;
	return bpf_skb_store_bytes(skb, skb->len - 1, &last, 1, 0) == 0;
}

static __always_inline int send_copy(struct __sk_buff *skb)
{
	__u32 mark = skb->mark;
	int sent;

	skb->mark = COPY_MARK; /* the copy passes this program too */
	sent = bpf_clone_redirect(skb, skb->ifindex, 0) == 0;
	skb->mark = mark;
	return sent;
}

/* A token bucket told by one instant: when it will be full again (the virtual scheduling algorithm of ITU-T I.371). */
static __always_inline int is_policed(const struct fault *fault, struct line *line)
{
	__u64 cost = fault->policer_every_ns;
	__u64 slack = (fault->policer_burst - 1) * cost;
	__u64 now = bpf_ktime_get_ns();
	__u64 full;
	int policed;

	if (!cost)
		return 0;
	bpf_spin_lock(&line->lock);
	full = line->full_ns > now ? line->full_ns : now;
	policed = full - now > slack;
	if (!policed)
		line->full_ns = full + cost;
	bpf_spin_unlock(&line->lock);
	return policed;
}

/* Says when the packet is due, or 0 where the queue has no room for it. */
static __always_inline __u64 line_up(const struct fault *fault, struct line *line, __u64 now, __u64 through_ns, int keeps_turn)
{
	__u64 jitter = (fault->jitter_ns >> 8) * bpf_get_prandom_u32() >> 24; /* shifted in two steps: 20 s times 2^32 are too many bits */
	__u64 wait = fault->delay_ns + jitter;
	__u64 due = 0;
	__u64 begin;

	bpf_spin_lock(&line->lock);
	begin = fault->rate && line->free_ns > now ? line->free_ns : now;
	if (begin - now <= QUEUE_NS) {
		line->free_ns = begin + through_ns;
		due = line->free_ns + wait;
		if (due < line->last_ns)
			due = line->last_ns;
		if (keeps_turn)
			line->last_ns = due;
	}
	bpf_spin_unlock(&line->lock);
	return due;
}

/* Hands the packet to the relay. Without one the link is dead: the device is gone, and the packet with it. */
static __always_inline int hold(struct __sk_buff *skb, const struct fault *fault, struct tally *tally, struct line *line)
{
	__u64 now = bpf_ktime_get_ns();
	__u64 through_ns = fault->rate ? (__u64)(skb->len - ETH_HLEN) * 8 * 1000000000 / fault->rate : 0;
	struct held held = { .sent_ns = now, .until_ns = happens(fault->reorder) ? now + REORDER_NS : 0 };

	held.due_ns = line_up(fault, line, now, through_ns, !held.until_ns);
	if (!held.due_ns || bpf_skb_change_head(skb, sizeof(held), 0) || bpf_skb_store_bytes(skb, 0, &held, sizeof(held), 0)) {
		__sync_fetch_and_add(&tally->lost, 1);
		return TC_ACT_STOLEN;
	}
	return bpf_redirect(fault->relay, 0);
}

/* 0 where the packet is lost. */
static __always_inline int survives(struct __sk_buff *skb, const struct fault *fault, struct tally *tally, struct line *line)
{
	__u64 before = __sync_fetch_and_add(&tally->seen, 1);

	if (is_policed(fault, line)) {
		__sync_fetch_and_add(&tally->lost, 1);
		return 0;
	}
	if (flow_is_lost(skb, fault)) {
		__sync_fetch_and_add(&tally->flow_lost, 1);
		return 0;
	}
	if (fault->blackhole || share_is_lost(fault->exact, before) || happens(fault->loss)) {
		__sync_fetch_and_add(&tally->lost, 1);
		return 0;
	}
	if (happens(fault->corrupt) && flip_last_bit(skb))
		__sync_fetch_and_add(&tally->corrupted, 1);
	if (happens(fault->duplicate) && send_copy(skb))
		__sync_fetch_and_add(&tally->duplicated, 1);
	return 1;
}

SEC("tc")
int fault(struct __sk_buff *skb)
{
	__u32 direction = attachment(skb);
	struct fault *fault = bpf_map_lookup_elem(&faults, &direction);
	struct tally *tally = bpf_map_lookup_elem(&tallies, &direction);
	struct line *line = bpf_map_lookup_elem(&lines, &direction);

	/* UNSPEC: whatever stands behind this program is asked next. */
	if (!fault || !tally || !line || skb->mark == RELAYED_MARK || link_talk(skb))
		return TC_ACT_UNSPEC;
	if (skb->mark != COPY_MARK && !survives(skb, fault, tally, line))
		return TC_ACT_STOLEN;
	return fault->relay ? hold(skb, fault, tally, line) : TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
