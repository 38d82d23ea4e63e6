/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What the matchers of a spray count in, as the kernel's programs and the addon (native/src/match_*.cc) both see it. A cell is one
 * template under one value of the swept field (spray-order.h); template = cell % templates.
 */
#pragma once

#include <linux/types.h>

/* Once and for all, before the program is loaded. */
struct match_config {
	__u64 sip[4];      /* SipHash's state once the key is in it */
	__u64 ahead_ns;    /* of the monotonic clock: what the sender adds to it before it writes the time sent */
	__u64 timeout_ns;  /* later landings are late */
	__u32 run;
	__u32 cells;
	__u32 templates;
	__u32 slots;       /* histograms */
	__u32 shares_slot; /* several templates have one histogram: slot_of tells which; else a template's is its own, or a cell's */
	__u32 stripes;     /* copies of all cells and histograms: one a CPU, or one */
	__u32 is_shared;   /* several CPUs count in one copy, so atomically */
	__u32 ring_mask;   /* sequences that the bitmap has room for, less 1 */
	__u32 tag_every;   /* a power of two: the sequences that it divides carry a tag; 0: none does */
	__u32 id_key;
	__u32 flows;
	__u32 slots_by_cell; /* each cell has a histogram of its own */
};

/* What changes meanwhile; the addon writes it, the program reads it. */
struct match_window {
	__u64 deadline_ns; /* monotonic; after that nobody looks any more, and everything passes */
	__u64 floor;       /* all before this sequence is decided */
	__u64 ceiling;     /* from this one on the bitmap has no room yet */
	__u64 made_qdisc;  /* the device had none before: whoever removes the program removes it too */
};

struct match_cell {
	__u32 received; /* once each, in time */
	__u32 expected; /* behind the highest sequence received */
	__u32 duplicates;
	__u32 reordered; /* came below `expected` (RFC 4737) */
	__u32 corrupted;
	__u16 least; /* 0xffff - bucket; 0: none yet */
	__u16 most;  /* bucket + 1 */
};

/* Each packet that is looked at stands in exactly one of the first eight, the last two are parts of `received`. One copy a CPU. */
struct match_totals {
	__u64 received;
	__u64 duplicates;
	__u64 corrupted; /* of our run, with a wrong tag or checksum */
	__u64 late;      /* after the timeout, or of a sequence below the window */
	__u64 beyond;    /* of a sequence above the window */
	__u64 other_run; /* our magic, not our run: passes */
	__u64 passed;    /* nothing of ours */
	__u64 expired;   /* would have matched, but nobody looks any more: passes */
	__u64 reordered;
	__u64 unverified; /* carry no tag */
	__u64 unused[6];  /* one CPU's copy shares no cache line with another's */
};

/* Round trips, as src/engine/spray-histogram.ts reads them: the first bucket holds all below 1,024 ns; then each doubling up to 2^36 ns
 * has 64 equal ones, less than 1.6 % wide, so that a middle is right to 0.8 %.
 */
#define MATCH_RTT_SHIFT 4 /* counted in units of 16 ns */
#define MATCH_BUCKETS (1 + 26 * 64)

struct match_histogram {
	__u32 counts[MATCH_BUCKETS];
};

/* The longest packet that a template makes has so many bytes. */
#define MATCH_LONGEST 1536
