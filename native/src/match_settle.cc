#include "match_settle.h"

#include <algorithm>
#include <bit>
#include <map>

namespace {

// Told at a time; of many more are put together, since each telling goes through all.
constexpr size_t kFewRuns = 4096;

}  // namespace

MatchSettle::MatchSettle(const MatchMemory& memory, uint64_t first, bool byCell, std::function<void()> quiet)
    : memory_(memory), byCell_(byCell), quiet_(std::move(quiet)), settled_(first), losing_(size_t{memory.config.cells} * sizeof(uint32_t)) {
  memory_.window->floor = first;
  memory_.window->ceiling = (first & ~uint64_t{63}) + memory_.config.ring_mask + 1;
}

void MatchSettle::Settle(uint64_t end, bool last) {
  const uint64_t begin = settled_;
  end = std::min(last ? end : end & ~uint64_t{63}, uint64_t{memory_.window->ceiling});
  if (end > begin) {
    __atomic_store_n(&memory_.window->floor, end, __ATOMIC_SEQ_CST);
    quiet_();
    for (uint64_t sequence = begin & ~uint64_t{63}; sequence < end; sequence += 64) {
      const uint64_t from = sequence < begin ? ~uint64_t{0} << (begin - sequence) : ~uint64_t{0};
      const uint64_t to = end - sequence < 64 ? (uint64_t{1} << (end - sequence)) - 1 : ~uint64_t{0};
      __u64& word = memory_.bitmap[(sequence & memory_.config.ring_mask) / 64];
      Word(sequence, __atomic_fetch_and(&word, ~(from & to), __ATOMIC_RELAXED), from & to);
    }
    __atomic_store_n(&memory_.window->ceiling, (end & ~uint64_t{63}) + memory_.config.ring_mask + 1, __ATOMIC_SEQ_CST);
  }
  if (last)
    for (uint32_t cell = 0; cell < memory_.config.cells && losingCells_ > 0; ++cell) End(cell);
  Tell();
  missing_ = missed_;
  settled_ = std::max(begin, end);
}

// 64 sequences from this one on; those that could not be sent were not lost.
void MatchSettle::Word(uint64_t sequence, uint64_t seen, uint64_t concerned) {
  const uint32_t scattered = static_cast<uint32_t>(sequence) ^ memory_.config.id_key;
  if (scattered >> 16 == 0) return;
  if ((scattered & 0xffc0) == 0) concerned &= ~(uint64_t{1} << (scattered & 63));
  missed_ += static_cast<uint64_t>(std::popcount(concerned & ~seen));
  if ((seen & concerned) == concerned && losingCells_ == 0) return;
  const spray_order order = {memory_.config.id_key, memory_.config.templates, memory_.config.flows};
  spray_place place = spray_seek(order, static_cast<uint32_t>(sequence));
  for (uint64_t bit = 1; bit != 0; bit <<= 1) {
    if (concerned & bit) {
      const uint32_t cell = place.flow * order.templates + place.number;
      if (seen & bit) {
        End(cell);
      } else if (Losing(cell)++ == 0) {
        ++losingCells_;
      }
    }
    spray_go_on(order, &place, ++sequence);
  }
}

void MatchSettle::End(uint32_t cell) {
  if (Losing(cell) == 0) return;
  ended_.push_back(uint64_t{RowOf(cell)} << 32 | Losing(cell));
  Losing(cell) = 0;
  --losingCells_;
  if (ended_.size() >= std::max(kFewRuns, runs_.size() / 2)) Tell();
}

uint32_t MatchSettle::RowOf(uint32_t cell) const {
  const uint32_t number = cell % memory_.config.templates;
  return byCell_ ? number * memory_.config.flows + cell / memory_.config.templates : number;
}

void MatchSettle::Tell() {
  if (ended_.empty()) return;
  std::sort(ended_.begin(), ended_.end());
  std::vector<Run> told;
  told.reserve(runs_.size() + ended_.size());
  auto before = runs_.begin();
  for (const uint64_t run : ended_) {
    while (before != runs_.end() && before->first <= run) told.push_back(*before++);
    if (told.empty() || told.back().first != run) told.emplace_back(run, 0);
    ++told.back().second;
  }
  told.insert(told.end(), before, runs_.end());
  ended_.clear();
  const std::lock_guard lock(telling_);
  runs_.swap(told);
}

std::vector<std::pair<uint32_t, uint64_t>> MatchSettle::LossRuns(uint32_t first, uint32_t count) const {
  std::map<uint32_t, uint64_t> found;
  const std::lock_guard lock(telling_);
  const auto from = std::lower_bound(runs_.begin(), runs_.end(), Run{uint64_t{first} << 32, 0});
  for (auto at = from; at != runs_.end() && at->first >> 32 < uint64_t{first} + count; ++at)
    found[static_cast<uint32_t>(at->first)] += at->second;
  return {found.begin(), found.end()};
}
