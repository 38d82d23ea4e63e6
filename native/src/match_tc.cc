// The matcher on tc ingress, behind the taps: held by a tcx link, which dies with the process (Linux 6.6), or else as a filter of a
// clsact qdisc, past whose deadline everything passes.
#include "match_way.h"

#ifndef HAVE_LIBBPF

std::unique_ptr<MatchWay> OpenTcMatcher(const MatchWanted&) {
  throw SprayFailure(0, kNoLibbpf);
}

bool RequireMatchers(const std::string&) { throw SprayFailure(0, kNoLibbpf); }

#else

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "file_descriptor.h"
#include "match_filters.h"
#include "match_kernel.h"

namespace {

constexpr int kTcxIngress = 46;         // BPF_TCX_INGRESS; newer than the headers of Debian 12
constexpr uint32_t kBeforeAll = 1U << 3;  // BPF_F_BEFORE
constexpr uint64_t kDeadlineNs = 3'000'000'000;

const char* ProgramFor(const MatchDevice& device) { return device.hasLinkHeader ? "match_frame" : "match_packet"; }

std::vector<const char*> ProgramsFor(const MatchWanted& wanted) {
  std::vector<const char*> names;
  for (const bool hasLinkHeader : {true, false})
    for (const MatchDevice& device : wanted.devices)
      if (device.hasLinkHeader == hasLinkHeader) {
        names.push_back(ProgramFor(device));
        break;
      }
  return names;
}

// The descriptor of a link, or -errno: EINVAL where the kernel has no tcx.
int AttachTcx(int program, unsigned index) {
  bpf_attr attributes = {};
  attributes.link_create.prog_fd = static_cast<uint32_t>(program);
  attributes.link_create.target_ifindex = index;
  attributes.link_create.attach_type = kTcxIngress;
  attributes.link_create.flags = kBeforeAll;
  const long link = ::syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes);
  return link < 0 ? -errno : static_cast<int>(link);
}

class Tc : public MatchWay {
 public:
  explicit Tc(const MatchWanted& wanted)
      : kernel_(wanted, ProgramsFor(wanted)),
        settle_(kernel_.Memory(), wanted.first, wanted.runsByCell, &AwaitPrograms) {
    for (const MatchDevice& device : wanted.devices) Attach(device, wanted.attach);
    worker_ = std::make_unique<MatchWorker>(settle_, [this] { Renew(); });
  }

  const MatchMemory& Memory() const override { return kernel_.Memory(); }
  const MatchSettle& Decided() const override { return settle_; }
  void Settle(uint64_t end, bool last) override { worker_->Settle(end, last); }
  std::vector<std::string> Places() const override { return places_; }

 private:
  void Attach(const MatchDevice& device, MatchAttach how) {
    const int program = kernel_.Program(ProgramFor(device));
    const int link = how == MatchAttach::kClsact ? -EINVAL : AttachTcx(program, device.index);
    if (link >= 0) {
      links_.push_back(std::make_unique<FileDescriptor>(link));
      places_.push_back(device.name + ": tc ingress, tcx link");
      return;
    }
    if (how == MatchAttach::kTcx || link != -EINVAL) throw SprayFailure(-link, "tc ingress of " + device.name);
    renews_ = true;
    Renew();
    filters_.push_back(std::make_unique<MatchFilter>(device, program, kernel_.Memory().window));
    places_.push_back(device.name + ": tc ingress, clsact filter");
  }

  void Renew() {
    if (renews_) __atomic_store_n(&kernel_.Memory().window->deadline_ns, MonotonicNs() + kDeadlineNs, __ATOMIC_RELAXED);
  }

  MatchKernel kernel_;
  MatchSettle settle_;
  std::vector<std::unique_ptr<FileDescriptor>> links_;
  std::vector<std::unique_ptr<MatchFilter>> filters_;
  std::vector<std::string> places_;
  bool renews_ = false;  // the deadline, where something of ours would outlive us
  std::unique_ptr<MatchWorker> worker_;
};

}  // namespace

std::unique_ptr<MatchWay> OpenTcMatcher(const MatchWanted& wanted) {
  RemoveMatchLeftovers();
  return std::make_unique<Tc>(wanted);
}

bool RequireMatchers(const std::string& object) {
  MatchWanted wanted = {};
  wanted.object = object;
  wanted.config.cells = wanted.config.templates = wanted.config.flows = wanted.config.slots = 1;
  wanted.config.ring_mask = 63;
  const MatchKernel kernel(wanted, {"match_frame", "match_packet", "match_xdp"});
  return AttachTcx(kernel.Program("match_frame"), 0) == -ENODEV;  // there is no such device; without tcx the kernel does not look for one
}

#endif
