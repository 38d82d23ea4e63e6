#pragma once
// A program of bpf/spray-match.bpf.c in the kernel, with its maps as memory. Only for files that are built with libbpf.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <memory>
#include <vector>

#include "match_way.h"
#include "match_worker.h"

class MatchKernel {
 public:
  // `programs`: those that are loaded.
  MatchKernel(const MatchWanted& wanted, const std::vector<const char*>& programs);
  MatchKernel(const MatchKernel&) = delete;
  MatchKernel& operator=(const MatchKernel&) = delete;
  ~MatchKernel();

  const MatchMemory& Memory() const { return memory_; }
  int Program(const char* name) const;

 private:
  void* Map(const char* name, size_t size);

  struct Mapped {
    void* memory;
    size_t size;
  };
  std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object_;
  std::vector<Mapped> mapped_;
  MatchMemory memory_ = {};
};

// Returns once every program that runs now has ended.
void AwaitPrograms();
