/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The live sender: run by BPF_PROG_TEST_RUN with live frames, it makes each frame the next packet of the plan and redirects it to the
 * way out; no socket buffer is ever made. A frame that comes before its time is given back. Frames are recycled, and whoever got
 * one may have written into it: each is written anew from end to end.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "siphash.h"
#include "spray.h"
#include "spray-pace.h"

#define WORD 8

/* Set before the program is loaded: the verifier knows the values and removes what they rule out. */
const volatile struct spray_plan plan;
const volatile __u8 zeros[SPRAY_FRAME];

/* Mapped by the process, which steers by `pace.step` and watches the rest. */
struct spray_live live;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct spray_template) + 4 * SPRAY_IDS + SPRAY_FRAME);
} templates SEC(".maps");

struct value {
	__u16 words[SPRAY_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct value);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} way_out SEC(".maps");

/* What a packet of this sequence has that its template has not. */
struct probe {
	__u32 sequence;
	__u32 cell;
	__u16 halves[2];
};

static __always_inline __u16 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The ones' complement sum of two words. */
static __always_inline __u16 added(__u16 one, __u16 other)
{
	const __u32 sum = (__u32)one + other;

	return sum + (sum >> 16);
}

static __always_inline struct spray_order order(void)
{
	return (struct spray_order){ plan.id_key, plan.templates, plan.flows };
}

/* One in 65,536 sequences can't be sent, and once 65,536 in a row. */
static __noinline void jump(void)
{
	live.sequence = spray_sendable(live.sequence, plan.id_key);
	live.place = spray_seek(order(), live.sequence);
}

static __always_inline void advance(void)
{
	live.sequence++;
	live.sent++;
	spray_go_on(order(), &live.place, live.sequence);
}

/* A loop over words would cost a comparison each; a row of eight costs one. */
#define COPY_ROW(i) \
	if (words < 8 * ((i) + 1)) \
		goto rest; \
	copy_words(frame + 64 * (i), bytes + 64 * (i), 8);
#define COPY_ROWS(i) COPY_ROW(i) COPY_ROW((i) + 1) COPY_ROW((i) + 2) COPY_ROW((i) + 3) COPY_ROW((i) + 4) COPY_ROW((i) + 5)

static __always_inline void copy_words(void *to, const void *from, int count)
{
#pragma clang loop unroll(full)
	for (int i = 0; i < count; i++)
		((__u64 *)to)[i] = ((const __u64 *)from)[i];
}

/* `words` of them, known to the verifier. */
static __always_inline void copy_bytes(void *frame, const void *bytes, __u32 words)
{
	__u32 at;

	COPY_ROWS(0)
	COPY_ROWS(6)
	COPY_ROWS(12)
	COPY_ROWS(18)
rest:
	at = (words & ~7U) * WORD;
	if (words & 4) {
		copy_words(frame + at, bytes + at, 4);
		at += 4 * WORD;
	}
	if (words & 2) {
		copy_words(frame + at, bytes + at, 2);
		at += 2 * WORD;
	}
	if (words & 1)
		copy_words(frame + at, bytes + at, 1);
}

/* The template's bytes, by words and the last of them overlapping: what does not stand in the template is zero. */
static __always_inline int copy_frame(struct xdp_md *ctx, const struct spray_template *template)
{
	const __u32 most = plan.frame_most;
	const __u32 stands = plan.bytes_most < most ? plan.bytes_most : most;
	const __u32 words = stands / WORD;
	void *frame = (void *)(long)ctx->data;
	const void *bytes = (const void *)template + SPRAY_BYTES_AT(plan.ids_most);

	if (frame + stands > (void *)(long)ctx->data_end)
		return -1;
	copy_bytes(frame, bytes, words);
	if (stands % WORD)
		*(__u64 *)(frame + stands - WORD) = *(const __u64 *)(bytes + stands - WORD);
	if (stands < most)
		return bpf_xdp_store_bytes(ctx, stands, (void *)zeros, most - stands);
	return 0;
}

/* The flow's value: each word into its place, and into the checksums over it. Returns what joins the transport's sum. */
static __always_inline __u64 sweep(void *packet, void *end, const struct spray_template *template)
{
	const __u32 flow = live.place.flow;
	const struct value *value = bpf_map_lookup_elem(&values, &flow);
	const struct spray_id *ids = (const void *)template + SPRAY_IDS_AT;
	__u64 sum = 0;

	if (!value)
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < SPRAY_WORDS; i++) {
		const struct spray_word *word = &template->words[i];
		__u16 swept = value->words[i];
		__u16 *place = packet + (word->at & 0x7fe);
		__u32 id = word->id;

		if (i >= plan.words_most)
			break;
		if (word->at == SPRAY_NO_WORD || (void *)(place + 1) > end)
			continue;
		*place = swept;
		if (word->balanced)
			sum += swept;
		if (id < plan.ids_most) {
			__u16 *checksum = packet + (ids[id].at & 0x7fe) + 10;

			if ((void *)(checksum + 1) <= end)
				*checksum = ~added(~*checksum, swept);
		}
	}
	return sum;
}

static __always_inline void number_layers(void *packet, void *end, const struct spray_template *template, const struct probe *probe)
{
	const struct spray_id *ids = (const void *)template + SPRAY_IDS_AT;

#pragma clang loop unroll(full)
	for (int i = 0; i < SPRAY_IDS; i++) {
		if (i >= plan.ids_most || i >= template->id_count)
			break;
		__u16 at = ids[i].at;
		__u16 half = at & 1 ? probe->halves[1] : probe->halves[0];
		void *header = packet + (at & 0x7fe);

		if (header + 12 > end)
			break;
		*(__u16 *)(header + 4) = half;
		*(__u16 *)(header + 10) = ~added(ids[i].sum, half);
	}
}

struct identity {
	__u32 magic;
	__u16 version;
	__u16 balance;
	__u32 run;
	__u32 path;
	__u32 sequence;
	__u32 tag[2];
	__u32 sent[2];
};

static __always_inline int is_tagged(__u32 sequence)
{
	return plan.tag == SPRAY_TAG_FULL || (plan.tag == SPRAY_TAG_SAMPLED && sequence % SPRAY_SAMPLED == 0);
}

static __always_inline int identify(void *packet, void *end, const struct spray_template *template, const struct probe *probe, __u64 now,
				    __u64 sum)
{
	struct identity *identity = packet + (template->identity_at & 0x7fe);
	__u16 *half = packet + (template->half_at & 0x7fe);
	const __u32 cell = bpf_htonl(probe->cell), sequence = bpf_htonl(probe->sequence);
	const __u64 tag = is_tagged(probe->sequence) ? sip_tag(plan.sip, (__u64)cell << 32 | bpf_htonl(plan.run), sequence) : 0;
	const __u64 sent = now + plan.realtime_ahead_ns;

	if ((void *)(identity + 1) > end || (void *)(half + 1) > end)
		return -1;
	*half = template->half_of ? probe->halves[1] : probe->halves[0];
	identity->path = cell;
	identity->sequence = sequence;
	identity->tag[0] = tag;
	identity->tag[1] = tag >> 32;
	identity->sent[0] = bpf_htonl(sent >> 32);
	identity->sent[1] = bpf_htonl(sent);
	sum += template->transport_sum + *half;
	sum += (__u64)identity->path + identity->sequence + identity->tag[0] + identity->tag[1];
	sum += (__u64)identity->sent[0] + identity->sent[1];
	identity->balance = ~folded(sum);
	return 0;
}

static __always_inline void fill_probe(struct probe *probe)
{
	const __u32 scattered = (__u32)live.sequence ^ plan.id_key;

	probe->sequence = live.sequence;
	probe->cell = live.place.flow * plan.templates + live.place.number;
	probe->halves[0] = bpf_htons(scattered);
	probe->halves[1] = bpf_htons(scattered >> 16);
}

static __always_inline int write_packet(struct xdp_md *ctx, const struct spray_template *template, __u64 now)
{
	struct probe probe;
	void *packet, *end;
	__u64 sum = 0;

	if (copy_frame(ctx, template))
		return -1;
	asm volatile("" ::: "memory"); /* what comes after needs the registers */
	fill_probe(&probe);
	packet = (void *)(long)ctx->data + plan.link_length;
	end = (void *)(long)ctx->data_end;
	number_layers(packet, end, template, &probe);
	if (plan.words_most)
		sum = sweep(packet, end, template);
	if (identify(packet, end, template, &probe, now, sum))
		return -1;
	if (plan.frame_least == plan.frame_most)
		return 0;
	return bpf_xdp_adjust_tail(ctx, (int)(plan.link_length + template->length) - (int)plan.frame_most);
}

static __always_inline int is_over(__u64 now)
{
	const __u64 due = live.pace.step ? live.pace.due >> SPRAY_FRACTION : now;

	return live.sent >= plan.most || live.sequence >= SPRAY_END || (live.end_ns && due >= live.end_ns) || live.stop;
}

/* Packets that are due already need no look of their own; the kernel runs us for a whole multiple of them before it does anything else. */
static __always_inline __u64 clock(void)
{
	if (live.slot % SPRAY_CLOCK == 0 || !spray_is_due(&live.pace, live.now << SPRAY_FRACTION))
		live.now = bpf_ktime_get_ns();
	live.slot++;
	return live.now;
}

SEC("xdp")
int spray_live(struct xdp_md *ctx)
{
	const __u64 now = clock();
	const struct spray_template *template;
	__u32 scattered, number;

	if (!spray_is_due(&live.pace, now << SPRAY_FRACTION))
		return XDP_DROP;
	scattered = (__u32)live.sequence ^ plan.id_key;
	if (scattered >> 16 == 0 || (scattered & 0xffff) == 0)
		jump();
	number = live.place.number;
	template = bpf_map_lookup_elem(&templates, &number);
	if (is_over(now) || !template || write_packet(ctx, template, now)) {
		live.finished = 1;
		return XDP_DROP;
	}
	spray_take(&live.pace, now << SPRAY_FRACTION);
	advance();
	return bpf_redirect_map(&way_out, 0, 0);
}

/* What became of the redirected frames: a device that is full or down says so nowhere else. */
struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));

typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} __attribute__((preserve_access_index));

const volatile __u32 out_index;
const volatile __u32 out_namespace;
__u32 way_out_id; /* the map's number: known when it is loaded */

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(spray_left, const struct net_device *from, const struct net_device *to, int sent, int drops)
{
	if (to->ifindex != out_index || to->nd_net.net->ns.inum != out_namespace)
		return 0;
	__sync_fetch_and_add(&live.left, sent);
	__sync_fetch_and_add(&live.dropped, drops);
	return 0;
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(spray_refused, const struct net_device *dev, const void *xdp, const void *target, int error, int map_type, __u32 map_id)
{
	if (map_id == way_out_id)
		__sync_fetch_and_add(&live.dropped, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
