#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "match_memory.h"
#include "zero_pages.h"

// Goes through what is decided: reads which sequences came home, tells losses in a row within a cell by their length, and gives their
// room in the bitmap to later ones. Settle() belongs to one thread.
class MatchSettle {
 public:
  // `byCell`: runs are told by cell, not by template. `quiet` returns when nobody counts any more by what stood in the window before.
  MatchSettle(const MatchMemory& memory, uint64_t first, bool byCell, std::function<void()> quiet);

  // All sequences below `end`, or to the last 64 of them where more follow; `last`: losses that go on to the end are told too.
  void Settle(uint64_t end, bool last);

  // All below were gone through.
  uint64_t Settled() const { return settled_; }

  // Of these, so many did not come home in time.
  uint64_t Missing() const { return missing_; }

  // Lengths of losses in a row, and how often, over so many rows from this one on. A row is a template, or by cell a flow of one: those of
  // a template stand side by side.
  std::vector<std::pair<uint32_t, uint64_t>> LossRuns(uint32_t first, uint32_t count) const;

 private:
  void Word(uint64_t sequence, uint64_t seen, uint64_t concerned);
  void End(uint32_t cell);
  void Tell();
  uint32_t RowOf(uint32_t cell) const;
  uint32_t& Losing(uint32_t cell) { return static_cast<uint32_t*>(losing_.get())[cell]; }

  MatchMemory memory_;
  bool byCell_;
  std::function<void()> quiet_;
  std::atomic<uint64_t> settled_;
  std::atomic<uint64_t> missing_ = 0;
  uint64_t missed_ = 0;  // up to the word that is gone through now
  ZeroPages losing_;  // by cell: losses in a row up to here
  uint64_t losingCells_ = 0;
  std::vector<uint64_t> ended_;  // row << 32 | length, not yet told
  mutable std::mutex telling_;
  using Run = std::pair<uint64_t, uint64_t>;  // row << 32 | length, how often
  std::vector<Run> runs_;                     // in order: of 80,000 templates a map would be four times as large
};
