/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What a router drops by the addresses of a header, without a word: one that comes in, or one that it uncovers. */
#pragma once

#include "headers.h"

/* Bits of `filters`, in the order of topology/behaviour.ts's FILTERS. */
#define FILTER_LAND 1
#define FILTER_OWN_PREFIX 2
#define FILTER_STRICT_URPF 4

#define OUTSIDE 0x8000 /* in the attachment number: by this interface the vantage is not reached */

struct vantage_address {
	__u8 address[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct vantage_address);
	__type(value, __u32);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} vantage_addresses SEC(".maps");

/* Whether the route to `to` leads out by the interface that the packet came in by; one of several equal ways is enough. */
static __always_inline int leads_back(struct __sk_buff *skb, struct bpf_fib_lookup *to)
{
	int found;

	to->ifindex = skb->ifindex;
	found = bpf_fib_lookup(skb, to, sizeof(*to), BPF_FIB_LOOKUP_OUTPUT);
	if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH && found != BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return 0; /* no route, or one of the router's own addresses */
	return to->ifindex == skb->ifindex;
}

static __always_inline int is_outsider(struct __sk_buff *skb, const struct vantage_address *source)
{
	return attachment(skb) & OUTSIDE && bpf_map_lookup_elem(&vantage_addresses, source);
}

static __always_inline int is_filtered4(struct __sk_buff *skb, __u32 filters)
{
	struct vantage_address source = {};
	struct bpf_fib_lookup back = { .family = 2 /* AF_INET */ };
	struct iphdr header;

	if (!load(skb, ETH_HLEN, &header, sizeof(header)))
		return 0;
	if (filters & FILTER_LAND && header.saddr == header.daddr)
		return 1;
	source.address[10] = source.address[11] = 0xff;
	__builtin_memcpy(&source.address[12], &header.saddr, sizeof(header.saddr));
	if (filters & FILTER_OWN_PREFIX && is_outsider(skb, &source))
		return 1;
	back.ipv4_dst = header.saddr;
	return filters & FILTER_STRICT_URPF && !leads_back(skb, &back);
}

/* Link-local and unspecified sources have no way back, and neighbour discovery lives by them. */
static __always_inline int is_link_talk6(const struct ipv6hdr *header)
{
	const __be32 *words = header->saddr.in6_u.u6_addr32;
	int unspecified = !words[0] && !words[1] && !words[2] && !(words[3] & ~bpf_htonl(1));

	return unspecified || (words[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000) || header->daddr.in6_u.u6_addr8[0] == 0xff;
}

static __always_inline int is_same6(const struct in6_addr *one, const struct in6_addr *two)
{
	const __be32 *a = one->in6_u.u6_addr32, *b = two->in6_u.u6_addr32;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

static __always_inline int is_filtered6(struct __sk_buff *skb, __u32 filters)
{
	struct vantage_address source = {};
	struct bpf_fib_lookup back = { .family = 10 /* AF_INET6 */ };
	struct ipv6hdr header;

	if (!load(skb, ETH_HLEN, &header, sizeof(header)))
		return 0;
	if (filters & FILTER_LAND && is_same6(&header.saddr, &header.daddr))
		return 1;
	__builtin_memcpy(source.address, &header.saddr, sizeof(header.saddr));
	if (filters & FILTER_OWN_PREFIX && is_outsider(skb, &source))
		return 1;
	__builtin_memcpy(back.ipv6_dst, &header.saddr, sizeof(header.saddr));
	return filters & FILTER_STRICT_URPF && !is_link_talk6(&header) && !leads_back(skb, &back);
}

static __always_inline int is_filtered(struct __sk_buff *skb, __u16 type, __u32 filters)
{
	if (type == bpf_htons(ETH_P_IP))
		return is_filtered4(skb, filters);
	return type == bpf_htons(ETH_P_IPV6) && is_filtered6(skb, filters);
}
