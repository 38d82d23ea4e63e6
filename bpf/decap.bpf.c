/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* A router that decapsulates: strips the outer headers of IP-in-IP packets (RFC 2003, RFC 2473, both families in any mix)
 * addressed to it, and hands the innermost to the kernel. Every header on the way is shown to the router's filters. On tc ingress,
 * so that a capture on the router shows the packet whole. One program serves all routers of a lab, those too that strip nothing:
 * its attachment number is the node, and whether the interface leads to the vantage. Struct layouts are src/lab/maps.ts's.
 */
#include "headers.h"
#include "filters.h"

#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV4 /* newer than the headers of Debian 12 */
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#endif

#define ANY_FRAGMENT bpf_htons(0x3fff)

/* Bits of `kinds`, in the order of topology/behaviour.ts's NESTINGS. */
#define KIND_4IN4 1
#define KIND_6IN6 2
#define KIND_4IN6 4
#define KIND_6IN4 8

/* What a router does; one that is not in the map strips nothing and filters nothing. */
struct behaviour {
	__u32 layers; /* that it strips at one visit */
	__u32 kinds;
	__u32 loopback_only;
	__u32 uniform_ttl;
	__u32 filters;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct behaviour);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} behaviours SEC(".maps");

struct own_address {
	__u32 node;
	__u8 address[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct own {
	__u64 stripped; /* headers */
	__u32 loopback;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct own_address);
	__type(value, struct own);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} own_addresses SEC(".maps");

struct outer {
	__u32 size;  /* 0: not ours to strip */
	__u16 inner; /* EtherType */
	__u8 ttl;
	__u8 kind;
};

static __always_inline int header_sum_right(const struct iphdr *header)
{
	const __u16 *words = (const __u16 *)header;
	__u32 sum = 0;

	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ((sum & 0xffff) + (sum >> 16)) == 0xffff;
}

/* Fragments need reassembly first, and headers with options a fuller reader; the kernel answers for those. */
static __always_inline struct outer outer4(struct __sk_buff *skb, struct own_address *key)
{
	struct iphdr header;
	struct outer outer = {};

	if (!load(skb, ETH_HLEN, &header, sizeof(header)) || header.version != 4 || header.ihl != 5)
		return outer;
	if (header.frag_off & ANY_FRAGMENT || !header_sum_right(&header))
		return outer;
	outer.inner = inner_type(header.protocol);
	outer.kind = outer.inner == ETH_P_IP ? KIND_4IN4 : KIND_6IN4;
	outer.ttl = header.ttl;
	outer.size = outer.inner ? sizeof(header) : 0;
	key->address[10] = key->address[11] = 0xff;
	__builtin_memcpy(&key->address[12], &header.daddr, sizeof(header.daddr));
	return outer;
}

static __always_inline struct outer outer6(struct __sk_buff *skb, struct own_address *key)
{
	struct ipv6hdr header;
	struct outer outer = {};

	if (!load(skb, ETH_HLEN, &header, sizeof(header)) || header.version != 6)
		return outer;
	outer.inner = inner_type(header.nexthdr);
	outer.kind = outer.inner == ETH_P_IP ? KIND_4IN6 : KIND_6IN6;
	outer.ttl = header.hop_limit;
	outer.size = outer.inner ? sizeof(header) : 0;
	__builtin_memcpy(key->address, &header.daddr, sizeof(header.daddr));
	return outer;
}

static __always_inline int strip(struct __sk_buff *skb, struct outer outer)
{
	__u16 type = bpf_htons(outer.inner);
	__u64 other = outer.inner == ETH_P_IP ? BPF_F_ADJ_ROOM_DECAP_L3_IPV4 : BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
	__u64 flags = skb->protocol == type ? 0 : other; /* kernels before 6.3 have none, and strip within a family alone */

	if (bpf_skb_adjust_room(skb, -(__s32)outer.size, BPF_ADJ_ROOM_MAC, flags))
		return 0;
	return bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0) == 0;
}

/* The uncovered header lives no longer than the one around it; a wrong IPv4 checksum stays wrong. */
static __always_inline void shorten4(struct __sk_buff *skb, __u8 ttl)
{
	struct iphdr header;
	__u16 before, after;

	if (!load(skb, ETH_HLEN, &header, sizeof(header)) || header.version != 4 || header.ttl <= ttl)
		return;
	before = bpf_htons(header.ttl << 8 | header.protocol);
	after = bpf_htons(ttl << 8 | header.protocol);
	bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), before, after, sizeof(after));
	bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, ttl), &ttl, sizeof(ttl), 0);
}

static __always_inline void shorten6(struct __sk_buff *skb, __u8 ttl)
{
	struct ipv6hdr header;

	if (!load(skb, ETH_HLEN, &header, sizeof(header)) || header.version != 6 || header.hop_limit <= ttl)
		return;
	bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, hop_limit), &ttl, sizeof(ttl), 0);
}

static __always_inline int is_stripped(const struct behaviour *behaviour, struct outer outer, const struct own *own)
{
	return behaviour->kinds & outer.kind && (own->loopback || !behaviour->loopback_only);
}

SEC("tc")
int decap(struct __sk_buff *skb)
{
	__u32 node = attachment(skb) & ~OUTSIDE;
	struct behaviour *behaviour = bpf_map_lookup_elem(&behaviours, &node);

	/* Between namespaces a packet would keep the hash of the socket that sent it, and multipath routes would choose by that. */
	bpf_set_hash_invalid(skb);
	if (!behaviour)
		return TC_ACT_OK;

	/* Several of a router's own layers in a row are stripped at one visit, as its kernel would. */
#pragma clang loop unroll(disable)
	for (int layer = 0; layer <= MAX_LAYERS; layer++) {
		struct own_address key = { .node = node };
		struct outer outer = {};
		struct own *own;
		__u16 type;

		if (!load(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type)))
			return TC_ACT_OK;
		if (behaviour->filters && is_filtered(skb, type, behaviour->filters))
			return TC_ACT_SHOT;
		if (layer >= behaviour->layers)
			return TC_ACT_OK;
		if (type == bpf_htons(ETH_P_IP))
			outer = outer4(skb, &key);
		else if (type == bpf_htons(ETH_P_IPV6))
			outer = outer6(skb, &key);
		if (!outer.size)
			return TC_ACT_OK;
		own = bpf_map_lookup_elem(&own_addresses, &key);
		if (!own || !is_stripped(behaviour, outer, own))
			return TC_ACT_OK;
		if (!strip(skb, outer))
			return TC_ACT_SHOT;
		__sync_fetch_and_add(&own->stripped, 1);
		if (behaviour->uniform_ttl && outer.inner == ETH_P_IP)
			shorten4(skb, outer.ttl);
		else if (behaviour->uniform_ttl)
			shorten6(skb, outer.ttl);
	}
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
