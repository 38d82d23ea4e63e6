/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* A router that decapsulates: strips the outer headers of IP-in-IP packets (RFC 2003, RFC 2473, both families in any mix)
 * addressed to it, and hands the innermost to the kernel. On tc ingress, so that a capture on the router shows the packet whole.
 * One program serves all routers of a lab, those too that strip nothing: its attachment number is the node.
 */
#include "headers.h"

#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV4 /* newer than the headers of Debian 12 */
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#endif

#define ANY_FRAGMENT bpf_htons(0x3fff)

struct own_address {
	__u32 node;
	__u8 address[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct own_address);
	__type(value, __u64); /* headers stripped */
	__uint(map_flags, BPF_F_NO_PREALLOC);
} own_addresses SEC(".maps");

struct outer {
	__u32 size;  /* 0: not ours to strip */
	__u16 inner; /* EtherType */
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
	outer.size = outer.inner ? sizeof(header) : 0;
	__builtin_memcpy(key->address, &header.daddr, sizeof(header.daddr));
	return outer;
}

static __always_inline int strip(struct __sk_buff *skb, struct outer outer)
{
	__u64 flags = outer.inner == ETH_P_IP ? BPF_F_ADJ_ROOM_DECAP_L3_IPV4 : BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
	__u16 type = bpf_htons(outer.inner);

	if (bpf_skb_adjust_room(skb, -(__s32)outer.size, BPF_ADJ_ROOM_MAC, flags))
		return 0;
	return bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0) == 0;
}

SEC("tc")
int decap(struct __sk_buff *skb)
{
	/* Between namespaces a packet would keep the hash of the socket that sent it, and multipath routes would choose by that. */
	bpf_set_hash_invalid(skb);

	/* Several of a router's own layers in a row are stripped at one visit, as its kernel would. */
#pragma clang loop unroll(disable)
	for (int layer = 0; layer < MAX_LAYERS; layer++) {
		struct own_address key = { .node = attachment(skb) };
		struct outer outer = {};
		__u64 *stripped;
		__u16 type;

		if (!load(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type)))
			return TC_ACT_OK;
		if (type == bpf_htons(ETH_P_IP))
			outer = outer4(skb, &key);
		else if (type == bpf_htons(ETH_P_IPV6))
			outer = outer6(skb, &key);
		if (!outer.size)
			return TC_ACT_OK;
		stripped = bpf_map_lookup_elem(&own_addresses, &key);
		if (!stripped)
			return TC_ACT_OK;
		if (!strip(skb, outer))
			return TC_ACT_SHOT;
		__sync_fetch_and_add(stripped, 1);
	}
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
