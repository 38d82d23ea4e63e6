// The live sender: bpf/spray-send.bpf.c makes the packets and redirects them, run for as long as the spray goes by one system call
// after another (BPF_PROG_TEST_RUN with live frames, Linux 5.18). A call takes 10 to 25 ms to end: it is a long one, and a signal ends it.
#include "spray_way.h"

#ifndef HAVE_LIBBPF

std::unique_ptr<SprayWay> OpenLive(const SprayDevice&, const spray_plan&, const SprayTemplates&, const std::vector<uint16_t>&,
                                   const std::string&) {
  throw SprayFailure(0, kNoLibbpf);
}

void RequireLiveFrames(const std::string&) { throw SprayFailure(0, kNoLibbpf); }

#else

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <thread>

#include "file_descriptor.h"
#include "freed.h"
#include "spray_device.h"
#include "spray_paced.h"
#include "spray_rights.h"

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

namespace {

constexpr uint32_t kSlotsPerCall = 1U << 30;
constexpr uint32_t kSlotsPerBatch = 64;
static_assert(kSlotsPerBatch % SPRAY_CLOCK == 0);
// The system call makes its pages first: a pace that began before would be caught up in a burst; without a pace nothing is.
constexpr uint64_t kReadyNs = 30'000'000;
constexpr uint32_t kCut = 8;  // bytes

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

struct DestroyLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, DestroyLink>;

// How far into its section a global variable of the object stands.
size_t OffsetOf(const bpf_object* object, const char* section, const std::string& name, size_t size) {
  const btf* types = bpf_object__btf(object);
  const int id = btf__find_by_name_kind(types, section, BTF_KIND_DATASEC);
  const btf_type* whole = btf__type_by_id(types, static_cast<uint32_t>(std::max(id, 0)));
  const btf_var_secinfo* variables = btf_var_secinfos(whole);
  for (int i = 0; id > 0 && i < btf_vlen(whole); ++i) {
    const btf_type* type = btf__type_by_id(types, variables[i].type);
    if (name == btf__name_by_offset(types, type->name_off) && variables[i].size == size) return variables[i].offset;
  }
  throw SprayFailure(0, "the live sender's program was built from other sources (" + name + "): npm run build");
}

// A constant of the program; it is set before it is loaded.
template <typename Value>
void Set(bpf_object* object, const char* name, const Value& value) {
  size_t size = 0;
  void* section = const_cast<void*>(bpf_map__initial_value(bpf_object__find_map_by_name(object, ".rodata"), &size));
  std::memcpy(static_cast<uint8_t*>(section) + OffsetOf(object, ".rodata", name, sizeof value), &value, sizeof value);
}

// A loaded map's values as memory.
class MapMemory {
 public:
  MapMemory(bpf_object* object, const char* name, size_t size)
      : size_(size),
        memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(bpf_object__find_map_by_name(object, name)), 0)) {
    if (memory_ == MAP_FAILED) throw SprayFailure(errno, std::string("mmap of the map ") + name);
  }
  MapMemory(const MapMemory&) = delete;
  ~MapMemory() { ::munmap(memory_, size_); }
  uint8_t* bytes() const { return static_cast<uint8_t*>(memory_); }

 private:
  size_t size_;
  void* memory_;
};

uint32_t NamespaceNumber() {
  struct stat status = {};
  ::stat("/proc/thread-self/ns/net", &status);
  return static_cast<uint32_t>(status.st_ino);
}

Object Load(const SprayDevice& device, const spray_plan& plan, const std::string& path, bool counts) {
  libbpf_set_print(nullptr);
  Object object(bpf_object__open_file(path.c_str(), nullptr));
  if (!object) throw SprayFailure(errno, "no program to run at " + path + ": apt-get install clang libbpf-dev, then npm run build");
  Set(object.get(), "plan", plan);
  Set(object.get(), "out_index", uint32_t{device.index});
  Set(object.get(), "out_namespace", NamespaceNumber());
  bpf_map* templates = bpf_object__find_map_by_name(object.get(), "templates");
  bpf_map__set_value_size(templates, spray_stride(plan.ids_most, plan.bytes_most));
  bpf_map__set_max_entries(templates, plan.templates);
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object.get(), "values"), plan.flows);
  for (const char* name : {"spray_left", "spray_refused"})
    bpf_program__set_autoload(bpf_object__find_program_by_name(object.get(), name), counts);
  const int status = bpf_object__load(object.get());
  ReturnFreed();
  if (status == 0) return object;
  if (counts) return Load(device, plan, path, false);
  if (IsRightLacking(status)) throw SprayFailure(EPERM, kRights);
  throw SprayFailure(-status, "this kernel does not take the live sender's program");
}

// A driver may move a frame's beginning for a header of its own (virtio_net: 12 bytes), and the kernel gives the frame back so, unless the
// program changes its length: here it always cuts something off. A veth leaves frames as they are.
spray_plan Trimmed(const SprayDevice& device, spray_plan plan) {
  if (DriverOf(device.name) != "veth") plan.frame_most += kCut;
  return plan;
}

// A template as the kernel's program reads it (bpf/spray.h): each has the room of the longest.
std::vector<uint8_t> Widened(const spray_plan& plan, const StoredTemplate& stored) {
  std::vector<uint8_t> entry(spray_stride(plan.ids_most, plan.bytes_most));
  spray_template shape = {};
  std::memcpy(&shape, &stored, sizeof stored);
  shape.unused = 0;
  for (uint32_t i = 0; i < SPRAY_WORDS; ++i)
    shape.words[i] = i < stored.word_count ? stored.words()[i] : spray_word{SPRAY_NO_WORD, SPRAY_NO_ID, 0};
  std::memcpy(entry.data(), &shape, sizeof shape);
  std::memcpy(entry.data() + SPRAY_IDS_AT, stored.ids(), sizeof(spray_id) * stored.id_count);
  std::memcpy(entry.data() + SPRAY_BYTES_AT(plan.ids_most), stored.bytes(), stored.stored);
  return entry;
}

// Ends the system call that the sender's thread is in: without a handler it would end the process.
int InterruptingSignal() {
  static const int number = [] {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGRTMIN + 3, &action, nullptr);
    return SIGRTMIN + 3;
  }();
  return number;
}

// The program over and over with a frame of so many bytes; 0, or errno.
int RunLive(const bpf_object* object, uint32_t length, uint32_t slots) {
  uint8_t frame[SPRAY_FRAME + kCut] = {};
  xdp_md context = {};
  context.data_end = length;
  bpf_attr attributes = {};
  attributes.test.prog_fd = static_cast<uint32_t>(bpf_program__fd(bpf_object__find_program_by_name(object, "spray_live")));
  attributes.test.data_in = reinterpret_cast<uint64_t>(frame);
  attributes.test.data_size_in = length;
  attributes.test.ctx_in = reinterpret_cast<uint64_t>(&context);
  attributes.test.ctx_size_in = sizeof context;
  attributes.test.repeat = slots;
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  attributes.test.batch_size = kSlotsPerBatch;
  return ::syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes) < 0 ? errno : 0;
}

// A kernel without them takes the program and refuses its run.
constexpr char kNoLiveFrames[] = "this kernel runs no program with live frames (Linux 5.18 does)";

template <typename Value>
Value Read(const Value& shared) {
  return __atomic_load_n(&shared, __ATOMIC_RELAXED);
}

class Live : public SprayWay {
 public:
  Live(const SprayDevice& device, const spray_plan& plan, const SprayTemplates& templates, const std::vector<uint16_t>& values,
       const std::string& path)
      : device_(device), plan_(Trimmed(device, plan)), object_(Load(device, plan_, path, true)), shared_(object_.get(), ".bss", SizeOf(".bss")) {
    GiveTemplates(templates);
    const size_t valuesSize = values.size() * sizeof values[0];
    std::memcpy(MapMemory(object_.get(), "values", valuesSize).bytes(), values.data(), valuesSize);
    LeadOut();
    for (const char* name : {"spray_left", "spray_refused"}) Count(name);
  }

  void Run(SprayRun& run) override {
    Begin(run);
    pthread_t runner = ::pthread_self();
    Unblock();
    std::atomic<bool> ended = false;
    std::thread watcher([&] { Watch(run, runner, ended); });
    int status = 0;
    while (!IsOver(run) && (status == 0 || status == EINTR)) status = Call();
    ended = true;
    watcher.join();
    Tell(run);
    if (!failure_.empty()) throw SprayFailure(ENETDOWN, failure_);
    if (status != 0 && status != EINTR)
      throw SprayFailure(status == EINVAL ? 0 : status, kNoLiveFrames);
  }

 private:
  size_t SizeOf(const char* section) const {
    return bpf_map__value_size(bpf_object__find_map_by_name(object_.get(), section));
  }

  template <typename Value>
  Value* Shared(const char* name) const {
    return reinterpret_cast<Value*>(shared_.bytes() + OffsetOf(object_.get(), ".bss", name, sizeof(Value)));
  }

  void GiveTemplates(const SprayTemplates& templates) {
    const int map = bpf_map__fd(bpf_object__find_map_by_name(object_.get(), "templates"));
    for (uint32_t number = 0; number < templates.count(); ++number) {
      const std::vector<uint8_t> entry = Widened(plan_, templates[number]);
      if (bpf_map_update_elem(map, &number, entry.data(), BPF_ANY) != 0) throw SprayFailure(errno, "the kernel's room for templates");
    }
  }

  void LeadOut() {
    const int map = bpf_map__fd(bpf_object__find_map_by_name(object_.get(), "way_out"));
    const uint32_t first = 0;
    if (bpf_map_update_elem(map, &first, &device_.index, BPF_ANY) != 0)
      throw SprayFailure(errno, device_.name + " cannot be redirected to: its driver has no XDP transmit");
    bpf_map_info info = {};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(map, &info, &size) == 0) *Shared<uint32_t>("way_out_id") = info.id;
  }

  void Count(const char* name) {
    bpf_program* program = bpf_object__find_program_by_name(object_.get(), name);
    if (bpf_program__fd(program) < 0) return;
    links_[counting_] = Link(bpf_program__attach(program));
    if (links_[counting_]) ++counting_;
  }

  void Begin(const SprayRun& run) {
    const uint64_t startNs = MonotonicNs() + (run.step.load() > 0 ? kReadyNs : 0);
    live_->pace = NewPace(run, startNs);
    live_->end_ns = run.durationNs > 0 ? startNs + run.durationNs : 0;
    const uint64_t sequence = spray_sendable(plan_.first, plan_.id_key);
    live_->sequence = sequence;
    live_->place = spray_seek({plan_.id_key, plan_.templates, plan_.flows}, static_cast<uint32_t>(sequence));
  }

  static void Unblock() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, InterruptingSignal());
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  }

  int Call() {
    live_->slot = 0;
    return RunLive(object_.get(), plan_.frame_most, kSlotsPerCall);
  }

  // Steers and tells once a millisecond, and ends the call when the last packet is out.
  void Watch(SprayRun& run, pthread_t runner, const std::atomic<bool>& ended) {
    const FileDescriptor asking(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    while (!ended) {
      const timespec time = {0, 1'000'000};
      ::nanosleep(&time, nullptr);
      __atomic_store_n(&live_->pace.step, run.step.load(), __ATOMIC_RELAXED);
      if (failure_.empty() && !IsUp(asking.get())) failure_ = device_.name + " went down";
      if (run.stop || !failure_.empty()) __atomic_store_n(&live_->stop, 1U, __ATOMIC_RELAXED);
      if (IsOver(run)) ::pthread_kill(runner, InterruptingSignal());
      Tell(run);
    }
  }

  // The program itself looks only when a packet is due, which at a low rate may take long.
  bool IsOver(const SprayRun& run) const {
    return Read(live_->finished) || Read(live_->stop) || (run.durationNs > 0 && IsPastEnd(live_->pace, MonotonicNs(), live_->end_ns));
  }

  bool IsUp(int socket) const {
    ifreq request = {};
    std::strncpy(request.ifr_name, device_.name.c_str(), IFNAMSIZ - 1);
    return ::ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
  }

  void Tell(SprayRun& run) const {
    run.next = Read(live_->sequence);
    run.taken = Read(live_->sent);
    run.givenUpNs = Read(live_->pace.given_up) >> SPRAY_FRACTION;
    if (counting_ == 2) run.dropped = static_cast<int64_t>(Read(live_->dropped));
  }

  SprayDevice device_;
  spray_plan plan_;
  Object object_;
  MapMemory shared_;
  spray_live* live_ = Shared<spray_live>("live");
  Link links_[2];
  unsigned counting_ = 0;
  std::string failure_;
};

}  // namespace

std::unique_ptr<SprayWay> OpenLive(const SprayDevice& device, const spray_plan& plan, const SprayTemplates& templates,
                                   const std::vector<uint16_t>& values, const std::string& object) {
  return std::make_unique<Live>(device, plan, templates, values, object);
}

void RequireLiveFrames(const std::string& object) {
  spray_plan plan = {};  // of no packets: it ends at once
  plan.templates = plan.flows = plan.cells = 1;
  plan.bytes_most = 64;
  plan.frame_least = plan.frame_most = 64;
  const int status = RunLive(Load({}, plan, object, false).get(), plan.frame_most, 1);
  if (status != 0) throw SprayFailure(status == EINVAL ? 0 : status, kNoLiveFrames);
}

#endif
