#pragma once
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>

#include "spray_failure.h"

// Memory that is all zeros. Pages come when they are first written to.
class ZeroPages {
 public:
  explicit ZeroPages(size_t size) : size_(size), memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw SprayFailure(errno, "memory for the counters");
  }
  ZeroPages(const ZeroPages&) = delete;
  ZeroPages& operator=(const ZeroPages&) = delete;
  ~ZeroPages() { ::munmap(memory_, size_); }
  void* get() const { return memory_; }

 private:
  size_t size_;
  void* memory_;
};
