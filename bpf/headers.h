/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What both programs need of a frame: its headers by value, and the protocols that carry another IP packet. */
#pragma once

#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* RFC 2003 and RFC 2473 let packets nest without end; the verifier wants one. */
#define MAX_LAYERS 8

/* The number that the lab gave to this attachment: the minor of the tc filter's classid. */
static __always_inline __u32 attachment(const struct __sk_buff *skb)
{
	return skb->tc_classid & 0xffff;
}

static __always_inline int load(const struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes(skb, offset, to, size) == 0;
}

/* The EtherType of the packet inside a header with this protocol number, or 0. */
static __always_inline __u16 inner_type(__u8 protocol)
{
	return protocol == IPPROTO_IPIP ? ETH_P_IP : protocol == IPPROTO_IPV6 ? ETH_P_IPV6 : 0;
}
