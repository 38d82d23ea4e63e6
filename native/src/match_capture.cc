#include "match_capture.h"

#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "../../bpf/landing.h"
#include "spray_way.h"

namespace {

constexpr int kSnapLength = MATCH_LONGEST + 64;
// A block is handed out when it is full, or so old.
constexpr int kBlockMs = 5;
constexpr int kPollMs = 20;
// The kernel may take that much longer to hand out a block than it says.
constexpr uint64_t kBlockNs = 4 * kBlockMs * 1'000'000ULL;
constexpr int kBatch = 4096;
constexpr int kStatisticsEvery = 32;  // batches

uint64_t RealtimeNs() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

struct LinkShape {
  int header;
  int typeAt;       // -1: none, the version tells
  int interfaceAt;  // -1: none
};

// False where it is a link that we cannot read.
bool ShapeOf(int link, LinkShape& shape) {
  switch (link) {
    case DLT_EN10MB:
      shape = {14, 12, -1};
      return true;
    case DLT_LINUX_SLL:
      shape = {16, 14, -1};
      return true;
    case DLT_LINUX_SLL2:
      shape = {20, 0, 4};
      return true;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      shape = {0, -1, -1};
      return true;
    default:
      return false;
  }
}

constexpr uint32_t kVlan = 0x8100;
constexpr uint32_t kServiceVlan = 0x88a8;

}  // namespace

struct MatchCapture::Handle {
  std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap{nullptr, &pcap_close};
  LinkShape shape = {};
  uint64_t lastNs = 0;  // the stamp of the last packet
  MatchCapture* owner = nullptr;

  void Open(const CaptureWanted& wanted) {
    char words[PCAP_ERRBUF_SIZE] = "";
    pcap.reset(pcap_create(wanted.device.c_str(), words));
    if (!pcap) throw SprayFailure(0, words);
    pcap_set_snaplen(pcap.get(), kSnapLength);
    pcap_set_buffer_size(pcap.get(), static_cast<int>(wanted.bufferBytes));
    pcap_set_timeout(pcap.get(), kBlockMs);
    pcap_set_tstamp_precision(pcap.get(), PCAP_TSTAMP_PRECISION_NANO);
    const int status = pcap_activate(pcap.get());
    if (status == PCAP_ERROR_PERM_DENIED) throw SprayFailure(EPERM, "capture on " + wanted.device);
    if (status < 0) throw SprayFailure(0, wanted.device + ": " + pcap_statustostr(status) + " (" + pcap_geterr(pcap.get()) + ")");
    if (wanted.device == "any") pcap_set_datalink(pcap.get(), DLT_LINUX_SLL2);  // where libpcap is too old for it, SLL stays
    if (!ShapeOf(pcap_datalink(pcap.get()), shape)) throw SprayFailure(0, wanted.device + " has a link header that is not known here");
    const int yes = 1;
    if (::setsockopt(pcap_fileno(pcap.get()), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0)
      pcap_setdirection(pcap.get(), PCAP_D_IN);
    bpf_program program;
    if (pcap_compile(pcap.get(), &program, wanted.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0) throw SprayFailure(0, pcap_geterr(pcap.get()));
    const int set = pcap_setfilter(pcap.get(), &program);
    pcap_freecode(&program);
    if (set < 0) throw SprayFailure(0, pcap_geterr(pcap.get()));
    if (pcap_setnonblock(pcap.get(), 1, words) < 0) throw SprayFailure(0, words);
  }

  static void Told(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
    auto& handle = *reinterpret_cast<Handle*>(self);
    const LinkShape& shape = handle.shape;
    // With nanosecond precision asked for, tv_usec holds nanoseconds.
    handle.lastNs = static_cast<uint64_t>(header->ts.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(header->ts.tv_usec);
    if (header->caplen < static_cast<uint32_t>(shape.header) + 1) return;
    CapturedPacket packet = {bytes + shape.header, bytes + header->caplen, 0, 0, handle.lastNs};
    packet.type = shape.typeAt >= 0 ? BIG16(load16(bytes + shape.typeAt)) : *packet.at >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
    if (shape.interfaceAt >= 0) packet.interfaceIndex = BIG32(load32(bytes + shape.interfaceAt));
    while ((packet.type == kVlan || packet.type == kServiceVlan) && packet.end - packet.at >= 4) {
      packet.type = BIG16(load16(packet.at + 2));
      packet.at += 4;
    }
    handle.owner->each_(packet);
  }
};

MatchCapture::MatchCapture(const CaptureWanted& wanted, std::function<void(const CapturedPacket&)> each, std::function<void(bool, uint64_t)> between)
    : each_(std::move(each)), between_(std::move(between)), handle_(std::make_unique<Handle>()) {
  handle_->owner = this;
  handle_->Open(wanted);
  sigset_t all, before;  // signals are for the thread of JavaScript
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Work(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MatchCapture::~MatchCapture() {
  stop_ = true;
  thread_.join();
}

void MatchCapture::Work() {
  pcap_t* pcap = handle_->pcap.get();
  pollfd readable = {pcap_get_selectable_fd(pcap), POLLIN, 0};
  for (int turn = 0; !stop_; ++turn) {
    const uint64_t nowNs = RealtimeNs();
    const int count = pcap_dispatch(pcap, kBatch, &Handle::Told, reinterpret_cast<u_char*>(handle_.get()));
    if (turn % kStatisticsEvery == 0 || count <= 0) {
      pcap_stat statistics = {};
      if (pcap_stats(pcap, &statistics) == 0) dropped_ = statistics.ps_drop;
    }
    between_(count <= 0, count > 0 ? handle_->lastNs : nowNs - kBlockNs);
    if (count <= 0) ::poll(&readable, 1, kPollMs);
  }
}
