/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What is wrong with one direction of a link, on tc egress of the sending side. One program serves all links of a lab: its
 * attachment number is the direction. Struct layouts are src/lab/fault-map.ts's.
 */
#include "headers.h"
#include <linux/icmpv6.h>

#define ETH_AND_IPV6 (ETH_HLEN + sizeof(struct ipv6hdr))
#define COPY_MARK 0xbeac0721 /* of a duplicate on its way through here; crossing into the next namespace clears it */

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

SEC("tc")
int fault(struct __sk_buff *skb)
{
	__u32 direction = attachment(skb);
	struct fault *fault = bpf_map_lookup_elem(&faults, &direction);
	struct tally *tally = bpf_map_lookup_elem(&tallies, &direction);
	__u64 before;

	if (!fault || !tally || skb->mark == COPY_MARK || link_talk(skb))
		return TC_ACT_OK;
	before = __sync_fetch_and_add(&tally->seen, 1);

	if (flow_is_lost(skb, fault)) {
		__sync_fetch_and_add(&tally->flow_lost, 1);
		return TC_ACT_STOLEN;
	}
	if (fault->blackhole || share_is_lost(fault->exact, before) || happens(fault->loss)) {
		__sync_fetch_and_add(&tally->lost, 1);
		return TC_ACT_STOLEN;
	}
	if (happens(fault->corrupt) && flip_last_bit(skb))
		__sync_fetch_and_add(&tally->corrupted, 1);
	if (happens(fault->duplicate) && send_copy(skb))
		__sync_fetch_and_add(&tally->duplicated, 1);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
