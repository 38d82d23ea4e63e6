#ifdef HAVE_LIBBPF
#include "match_kernel.h"

#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include "freed.h"
#include "spray_rights.h"

namespace {

// A copy of the cells for each CPU saves the atomic operations; past this size all CPUs share one.
constexpr size_t kMostCopied = size_t{32} << 20;

// The numbers of CPUs need not be without gaps.
uint32_t CpuNumbers() {
  std::ifstream file("/sys/devices/system/cpu/possible");
  std::string line;
  std::getline(file, line);
  const size_t last = line.find_last_of(",-");
  const std::string number = last == std::string::npos ? line : line.substr(last + 1);
  return number.empty() ? 1 : static_cast<uint32_t>(std::stoul(number)) + 1;
}

uint32_t StripesFor(const match_config& config, uint32_t cpus) {
  const size_t one = size_t{config.cells} * sizeof(match_cell) + size_t{config.slots} * kRttStride;
  return one * cpus <= kMostCopied ? cpus : 1;
}

void Resize(bpf_object* object, const char* name, size_t entries) {
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object, name), static_cast<uint32_t>(entries));
}

void Configure(bpf_object* object, const match_config& config) {
  size_t size = 0;
  void* constants = nullptr;
  bpf_map* map = bpf_object__find_map_by_name(object, ".rodata");
  if (map != nullptr) constants = const_cast<void*>(bpf_map__initial_value(map, &size));
  const bool isOurs = bpf_map__value_size(bpf_object__find_map_by_name(object, "match_cells")) == sizeof(match_cell);
  if (constants == nullptr || size != sizeof config || !isOurs)
    throw SprayFailure(0, "the matcher's program was built from other sources: npm run build");
  std::memcpy(constants, &config, sizeof config);
}

std::string WhyNotLoaded(int status) {
  if (IsRightLacking(status)) return kRights;
  if (status == -ENOMEM || status == -E2BIG) return "the kernel has no memory for the matcher's counters";
  return "this kernel does not take the matcher's program (it needs Linux 5.12)";
}

}  // namespace

MatchKernel::MatchKernel(const MatchWanted& wanted, const std::vector<const char*>& programs) : object_(nullptr, &bpf_object__close) {
  libbpf_set_print(nullptr);
  object_.reset(bpf_object__open_file(wanted.object.c_str(), nullptr));
  if (!object_) throw SprayFailure(errno, "no program to match with at " + wanted.object + ": apt-get install clang libbpf-dev, then npm run build");
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) bpf_program__set_autoload(program, false);
  for (const char* name : programs) bpf_program__set_autoload(bpf_object__find_program_by_name(object_.get(), name), true);
  memory_.cpus = CpuNumbers();
  memory_.config = wanted.config;
  memory_.config.stripes = StripesFor(wanted.config, memory_.cpus);
  memory_.config.is_shared = memory_.config.stripes < memory_.cpus;
  const match_config& config = memory_.config;
  const size_t words = (size_t{config.ring_mask} + 1) / 64;
  const size_t quads = config.shares_slot ? (size_t{config.templates} + 3) / 4 : 1;
  Configure(object_.get(), config);
  Resize(object_.get(), "match_totals", memory_.cpus);
  Resize(object_.get(), "match_cells", size_t{config.stripes} * config.cells);
  Resize(object_.get(), "match_rtts", size_t{config.stripes} * config.slots);
  Resize(object_.get(), "match_bitmap", words);
  Resize(object_.get(), "match_slots", quads);
  const int status = bpf_object__load(object_.get());
  ReturnFreed();
  if (status != 0) throw SprayFailure(IsRightLacking(status) ? EPERM : 0, WhyNotLoaded(status));
  memory_.window = static_cast<match_window*>(Map("match_window", sizeof(match_window)));
  memory_.totals = static_cast<match_totals*>(Map("match_totals", memory_.cpus * sizeof(match_totals)));
  memory_.cells = static_cast<match_cell*>(Map("match_cells", size_t{config.stripes} * config.cells * sizeof(match_cell)));
  memory_.rtts = static_cast<match_histogram*>(Map("match_rtts", size_t{config.stripes} * config.slots * kRttStride));
  memory_.rttStride = kRttStride;
  memory_.bitmap = static_cast<__u64*>(Map("match_bitmap", words * sizeof(uint64_t)));
  memory_.slots = static_cast<__u64*>(Map("match_slots", quads * sizeof(uint64_t)));
  if (config.shares_slot) std::memcpy(memory_.slots, wanted.slots.data(), wanted.slots.size() * sizeof(uint16_t));
  memory_.window->deadline_ns = UINT64_MAX;
}

MatchKernel::~MatchKernel() {
  for (const auto& [memory, size] : mapped_) ::munmap(memory, size);
}

void* MatchKernel::Map(const char* name, size_t size) {
  const int map = bpf_map__fd(bpf_object__find_map_by_name(object_.get(), name));
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (memory == MAP_FAILED) throw SprayFailure(errno, std::string("the memory of ") + name);
  mapped_.push_back({memory, size});
  return memory;
}

int MatchKernel::Program(const char* name) const { return bpf_program__fd(bpf_object__find_program_by_name(object_.get(), name)); }

void AwaitPrograms() {
  if (::syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return;
  const timespec time = {0, 20'000'000};  // kernels that keep CPUs free of ticks refuse: long past the longest run of a program
  ::nanosleep(&time, nullptr);
}

#endif
