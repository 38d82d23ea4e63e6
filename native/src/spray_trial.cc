#include "spray_trial.h"

#ifdef HAVE_LIBBPF
#include <bpf/libbpf.h>
#endif
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "file_descriptor.h"
#include "spray_device.h"

namespace {

constexpr uint64_t kTrialFrames = 8;
constexpr uint16_t kLocalExperimental = 0x88b5;  // IEEE 802: EtherType for local experiments
constexpr uint16_t kLinkLength = 14;
constexpr uint16_t kLength = 46;  // the shortest frame of Ethernet

spray_plan TrialPlan() {
  spray_plan plan = {};
  plan.most = kTrialFrames;
  plan.run = 1;
  plan.id_key = 0x5a5a5a5a;
  plan.templates = plan.flows = plan.cells = 1;
  plan.bytes_most = 64;
  plan.link_length = kLinkLength;
  plan.frame_least = plan.frame_most = kLinkLength + kLength;
  return plan;
}

SprayTemplates TrialTemplate(const std::string& interface) {
  const auto bytes = std::make_shared<std::vector<uint8_t>>(sizeof(StoredTemplate) + StoredTemplate::UpTo8(kLinkLength));
  StoredTemplate shape = {};
  shape.length = kLength;
  shape.link_length = kLinkLength;
  shape.stored = kLinkLength;
  shape.half_at = 36;
  std::memcpy(bytes->data(), &shape, sizeof shape);
  uint8_t* frame = bytes->data() + sizeof shape;
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) == 0) {
    std::memcpy(frame, request.ifr_hwaddr.sa_data, 6);
    std::memcpy(frame + 6, request.ifr_hwaddr.sa_data, 6);
  }
  frame[12] = kLocalExperimental >> 8;
  frame[13] = kLocalExperimental & 0xff;
  SprayTemplates templates;
  templates.Add({bytes, bytes->data()}, bytes->size());
  return templates;
}

bool HasXdp(const SprayDevice& device) {
  uint32_t program = 0;
#ifdef HAVE_LIBBPF
  bpf_xdp_query_id(static_cast<int>(device.index), 0, &program);
#endif
  return program != 0;
}

}  // namespace

std::string WhyNotLive(const SprayDevice& device, const std::string& object) {
  try {
    SprayRun run;
    run.step = 0;
    const uint64_t before = CountersOf(device.index).packets;
    OpenLive(device, TrialPlan(), TrialTemplate(device.name), std::vector<uint16_t>(SPRAY_WORDS), object)->Run(run);
    const bool left = run.dropped < 0 ? CountersOf(device.index).packets - before >= kTrialFrames : run.dropped == 0;
    if (left && run.taken == kTrialFrames) return "";
    return "a trial of 8 frames did not leave " + device.name +
           (DriverOf(device.name) == "veth" ? ": a veth takes redirected frames only where its peer has an XDP program or GRO"
            : HasXdp(device)                ? ": its driver has no XDP transmit"
                                            : ": its driver has no XDP transmit, or only while an XDP program is on it, as --matcher xdp brings one");
  } catch (const SprayFailure& failure) {
    return WordsOf(failure);
  }
}

std::string WhyNotAfxdp(const SprayDevice& device) {
  try {
    const spray_plan plan = TrialPlan();
    OpenAfxdp(device, plan, SprayPackets(plan, TrialTemplate(device.name), std::vector<uint16_t>(SPRAY_WORDS)));
    return "";
  } catch (const SprayFailure& failure) {
    return WordsOf(failure);
  }
}
