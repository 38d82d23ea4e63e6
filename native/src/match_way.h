#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "match_settle.h"
#include "spray_way.h"

struct MatchDevice {
  std::string name;
  unsigned index;
  bool hasLinkHeader;  // Ethernet; else packets begin with their IP header
};

enum class MatchAttach { kBest, kTcx, kClsact };

// What a matcher is to look for, and where.
struct MatchWanted {
  std::vector<MatchDevice> devices;
  match_config config;  // but for `stripes`
  std::vector<uint16_t> slots;  // by template; empty: each has its own
  uint64_t first;  // sequence
  bool runsByCell;  // losses in a row are told by cell
  MatchAttach attach;
  size_t bufferBytes;  // of the capture's ring
  std::string object;  // the compiled program; for libpcap its filter
};

// One way to count what comes home.
class MatchWay {
 public:
  virtual ~MatchWay() = default;
  virtual const MatchMemory& Memory() const = 0;
  virtual const MatchSettle& Decided() const = 0;
  // All below this sequence is decided, or will be by what has arrived until now. Returns at once.
  virtual void Settle(uint64_t end, bool last) = 0;
  // Packets that arrived and were not looked at, where the matcher itself can tell; else -1.
  virtual int64_t Dropped() const { return -1; }
  // How it is attached, a line a device.
  virtual std::vector<std::string> Places() const = 0;
};

// Each throws SprayFailure where the machine has no such way.
std::unique_ptr<MatchWay> OpenTcMatcher(const MatchWanted& wanted);
std::unique_ptr<MatchWay> OpenXdpMatcher(const MatchWanted& wanted);
std::unique_ptr<MatchWay> OpenPcapMatcher(const MatchWanted& wanted);

// Throws SprayFailure where the kernel does not take the programs of tc and XDP. Returns whether it has tcx links.
bool RequireMatchers(const std::string& object);

// A program of ours on a device, as a process that was killed leaves it where the kernel has no tcx links. Past its deadline everything
// passes it.
struct MatchLeftover {
  std::string device;
  unsigned index;
  uint32_t handle;
  uint32_t priority;
  bool madeQdisc;
};

// In this network namespace; empty where nothing can be asked.
std::vector<MatchLeftover> MatchLeftovers();
void RemoveMatchLeftovers();
