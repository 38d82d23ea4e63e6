#pragma once
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>

#include "../../bpf/spray-pace.h"
#include "spray_way.h"

constexpr unsigned kSprayBatch = 64;

inline spray_pace NewPace(const SprayRun& run, uint64_t nowNs) {
  const uint64_t step = run.step.load();
  const double ramp = static_cast<double>(run.rampNs) * (1 << SPRAY_FRACTION);
  const uint64_t now = nowNs << SPRAY_FRACTION;
  // A rate that grows with time has sent its first packet after so long.
  const auto first = static_cast<uint64_t>(std::sqrt(2 * ramp * static_cast<double>(step)));
  return {step, now + first, now, 0, now, run.rampNs << SPRAY_FRACTION};
}

// Sleeps until the next packet is due; never long, so that a stop is heard. Where packets are due every few microseconds several
// of them are let come due, since a sleep costs as much as one.
inline void Nap(const spray_pace& pace, uint64_t nowNs) {
  constexpr uint64_t kLongest = 1'000'000, kShortest = 15'000, kRareNs = 15'000;
  const uint64_t dueNs = std::max(pace.due, pace.earliest) >> SPRAY_FRACTION;
  const uint64_t leftNs = dueNs > nowNs ? dueNs - nowNs : 0;
  const uint64_t leastNs = pace.step >> SPRAY_FRACTION < kRareNs ? kShortest : 0;
  const timespec time = {0, static_cast<long>(std::clamp(leftNs, leastNs, kLongest))};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

// A packet that is due waits for no other process, where we may ask for that; a sleep ends when it was asked to end.
inline void TakePrecedence() {
  constexpr int kNice = -10;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  ::prctl(PR_SET_TIMERSLACK, 1);
}

// No packet that is due before the end is left out after a stall, as far as it is caught up with; without a pace none is late.
inline bool IsPastEnd(const spray_pace& pace, uint64_t nowNs, uint64_t endNs) {
  return nowNs >= endNs && (pace.step == 0 || pace.due >> SPRAY_FRACTION >= endNs || nowNs - endNs > SPRAY_CATCH_UP_NS);
}

// The loop of the senders that hand packets over by the batch. `batch(n)` makes and sends up to n packets and returns how many it took
// out of the plan; it keeps run.next and run.taken. Fewer than n: the device has no room now.
template <typename Batch>
void SendPaced(SprayRun& run, const spray_plan& plan, const SprayPackets& packets, Batch batch) {
  const uint64_t startNs = MonotonicNs();
  const uint64_t endNs = run.durationNs > 0 ? startNs + run.durationNs : UINT64_MAX;
  spray_pace pace = NewPace(run, startNs);
  uint64_t planned = 0;
  while (!run.stop.load(std::memory_order_relaxed) && planned < plan.most && !packets.IsOver()) {
    const uint64_t nowNs = MonotonicNs();
    const uint64_t now = nowNs << SPRAY_FRACTION;
    pace.step = run.step.load(std::memory_order_relaxed);
    if (IsPastEnd(pace, nowNs, endNs)) break;
    const spray_pace before = pace;
    unsigned due = 0;
    for (; due < kSprayBatch && planned + due < plan.most && spray_is_due(&pace, now) && pace.due >> SPRAY_FRACTION < endNs; ++due)
      spray_take(&pace, now);
    if (due == 0) {
      Nap(pace, nowNs);
      continue;
    }
    const unsigned took = batch(due);
    planned += took;
    if (took < due) {  // what was not sent stays due
      pace = before;
      for (unsigned i = 0; i < took; ++i) spray_take(&pace, now);
    }
    run.givenUpNs.store(pace.given_up >> SPRAY_FRACTION, std::memory_order_relaxed);
  }
}
