// The sender that works on every device: a packet socket, 64 packets to a system call.
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "file_descriptor.h"
#include "spray_paced.h"

namespace {

// Protocol 0: a socket that only sends has no hook on the receive path.
int OpenSocket(const SprayDevice& device) {
  const int socket = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (socket < 0) throw SprayFailure(errno, "a packet socket needs CAP_NET_RAW");
  sockaddr_ll to = {};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(device.index);
  const int room = 4 << 20;
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return socket;
  const int number = errno;
  ::close(socket);
  throw SprayFailure(number, "no packet socket can be bound to " + device.name);
}

class Sendmmsg : public SprayWay {
 public:
  Sendmmsg(const SprayDevice& device, const spray_plan& plan, SprayPackets packets)
      : device_(device), plan_(plan), packets_(std::move(packets)), socket_(OpenSocket(device)) {
    const size_t stride = (plan.frame_most + 63) / 64 * 64;
    frames_.resize(stride * kSprayBatch);
    for (unsigned i = 0; i < kSprayBatch; ++i) {
      slices_[i].iov_base = frames_.data() + stride * i;
      messages_[i].msg_hdr.msg_iov = &slices_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void Run(SprayRun& run) override {
    SendPaced(run, plan_, packets_, [&](unsigned due) { return Send(run, due); });
  }

 private:
  unsigned Send(SprayRun& run, unsigned due) {
    SprayCursor before[kSprayBatch + 1];
    unsigned count = 0;
    uint64_t nowNs = 0;
    for (; count < due && !packets_.IsOver(); ++count) {
      before[count] = packets_.cursor();
      if (count % SPRAY_CLOCK == 0) nowNs = MonotonicNs();
      slices_[count].iov_len = packets_.Write(static_cast<uint8_t*>(slices_[count].iov_base), nowNs);
    }
    before[count] = packets_.cursor();
    const int sent = ::sendmmsg(socket_.get(), messages_, count, 0);
    if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) Fail(errno);
    const auto took = static_cast<unsigned>(std::max(sent, 0));
    if (took < count) packets_.Return(before[took]);
    if (took < count) run.refused.fetch_add(1, std::memory_order_relaxed);  // an error after the first packet shows in the count alone
    run.next.store(packets_.cursor().sequence, std::memory_order_relaxed);
    run.taken.fetch_add(took, std::memory_order_relaxed);
    return took;
  }

  [[noreturn]] void Fail(int number) const {
    if (number == EMSGSIZE) throw SprayFailure(number, "a frame exceeds the MTU of " + device_.name);
    if (number == ENETDOWN || number == ENXIO || number == ENODEV) throw SprayFailure(number, device_.name + " went down");
    throw SprayFailure(number, "sendmmsg on " + device_.name);
  }

  SprayDevice device_;
  spray_plan plan_;
  SprayPackets packets_;
  FileDescriptor socket_;
  std::vector<uint8_t> frames_;
  iovec slices_[kSprayBatch] = {};
  mmsghdr messages_[kSprayBatch] = {};
};

}  // namespace

std::unique_ptr<SprayWay> OpenSendmmsg(const SprayDevice& device, const spray_plan& plan, SprayPackets packets) {
  return std::make_unique<Sendmmsg>(device, plan, std::move(packets));
}
