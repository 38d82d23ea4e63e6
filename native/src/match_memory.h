#pragma once
#include <cstddef>
#include <cstdint>

#include "../../bpf/counting.h"

// Where a matcher counts: its maps in the kernel seen through mmap, or memory of our own.
struct MatchMemory {
  match_config config;
  uint32_t cpus;          // copies of the totals
  match_window* window;
  match_totals* totals;
  match_cell* cells;      // config.stripes × config.cells
  match_histogram* rtts;  // config.stripes × config.slots, each `rttStride` bytes behind the one before
  size_t rttStride;
  __u64* bitmap;
  __u64* slots;           // two bytes a template
};

// The kernel rounds an array's values up to 8 bytes.
constexpr size_t kRttStride = (sizeof(match_histogram) + 7) / 8 * 8;

inline match_histogram& HistogramAt(const MatchMemory& memory, size_t index) {
  return *reinterpret_cast<match_histogram*>(reinterpret_cast<uint8_t*>(memory.rtts) + index * memory.rttStride);
}

inline uint32_t SlotOf(const MatchMemory& memory, uint32_t cell) {
  if (memory.config.slots_by_cell) return cell;
  const uint32_t slotTemplate = cell % memory.config.templates;
  return memory.config.shares_slot ? memory.slots[slotTemplate / 4] >> (slotTemplate % 4 * 16) & 0xffff : slotTemplate;
}
