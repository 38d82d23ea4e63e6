// The matcher in XDP, before the kernel makes anything of a frame: the fastest, but no capture sees what it takes. Its links die with
// the process. Attaching may make a driver build its queues anew.
#include "match_way.h"

#ifndef HAVE_LIBBPF

std::unique_ptr<MatchWay> OpenXdpMatcher(const MatchWanted&) {
  throw SprayFailure(0, kNoLibbpf);
}

#else

#include <linux/if_link.h>

#include <cerrno>

#include "file_descriptor.h"
#include "match_kernel.h"

namespace {

// The descriptor of a link, or -errno.
int AttachXdp(int program, unsigned index, uint32_t mode) {
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode);
  return bpf_link_create(program, static_cast<int>(index), BPF_XDP, &options);
}

class Xdp : public MatchWay {
 public:
  explicit Xdp(const MatchWanted& wanted)
      : kernel_(wanted, {"match_xdp"}), settle_(kernel_.Memory(), wanted.first, wanted.runsByCell, &AwaitPrograms) {
    for (const MatchDevice& device : wanted.devices) Attach(device);
    worker_ = std::make_unique<MatchWorker>(settle_, [] {});
  }

  const MatchMemory& Memory() const override { return kernel_.Memory(); }
  const MatchSettle& Decided() const override { return settle_; }
  void Settle(uint64_t end, bool last) override { worker_->Settle(end, last); }
  std::vector<std::string> Places() const override { return places_; }

 private:
  void Attach(const MatchDevice& device) {
    if (!device.hasLinkHeader) throw SprayFailure(0, device.name + " has no link header: XDP here reads Ethernet frames only");
    const int program = kernel_.Program("match_xdp");
    const int native = AttachXdp(program, device.index, XDP_FLAGS_DRV_MODE);
    if (native == -EBUSY || native == -EEXIST) throw SprayFailure(-native, device.name + " runs another XDP program (bpftool net shows it)");
    const int link = native >= 0 ? native : AttachXdp(program, device.index, XDP_FLAGS_SKB_MODE);
    if (link < 0) throw SprayFailure(-link, "XDP on " + device.name);
    links_.push_back(std::make_unique<FileDescriptor>(link));
    places_.push_back(device.name + (native >= 0 ? ": XDP, native" : ": XDP, generic (its driver has none)"));
  }

  MatchKernel kernel_;
  MatchSettle settle_;
  std::vector<std::unique_ptr<FileDescriptor>> links_;
  std::vector<std::string> places_;
  std::unique_ptr<MatchWorker> worker_;
};

}  // namespace

std::unique_ptr<MatchWay> OpenXdpMatcher(const MatchWanted& wanted) { return std::make_unique<Xdp>(wanted); }

#endif
