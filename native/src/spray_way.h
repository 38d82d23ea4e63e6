#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>

#include "spray_failure.h"
#include "spray_packets.h"

// What a sender's thread and whoever steers it share.
struct SprayRun {
  std::atomic<uint64_t> step;  // between two packets, nanoseconds << SPRAY_FRACTION; 0: as fast as can be
  std::atomic<bool> stop = false;
  uint64_t rampNs = 0;
  uint64_t durationNs = 0;  // 0: no end
  // Told by the sender.
  std::atomic<uint64_t> next = 0;       // sequence: all before it, but for those that cannot be sent, were taken by the device
  std::atomic<uint64_t> taken = 0;      // packets
  std::atomic<uint64_t> refused = 0;    // times the device had no room: no sequence went with it
  std::atomic<uint64_t> givenUpNs = 0;  // of the plan's time, after stalls that were too long to catch up with
  std::atomic<int64_t> dropped = -1;    // taken and then dropped, where the sender itself can tell; else -1
};

// The device that a spray leaves by.
struct SprayDevice {
  std::string name;
  unsigned index;
  unsigned queue;
};

// One way to give packets to a device.
class SprayWay {
 public:
  virtual ~SprayWay() = default;
  // Sends until the plan's packets are out, the run is told to stop, or its time is over. Throws SprayFailure.
  virtual void Run(SprayRun& run) = 0;
};

// Each throws SprayFailure where the machine has no such way.
std::unique_ptr<SprayWay> OpenSendmmsg(const SprayDevice&, const spray_plan&, SprayPackets);
std::unique_ptr<SprayWay> OpenInject(const SprayDevice&, const spray_plan&, SprayPackets);
std::unique_ptr<SprayWay> OpenAfxdp(const SprayDevice&, const spray_plan&, SprayPackets);
// Takes the templates rather than their packets: those are made in the kernel. `object` is the path of the compiled program.
std::unique_ptr<SprayWay> OpenLive(const SprayDevice&, const spray_plan&, const SprayTemplates&,
                                   const std::vector<uint16_t>& values, const std::string& object);

// What needs no device: each throws SprayFailure where the kernel has none.
void RequireLiveFrames(const std::string& object);
void RequireAfxdp();

constexpr char kNoLibbpf[] = "built without libbpf: apt-get install libbpf-dev, then npm run build";

inline std::string WordsOf(const SprayFailure& failure) {
  return failure.number == 0 ? failure.what() : std::string(failure.what()) + " (" + std::strerror(failure.number) + ")";
}

inline uint64_t MonotonicNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}
