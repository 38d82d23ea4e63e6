#pragma once
#include <cstdint>
#include <string>

// What a device counts on its way out, since it exists.
struct SentCounters {
  bool isThere = false;
  uint64_t packets = 0;
  uint64_t dropped = 0;
};

SentCounters CountersOf(unsigned interfaceIndex);

// The driver's name as ethtool(8) tells it; empty where it tells none.
std::string DriverOf(const std::string& interface);

// Transmit queues, or 0 where the kernel doesn't say.
unsigned QueuesOf(unsigned interfaceIndex);

// Bytes of the largest IP packet, or 0 where there is no such interface.
uint32_t MtuOf(const std::string& interface);
