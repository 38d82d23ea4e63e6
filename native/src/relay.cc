// The wire of one link that delays: holds the packets of both directions until they are due, and sends them on. A program of its
// own, that lives as long as the link asks for delay. What is due when is decided by bpf/fault.bpf.c, which diverts the packets of
// an end into that end's tap device with a header before the frame; what comes back is marked, and passes.
//
//   relay NAMESPACE INTERFACE DEVICE INDEX  NAMESPACE INTERFACE DEVICE INDEX
//
// for each end: its namespace's file, its interface, and the name and index of the tap to make there. Says "ready" once both stand.
// The taps vanish with it: then the link carries nothing. Told to end (SIGTERM), it first sends what it holds.

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "file_descriptor.h"

namespace {

constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr uint32_t kRelayedMark = 0xbeac0722;  // bpf/fault.bpf.c's RELAYED_MARK
constexpr size_t kLargestFrame = 70'000;
constexpr size_t kMostHeldBytes = size_t{256} << 20;
constexpr int kTapQueue = 8192;   // packets; the kernel's 500 would overflow while we wait for a processor
constexpr int kReadsInARow = 256;  // then what is due leaves first
constexpr int kPriority = 10;
constexpr int kMostTries = 1000;  // a millisecond each

// struct held of bpf/fault.bpf.c, on the kernel's monotonic clock.
struct Due {
  uint64_t sentNs;
  uint64_t dueNs;
  uint64_t untilNs;  // 0: it keeps its turn; else it goes behind all that were sent until then
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

uint64_t NowNs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

using Frame = std::vector<uint8_t>;

// A packet out of turn.
struct Held {
  uint64_t untilNs;
  uint64_t turnNs;
  Frame frame;
};

// One end of the link: where its packets are taken, and where they leave.
struct End {
  int tap;
  int socket;
  int index;
  uint64_t lastNs = 0;  // when the last one that keeps its turn is due
  std::deque<Held> held = {};
};

void EnterNamespace(const char* name) {
  const FileDescriptor file(::open(name, O_RDONLY | O_CLOEXEC));
  if (!file || ::setns(file.get(), CLONE_NEWNET) < 0) Fail(name);
}

// Nothing of the kernel's own talk may come out of the tap.
void SilenceIpv6(const std::string& device) {
  const FileDescriptor file(::open(("/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6").c_str(), O_WRONLY | O_CLOEXEC));
  if (file && ::write(file.get(), "1", 1) != 1) Fail(device + ": disable_ipv6");
}

int MakeTap(const char* device, unsigned index, int socket) {
  const int tap = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) Fail("/dev/net/tun");
  ifreq request = {};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(tap, TUNSETIFINDEX, &index) < 0) Fail(device);
  // The relay before us on this link may still be on its way out.
  for (int tries = 0; ::ioctl(tap, TUNSETIFF, &request) < 0; ++tries) {
    if (errno != EBUSY || tries == kMostTries) Fail(device);
    ::usleep(1000);
  }
  SilenceIpv6(device);
  request.ifr_qlen = kTapQueue;
  if (::ioctl(socket, SIOCSIFTXQLEN, &request) < 0) Fail(device);
  request.ifr_flags = IFF_UP;
  if (::ioctl(socket, SIOCSIFFLAGS, &request) < 0) Fail(device);
  return tap;
}

int MakeSocket() {
  const int socket = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);  // 0: it hears nothing
  if (socket < 0) Fail("packet socket");
  const int room = 32 << 20;
  if (::setsockopt(socket, SOL_SOCKET, SO_MARK, &kRelayedMark, sizeof kRelayedMark) < 0) Fail("SO_MARK");
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  return socket;
}

End MakeEnd(char* const* words) {
  EnterNamespace(words[0]);
  const unsigned index = ::if_nametoindex(words[1]);
  if (index == 0) Fail(words[1]);
  const int socket = MakeSocket();
  return {MakeTap(words[2], static_cast<unsigned>(std::atoi(words[3])), socket), socket, static_cast<int>(index)};
}

struct Packet {
  uint64_t dueNs;
  uint64_t order;  // among those due at once
  const End* end;
  Frame frame;
};

struct Later {
  bool operator()(const Packet& a, const Packet& b) const { return a.dueNs != b.dueNs ? a.dueNs > b.dueNs : a.order > b.order; }
};

// What waits, soonest first.
class Wire {
 public:
  // False: more may wait in the tap.
  bool Take(End& end) {
    for (int i = 0; i < kReadsInARow; ++i) {
      const ssize_t size = ::read(end.tap, buffer_.data(), buffer_.size());
      if (size < 0) return true;
      if (static_cast<size_t>(size) > sizeof(Due)) Enter(end, static_cast<size_t>(size));
    }
    return false;
  }

  // Those out of turn whose time was up before then: all that overtake them have been entered.
  void Release(End& end, uint64_t beforeNs) {
    for (; !end.held.empty() && end.held.front().untilNs < beforeNs; end.held.pop_front()) {
      Held& held = end.held.front();
      Push(std::max(held.turnNs, end.lastNs), end, std::move(held.frame));
    }
  }

  void SendDue() {
    while (!packets_.empty() && packets_.top().dueNs <= NowNs()) {
      Send(packets_.top());
      heldBytes_ -= packets_.top().frame.size();
      packets_.pop();
    }
  }

  // UINT64_MAX: nothing waits.
  uint64_t NextNs(const std::array<End, 2>& ends) const {
    uint64_t next = packets_.empty() ? UINT64_MAX : packets_.top().dueNs;
    for (const End& end : ends)
      if (!end.held.empty()) next = std::min(next, end.held.front().untilNs + 1);
    return next;
  }

 private:
  void Enter(End& end, size_t size) {
    if (heldBytes_ + size > kMostHeldBytes) return;
    Due due;
    std::memcpy(&due, buffer_.data(), sizeof due);
    Frame frame(buffer_.begin() + sizeof due, buffer_.begin() + static_cast<ssize_t>(size));
    heldBytes_ += frame.size();
    Release(end, due.sentNs);
    if (due.untilNs > 0) {
      end.held.push_back({due.untilNs, due.dueNs, std::move(frame)});
    } else {
      end.lastNs = std::max(end.lastNs, due.dueNs);
      Push(due.dueNs, end, std::move(frame));
    }
  }

  void Push(uint64_t dueNs, const End& end, Frame frame) { packets_.push({dueNs, ++order_, &end, std::move(frame)}); }

  // A link that is down takes nothing: what was on it is lost.
  static void Send(const Packet& packet) {
    sockaddr_ll to = {};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = packet.end->index;
    to.sll_halen = 6;
    std::memcpy(&to.sll_protocol, packet.frame.data() + 12, 2);
    (void)::sendto(packet.end->socket, packet.frame.data(), packet.frame.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }

  std::array<uint8_t, kLargestFrame> buffer_;
  std::priority_queue<Packet, std::vector<Packet>, Later> packets_;
  uint64_t order_ = 0;
  size_t heldBytes_ = 0;
};

volatile std::sig_atomic_t ending = 0;

// Waits until something comes, or the next packet is due, or we are told to end; `mask` is what ppoll lets through meanwhile.
void Wait(const std::array<End, 2>& ends, uint64_t nextNs, const sigset_t& mask) {
  std::array<pollfd, 2> taps = {{{ends[0].tap, POLLIN, 0}, {ends[1].tap, POLLIN, 0}}};
  const uint64_t now = NowNs();
  const uint64_t left = nextNs > now ? nextNs - now : 0;
  const timespec timeout = {static_cast<time_t>(left / kNanosecondsPerSecond), static_cast<long>(left % kNanosecondsPerSecond)};
  ::ppoll(taps.data(), ending ? 0 : taps.size(), nextNs == UINT64_MAX ? nullptr : &timeout, &mask);
}

// A packet that is due waits for no other process, where we may ask for that.
void TakePrecedence() {
  const sched_param priority = {kPriority};
  (void)::sched_setscheduler(0, SCHED_FIFO, &priority);
  ::prctl(PR_SET_TIMERSLACK, 1);
}

}  // namespace

int main(int count, char** words) {
  if (count != 9) {
    std::fputs("relay NAMESPACE INTERFACE DEVICE INDEX, twice\n", stderr);
    return 2;
  }
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  std::signal(SIGTERM, [](int) { ending = 1; });
  std::array<End, 2> ends = {MakeEnd(words + 1), MakeEnd(words + 5)};
  TakePrecedence();
  std::puts("ready");
  std::fclose(stdout);
  std::fclose(stderr);

  static Wire wire;
  while (!ending) {
    Wait(ends, wire.NextNs(ends), before);
    for (End& end : ends) {
      const uint64_t now = NowNs();
      if (wire.Take(end)) wire.Release(end, now);
    }
    wire.SendDue();
  }
  for (End& end : ends) {
    while (!wire.Take(end)) continue;
    ::close(end.tap);
    wire.Release(end, UINT64_MAX);
  }
  while (wire.NextNs(ends) != UINT64_MAX) {
    Wait(ends, wire.NextNs(ends), before);
    wire.SendDue();
  }
  return 0;
}
