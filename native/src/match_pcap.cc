// The matcher that needs no rights but those of a capture: the same counters, kept here from what libpcap shows.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "match_capture.h"
#include "match_way.h"

namespace {

// One packet is seen again on each device that it is handed up to, within microseconds.
class Copies {
 public:
  bool IsOne(uint32_t sequence, const CapturedPacket& packet) {
    Seen& seen = seen_[sequence % seen_.size()];
    const bool isCopy = seen.atNs != 0 && seen.sequence == sequence && seen.interfaceIndex != packet.interfaceIndex &&
                        packet.realtimeNs - seen.atNs < kSoonNs;
    if (!isCopy) seen = {packet.realtimeNs, sequence, packet.interfaceIndex};
    return isCopy;
  }

 private:
  static constexpr uint64_t kSoonNs = 1'000'000;
  struct Seen {
    uint64_t atNs;
    uint32_t sequence;
    uint32_t interfaceIndex;
  };
  std::array<Seen, 4096> seen_ = {};
};

// Less is no step: a thread is held up so long between two looks at two clocks.
constexpr uint64_t kSteppedNs = 1'000'000;

// How far the clock of stamps is ahead of the monotonic one: of so many looks the one that took least.
int64_t RealtimeAheadNs(int looks) {
  uint64_t leastNs = UINT64_MAX;
  int64_t aheadNs = 0;
  for (; looks > 0; --looks) {
    timespec realtime;
    const uint64_t before = MonotonicNs();
    ::clock_gettime(CLOCK_REALTIME, &realtime);
    const uint64_t tookNs = MonotonicNs() - before;
    if (tookNs >= leastNs) continue;
    leastNs = tookNs;
    aheadNs = static_cast<int64_t>(realtime.tv_sec * 1'000'000'000LL + realtime.tv_nsec) - static_cast<int64_t>(before + tookNs / 2);
  }
  return aheadNs;
}

// Packets are stamped by a clock that somebody may set; the time sent goes on by the clock as it was.
class Stamps {
 public:
  explicit Stamps(int64_t aheadNs) : aheadNs_(aheadNs) {}

  // Stamps from before a step may wait for another turn.
  void Look() {
    if (!IsStep(RealtimeAheadNs(1) - aheadNs_)) return;
    const int64_t steppedNs = RealtimeAheadNs(kLooks) - aheadNs_;
    if (!IsStep(steppedNs)) return;
    formerNs_ = steppedNs_;
    steppedNs_ = steppedNs;
  }

  uint64_t Steady(uint64_t stampNs) const { return stampNs - static_cast<uint64_t>(steppedNs_); }

  // The clock may have been set since the last look: a time before the probe left, or past the time that is left to it, is looked at again.
  uint64_t Arrived(uint64_t stampNs, uint64_t sentNs, uint64_t timeoutNs) {
    const auto isLikely = [&](uint64_t atNs) { return atNs >= sentNs && atNs - sentNs <= timeoutNs; };
    if (!isLikely(Steady(stampNs))) Look();
    const uint64_t former = stampNs - static_cast<uint64_t>(formerNs_);
    return !isLikely(Steady(stampNs)) && isLikely(former) ? former : Steady(stampNs);
  }

 private:
  static constexpr int kLooks = 16;

  bool IsStep(int64_t steppedNs) const { return static_cast<uint64_t>(std::abs(steppedNs - steppedNs_)) > kSteppedNs; }

  int64_t aheadNs_;
  int64_t steppedNs_ = 0;
  int64_t formerNs_ = 0;
};

// To settle, once all that had arrived by then was counted.
struct Asked {
  uint64_t atNs;  // 0: nothing is asked
  uint64_t end;
  bool last;
};

class Pcap : public MatchWay {
 public:
  explicit Pcap(const MatchWanted& wanted)
      : window_(sizeof(match_window)),
        totals_(sizeof(match_totals)),
        cells_(size_t{wanted.config.cells} * sizeof(match_cell)),
        rtts_(size_t{wanted.config.slots} * kRttStride),
        bitmap_((size_t{wanted.config.ring_mask} + 1) / 8),
        slots_((wanted.slots.size() + 4) * sizeof(uint16_t)),
        memory_(MemoryOf(wanted)),
        settle_(memory_, wanted.first, wanted.runsByCell, [] {}),  // it settles on the thread that counts
        stamps_(static_cast<int64_t>(wanted.config.ahead_ns)),
        place_(DeviceOf(wanted)),
        capture_({place_, wanted.object, wanted.bufferBytes}, [this](const CapturedPacket& packet) { Count(packet); },
                 [this](bool, uint64_t untilNs) { Between(untilNs); }) {}

  const MatchMemory& Memory() const override { return memory_; }
  const MatchSettle& Decided() const override { return settle_; }
  int64_t Dropped() const override { return static_cast<int64_t>(capture_.Dropped()); }
  std::vector<std::string> Places() const override { return {place_ + ": libpcap"}; }

  void Settle(uint64_t end, bool last) override {
    const std::lock_guard lock(asking_);
    const Asked asked = {MonotonicNs() + memory_.config.ahead_ns, end, last};
    (asked_.atNs == 0 ? asked_ : askedSince_) = asked;  // who asks often is not put off by each new question
  }

 private:
  static std::string DeviceOf(const MatchWanted& wanted) { return wanted.devices.size() == 1 ? wanted.devices[0].name : "any"; }

  MatchMemory MemoryOf(const MatchWanted& wanted) {
    MatchMemory memory = {wanted.config, 1, static_cast<match_window*>(window_.get()), static_cast<match_totals*>(totals_.get()),
                          static_cast<match_cell*>(cells_.get()), static_cast<match_histogram*>(rtts_.get()), kRttStride,
                          static_cast<__u64*>(bitmap_.get()), static_cast<__u64*>(slots_.get())};
    memory.config.stripes = 1;
    if (memory.config.shares_slot) std::memcpy(memory.slots, wanted.slots.data(), wanted.slots.size() * sizeof(uint16_t));
    return memory;
  }

  void Count(const CapturedPacket& packet) {
    landing landing = {};
    const match_config& config = memory_.config;
    look look = find_landing(packet.at, packet.end, packet.type, &landing);
    if (look == LOOK_UNVERIFIED) look = prove(&config, &landing, packet.end);
    if (look >= LOOK_CORRUPTED && copies_.IsOne(landing.sequence, packet)) return;
    if (look >= LOOK_UNVERIFIED) return CountLanding(landing, packet, look == LOOK_GENUINE);
    match_totals& totals = *memory_.totals;
    if (look == LOOK_CORRUPTED) {
      ++totals.corrupted;
      if (is_cell_known(&config, &landing)) ++memory_.cells[landing.path].corrupted;
    } else {
      ++(look == LOOK_OTHER_RUN ? totals.other_run : totals.passed);
    }
  }

  void CountLanding(const landing& landing, const CapturedPacket& packet, bool isVerified) {
    match_places places = {memory_.cells + landing.path, &HistogramAt(memory_, SlotOf(memory_, landing.path)),
                           memory_.bitmap + (landing.sequence & memory_.config.ring_mask) / 64, memory_.totals};
    const uint64_t arrivedNs = stamps_.Arrived(packet.realtimeNs, landing.sent_ns, memory_.config.timeout_ns);
    count_landing(&memory_.config, memory_.window, &places, landing.sequence, round_trip(&landing, arrivedNs), isVerified);
  }

  void Between(uint64_t untilNs) {
    stamps_.Look();
    std::unique_lock lock(asking_);
    if (asked_.atNs == 0 || stamps_.Steady(untilNs) < asked_.atNs) return;
    const Asked asked = std::exchange(asked_, std::exchange(askedSince_, {}));
    lock.unlock();
    settle_.Settle(asked.end, asked.last);
  }

  ZeroPages window_, totals_, cells_, rtts_, bitmap_, slots_;
  MatchMemory memory_;
  MatchSettle settle_;
  Copies copies_;
  Stamps stamps_;
  std::mutex asking_;
  Asked asked_ = {};
  Asked askedSince_ = {};
  std::string place_;
  MatchCapture capture_;  // last: its thread begins when all else is there
};

}  // namespace

std::unique_ptr<MatchWay> OpenPcapMatcher(const MatchWanted& wanted) { return std::make_unique<Pcap>(wanted); }
