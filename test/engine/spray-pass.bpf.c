/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Makes a veth take redirected frames: it needs a program on its peer, and this one passes everything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
