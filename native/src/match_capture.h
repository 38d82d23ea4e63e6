#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

// A packet as libpcap shows it: from its first IP header or VLAN tag to its end.
struct CapturedPacket {
  const uint8_t* at;
  const uint8_t* end;
  uint32_t type;  // EtherType, host order
  uint32_t interfaceIndex;  // 0 where the capture does not tell
  uint64_t realtimeNs;
};

struct CaptureWanted {
  std::string device;  // "any": all
  std::string filter;
  size_t bufferBytes;
};

// A libpcap handle read by a thread of its own, block by block, as long as this object lives.
class MatchCapture {
 public:
  // `each` is told every packet, `between` that for now no more wait (true), or that a batch of them is through (false), with the time
  // up to which all that arrived was told. Both on the thread. Throws SprayFailure.
  MatchCapture(const CaptureWanted& wanted, std::function<void(const CapturedPacket&)> each, std::function<void(bool, uint64_t)> between);
  MatchCapture(const MatchCapture&) = delete;
  MatchCapture& operator=(const MatchCapture&) = delete;
  ~MatchCapture();

  // Packets that the kernel had no room for.
  uint64_t Dropped() const { return dropped_; }

 private:
  struct Handle;
  void Work();

  std::function<void(const CapturedPacket&)> each_;
  std::function<void(bool, uint64_t)> between_;
  std::unique_ptr<Handle> handle_;
  std::atomic<uint64_t> dropped_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};
