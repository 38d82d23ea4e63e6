/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* When the next packet of a spray is due: two token buckets, the same for all senders. The first is filled at the rate asked for and
 * holds what a stall of SPRAY_CATCH_UP_NS leaves behind: no run sends more than the rate times its length. The second is filled at
 * twice the rate and holds 64 packets (or SPRAY_BURST_NS of it): so a stall is never followed by a long burst at full speed, which a
 * policer would bite.
 * All times here are nanoseconds of the monotonic clock with SPRAY_FRACTION binary places.
 */
#pragma once

#include "spray-order.h"
#include "spray.h"

#define SPRAY_FRACTION 8 /* ten million a second are kept to a thousandth of a percent */
#define SPRAY_CATCH_UP_NS 100000000ULL
#define SPRAY_BURST_NS 64000ULL /* what a sleep may take */
/* A look at the clock costs as much as the tag. Where packets are due it serves so many, less than a device is handed at once: the
 * first of a bulk wait for the last in any case, the kernel's of 16 or ours of 64. */
#define SPRAY_CLOCK 8

struct spray_pace {
	__u64 step;     /* between two packets; 0: as fast as can be. Whoever steers may write it at any time */
	__u64 due;      /* of the next packet; with a ramp it begins at start + sqrt(2 × ramp × step) */
	__u64 earliest; /* the second bucket's */
	__u64 given_up; /* time that no packets were sent for, and none will be */
	__u64 start;
	__u64 ramp;
};

static inline __attribute__((always_inline)) int spray_is_due(const struct spray_pace *pace, __u64 now)
{
	return now >= pace->due && now >= pace->earliest;
}

/* Takes a packet out of both buckets. */
static inline __attribute__((always_inline)) void spray_take(struct spray_pace *pace, __u64 now)
{
	const __u64 catch_up = SPRAY_CATCH_UP_NS << SPRAY_FRACTION;
	__u64 step = *(const volatile __u64 *)&pace->step;
	__u64 burst = SPRAY_BURST_NS << SPRAY_FRACTION;

	if (!step) {
		pace->due = now; /* whatever pace comes next begins now */
		return;
	}
	if (now - pace->due > catch_up) {
		pace->given_up += now - pace->due - catch_up;
		pace->due = now - catch_up;
	}
	if (pace->due - pace->start < pace->ramp)
		step = step * (pace->ramp >> 16) / ((pace->due - pace->start) >> 16 | 1);
	pace->due += step;
	if (burst < 32 * step)
		burst = 32 * step;
	pace->earliest = (pace->earliest + burst < now ? now - burst : pace->earliest) + step / 2;
}

/* What the live sender's program and its process share. */
struct spray_live {
	struct spray_pace pace;
	__u64 sequence; /* the next one */
	__u64 sent;     /* packets handed to the device */
	__u64 end_ns;   /* monotonic; 0: no end */
	struct spray_place place; /* of the next sequence */
	__u32 stop;     /* written by the process */
	__u32 finished; /* no packet follows */
	__u64 slot;     /* frames that the program was given in this call */
	__u64 now;      /* when it last looked at the clock */
	__u64 left __attribute__((aligned(64))); /* frames that the device took */
	__u64 dropped;  /* frames that it did not */
};
