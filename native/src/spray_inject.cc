// The sender that others are compared with: one pcap_inject() a packet.
#include <pcap/pcap.h>

#include <cerrno>
#include <vector>

#include "spray_paced.h"

namespace {

using Pcap = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

Pcap OpenPcap(const SprayDevice& device) {
  char words[PCAP_ERRBUF_SIZE] = "";
  Pcap pcap(pcap_create(device.name.c_str(), words), &pcap_close);
  if (!pcap) throw SprayFailure(0, words);
  pcap_set_snaplen(pcap.get(), 64);
  pcap_set_buffer_size(pcap.get(), 1 << 16);  // it is never read
  const int status = pcap_activate(pcap.get());
  if (status < 0) throw SprayFailure(status == PCAP_ERROR_PERM_DENIED ? EPERM : 0, std::string(pcap_statustostr(status)));
  // What comes in is not even copied: a filter that nothing passes.
  bpf_program none = {};
  bpf_insn nothing = {0x06, 0, 0, 0};  // ret #0
  none.bf_len = 1;
  none.bf_insns = &nothing;
  pcap_setfilter(pcap.get(), &none);
  return pcap;
}

class Inject : public SprayWay {
 public:
  Inject(const SprayDevice& device, const spray_plan& plan, SprayPackets packets)
      : device_(device), plan_(plan), packets_(std::move(packets)), pcap_(OpenPcap(device)) {}

  void Run(SprayRun& run) override {
    SendPaced(run, plan_, packets_, [&](unsigned due) { return Send(run, due); });
  }

 private:
  unsigned Send(SprayRun& run, unsigned due) {
    unsigned took = 0;
    while (took < due && !packets_.IsOver() && SendOne(run)) ++took;
    run.next.store(packets_.cursor().sequence, std::memory_order_relaxed);
    run.taken.fetch_add(took, std::memory_order_relaxed);
    return took;
  }

  bool SendOne(SprayRun& run) {
    const SprayCursor before = packets_.cursor();
    const uint32_t length = packets_.Write(frame_, MonotonicNs());
    errno = 0;
    if (pcap_inject(pcap_.get(), frame_, length) >= 0) return true;
    if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) throw SprayFailure(errno, Words(errno));
    packets_.Return(before);
    run.refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  std::string Words(int number) const {
    if (number == EMSGSIZE) return "a frame exceeds the MTU of " + device_.name;
    if (number == ENETDOWN || number == ENXIO || number == ENODEV) return device_.name + " went down";
    return std::string("pcap_inject on ") + device_.name + ": " + pcap_geterr(pcap_.get());
  }

  SprayDevice device_;
  spray_plan plan_;
  SprayPackets packets_;
  Pcap pcap_;
  uint8_t frame_[SPRAY_FRAME] = {};
};

}  // namespace

std::unique_ptr<SprayWay> OpenInject(const SprayDevice& device, const spray_plan& plan, SprayPackets packets) {
  return std::make_unique<Inject>(device, plan, std::move(packets));
}
