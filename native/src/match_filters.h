#pragma once
// Our filters on clsact qdiscs: what holds the tc matcher where the kernel has no tcx links. Only for files that are built with libbpf.
#include "match_way.h"

// One, removed when it goes.
class MatchFilter {
 public:
  // The qdisc is made where the device has none. Throws SprayFailure.
  MatchFilter(const MatchDevice& device, int program, match_window* window);
  MatchFilter(const MatchFilter&) = delete;
  MatchFilter& operator=(const MatchFilter&) = delete;
  ~MatchFilter();

 private:
  MatchLeftover placed_;
};
