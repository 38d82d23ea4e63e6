// The AF_XDP sender: frames in memory shared with the kernel, in copy mode, which every driver has. It only sends, needs no program
// on the device, and changes nothing there.
#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "file_descriptor.h"
#include "spray_paced.h"

#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#ifndef AF_XDP
#define AF_XDP 44
#endif

namespace {

constexpr uint32_t kFrames = 1024;  // the rings are as long: neither can overflow
constexpr uint32_t kFrameSize = 2048;
constexpr int kMaxTxSkbBudget = 9;  // XDP_MAX_TX_SKB_BUDGET: newer than Debian 12's headers
constexpr uint64_t kDrainNs = 200'000'000;
constexpr uint64_t kUnboundNs = 300'000'000;

// Memory that is mapped and unmapped once.
class Mapping {
 public:
  Mapping(size_t size, int flags, int fd, off_t offset)
      : size_(size), memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, offset)) {
    if (memory_ == MAP_FAILED) throw SprayFailure(errno, "mmap for AF_XDP");
  }
  Mapping(const Mapping&) = delete;
  ~Mapping() { ::munmap(memory_, size_); }
  uint8_t* bytes() const { return static_cast<uint8_t*>(memory_); }

 private:
  size_t size_;
  void* memory_;
};

// One ring of the socket: two counters that run on, and a power of two of entries.
template <typename Entry>
class Ring {
 public:
  Ring(int socket, const xdp_ring_offset& offset, off_t page)
      : mapping_(offset.desc + kFrames * sizeof(Entry), MAP_SHARED | MAP_POPULATE, socket, page),
        producer_(reinterpret_cast<uint32_t*>(mapping_.bytes() + offset.producer)),
        consumer_(reinterpret_cast<uint32_t*>(mapping_.bytes() + offset.consumer)),
        entries_(reinterpret_cast<Entry*>(mapping_.bytes() + offset.desc)) {}

  uint32_t Produced() const { return __atomic_load_n(producer_, __ATOMIC_ACQUIRE); }
  uint32_t Consumed() const { return __atomic_load_n(consumer_, __ATOMIC_ACQUIRE); }
  void Produce(uint32_t until) { __atomic_store_n(producer_, until, __ATOMIC_RELEASE); }
  void Consume(uint32_t until) { __atomic_store_n(consumer_, until, __ATOMIC_RELEASE); }
  Entry& operator[](uint32_t number) { return entries_[number % kFrames]; }

 private:
  Mapping mapping_;
  uint32_t* producer_;
  uint32_t* consumer_;
  Entry* entries_;
};

int OpenSocket() {
  const int socket = ::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (socket >= 0) return socket;
  throw SprayFailure(errno, errno == EAFNOSUPPORT ? "this kernel has no AF_XDP" : "an AF_XDP socket needs CAP_NET_RAW");
}

class Afxdp : public SprayWay {
 public:
  Afxdp(const SprayDevice& device, const spray_plan& plan, SprayPackets packets)
      : device_(device),
        plan_(plan),
        packets_(std::move(packets)),
        frames_(size_t{kFrames} * kFrameSize, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
        socket_(OpenSocket()),
        offsets_(MakeRings()),
        toSend_(socket_.get(), offsets_.tx, XDP_PGOFF_TX_RING),
        done_(socket_.get(), offsets_.cr, static_cast<off_t>(XDP_UMEM_PGOFF_COMPLETION_RING)) {
    Bind();
    for (uint32_t i = 0; i < kFrames; ++i) free_.push_back(uint64_t{i} * kFrameSize);
  }

  void Run(SprayRun& run) override {
    SendPaced(run, plan_, packets_, [&](unsigned due) { return Send(run, due); });
    for (const uint64_t endNs = MonotonicNs() + kDrainNs; toSend_.Consumed() != produced_ && MonotonicNs() < endNs;) Kick(run);
  }

 private:
  template <typename Value>
  bool Set(int option, const Value& value) const {
    return ::setsockopt(socket_.get(), SOL_XDP, option, &value, sizeof value) == 0;
  }

  // The fill ring is for what is received: the kernel wants it all the same.
  xdp_mmap_offsets MakeRings() const {
    xdp_umem_reg memory = {};
    memory.addr = reinterpret_cast<uint64_t>(frames_.bytes());
    memory.len = uint64_t{kFrames} * kFrameSize;
    memory.chunk_size = kFrameSize;
    xdp_mmap_offsets offsets = {};
    socklen_t size = sizeof offsets;
    if (!Set(XDP_UMEM_REG, memory) || !Set(XDP_UMEM_FILL_RING, kFrames) || !Set(XDP_UMEM_COMPLETION_RING, kFrames) ||
        !Set(XDP_TX_RING, kFrames) || ::getsockopt(socket_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size) != 0)
      throw SprayFailure(errno, errno == ENOBUFS ? "AF_XDP may not lock its 2 MB of memory (ulimit -l)" : "AF_XDP rings");
    if (size != sizeof offsets) throw SprayFailure(0, "this kernel's AF_XDP rings have no flags: it is older than 5.4");
    return offsets;
  }

  void Bind() const {
    (void)Set(kMaxTxSkbBudget, uint32_t{256});  // a system call sends 32 where it is not known
    sockaddr_xdp to = {};
    to.sxdp_family = AF_XDP;
    to.sxdp_ifindex = device_.index;
    to.sxdp_queue_id = device_.queue;
    to.sxdp_flags = XDP_COPY | XDP_USE_NEED_WAKEUP;
    // The kernel takes a socket off its queue some time after it was closed: ours of a moment ago may still be there.
    for (const uint64_t endNs = MonotonicNs() + kUnboundNs;;) {
      if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return;
      if (errno != EBUSY || MonotonicNs() > endNs) break;
      ::usleep(2000);
    }
    const std::string queue = "queue " + std::to_string(device_.queue) + " of " + device_.name;
    if (errno == EBUSY) throw SprayFailure(errno, queue + " has an AF_XDP socket already: two threads need two queues");
    if (errno == EINVAL) throw SprayFailure(errno, queue + " does not exist, or takes no AF_XDP");
    throw SprayFailure(errno, "AF_XDP on " + queue);
  }

  // The kernel takes entries in order: what it has taken is out, and the sequence after it is the next one.
  unsigned Send(SprayRun& run, unsigned due) {
    Reap();
    const uint32_t inRing = produced_ - toSend_.Consumed();
    const unsigned room = std::min({due, static_cast<unsigned>(free_.size()), kFrames - inRing});
    unsigned count = 0;
    uint64_t nowNs = 0;
    for (; count < room && !packets_.IsOver(); ++count) {
      const uint64_t at = free_.back();
      free_.pop_back();
      if (count % SPRAY_CLOCK == 0) nowNs = MonotonicNs();
      const uint32_t length = packets_.Write(frames_.bytes() + at, nowNs);
      toSend_[produced_] = {at, length, 0};
      after_[produced_++ % kFrames] = packets_.cursor().sequence;
    }
    toSend_.Produce(produced_);
    Kick(run);
    if (count < due) run.refused.fetch_add(1, std::memory_order_relaxed);
    return count;
  }

  // Each call sends up to the budget; it ends early where the device is full, and tells a frame that was dropped.
  void Kick(SprayRun& run) {
    for (uint32_t before = toSend_.Consumed(); before != produced_;) {
      const ssize_t status = ::sendto(socket_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, 0);
      const int number = status < 0 ? errno : 0;
      const uint32_t now = toSend_.Consumed();
      run.taken.fetch_add(now - before, std::memory_order_relaxed);
      if (now != before) run.next.store(after_[(now - 1) % kFrames], std::memory_order_relaxed);
      if (number == ENETDOWN || number == ENXIO || number == ENODEV) throw SprayFailure(number, device_.name + " went down");
      if (number != 0 && number != EAGAIN && number != EBUSY && number != ENOBUFS && number != EINTR)
        throw SprayFailure(number, "AF_XDP on " + device_.name);
      if (number == ENOBUFS) run.refused.fetch_add(1, std::memory_order_relaxed);
      if (now == before) break;
      before = now;
    }
    Reap();
  }

  void Reap() {
    uint32_t at = done_.Consumed();
    for (const uint32_t end = done_.Produced(); at != end; ++at) free_.push_back(done_[at]);
    done_.Consume(at);
  }

  SprayDevice device_;
  spray_plan plan_;
  SprayPackets packets_;
  Mapping frames_;
  FileDescriptor socket_;
  xdp_mmap_offsets offsets_;
  Ring<xdp_desc> toSend_;
  Ring<uint64_t> done_;
  std::vector<uint64_t> free_;
  uint64_t after_[kFrames] = {};
  uint32_t produced_ = 0;
};

}  // namespace

std::unique_ptr<SprayWay> OpenAfxdp(const SprayDevice& device, const spray_plan& plan, SprayPackets packets) {
  return std::make_unique<Afxdp>(device, plan, std::move(packets));
}

void RequireAfxdp() { FileDescriptor{OpenSocket()}; }
