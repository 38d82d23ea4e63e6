#include "match_filters.h"

#ifndef HAVE_LIBBPF

std::vector<MatchLeftover> MatchLeftovers() { return {}; }
void RemoveMatchLeftovers() {}

#else

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "file_descriptor.h"

namespace {

constexpr uint32_t kIngress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
constexpr uint32_t kEgress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);

struct Filter {
  uint32_t handle;
  uint32_t priority;
  uint32_t program;  // its id; 0: no program is in it
};

const rtattr* Find(const rtattr* attribute, int left, int type) {
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
    if ((attribute->rta_type & NLA_TYPE_MASK) == type) return attribute;
  return nullptr;
}

// Null where the message is none of a filter: the kernel also tells of each chain of them.
const rtattr* OptionsOf(const nlmsghdr* message, const tcmsg* filter) {
  const auto* first = reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(filter) + NLMSG_ALIGN(sizeof *filter));
  return Find(first, static_cast<int>(message->nlmsg_len - NLMSG_LENGTH(sizeof *filter)), TCA_OPTIONS);
}

Filter FilterOf(const tcmsg* filter, const rtattr* options) {
  const auto* first = static_cast<const rtattr*>(RTA_DATA(options));
  const rtattr* id = Find(first, static_cast<int>(RTA_PAYLOAD(options)), TCA_BPF_ID);
  return {filter->tcm_handle, TC_H_MAJ(filter->tcm_info) >> 16, id == nullptr ? 0 : *static_cast<const uint32_t*>(RTA_DATA(id))};
}

// What hangs on one side of a device; false where the kernel cannot be asked.
bool List(unsigned index, uint32_t parent, std::vector<Filter>& found) {
  const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  struct {
    nlmsghdr header;
    tcmsg filter;
  } request = {};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETTFILTER;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.filter.tcm_family = AF_UNSPEC;
  request.filter.tcm_ifindex = static_cast<int>(index);
  request.filter.tcm_parent = parent;
  if (!socket || ::send(socket.get(), &request, sizeof request, 0) < 0) return false;
  alignas(nlmsghdr) char buffer[32768];
  for (;;) {
    auto left = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (left <= 0) return false;
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return true;
      if (message->nlmsg_type == NLMSG_ERROR) return false;
      const auto* filter = static_cast<const tcmsg*>(NLMSG_DATA(message));
      const rtattr* options = OptionsOf(message, filter);
      if (options != nullptr && filter->tcm_handle != 0) found.push_back(FilterOf(filter, options));
    }
  }
}

bool IsEmpty(unsigned index) {
  std::vector<Filter> filters;
  return List(index, kIngress, filters) && List(index, kEgress, filters) && filters.empty();
}

// The window of a program of ours, by value; false where it is none.
bool WindowOf(uint32_t id, match_window& window) {
  const FileDescriptor program(bpf_prog_get_fd_by_id(id));
  if (!program) return false;
  uint32_t maps[16] = {};
  bpf_prog_info info = {};
  info.nr_map_ids = 16;
  info.map_ids = reinterpret_cast<uint64_t>(maps);
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) return false;
  if (std::strncmp(info.name, "match_frame", BPF_OBJ_NAME_LEN) != 0 && std::strncmp(info.name, "match_packet", BPF_OBJ_NAME_LEN) != 0)
    return false;
  for (uint32_t i = 0; i < info.nr_map_ids && i < 16; ++i) {
    const FileDescriptor map(bpf_map_get_fd_by_id(maps[i]));
    bpf_map_info shape = {};
    uint32_t shapeSize = sizeof shape;
    if (!map || bpf_obj_get_info_by_fd(map.get(), &shape, &shapeSize) != 0) continue;
    const uint32_t first = 0;
    if (std::strcmp(shape.name, "match_window") == 0 && shape.value_size == sizeof window)
      return bpf_map_lookup_elem(map.get(), &first, &window) == 0;
  }
  return false;
}

bpf_tc_hook HookOf(unsigned index, int points) {
  bpf_tc_hook hook = {};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(index);
  hook.attach_point = static_cast<bpf_tc_attach_point>(points);
  return hook;
}

// A qdisc that we made goes with the last filter, but not where somebody hung another on it since.
void Remove(const MatchLeftover& placed) {
  bpf_tc_hook hook = HookOf(placed.index, BPF_TC_INGRESS);
  LIBBPF_OPTS(bpf_tc_opts, options, .handle = placed.handle, .priority = placed.priority);
  bpf_tc_detach(&hook, &options);
  if (!placed.madeQdisc || !IsEmpty(placed.index)) return;
  bpf_tc_hook both = HookOf(placed.index, BPF_TC_INGRESS | BPF_TC_EGRESS);
  bpf_tc_hook_destroy(&both);
}

}  // namespace

MatchFilter::MatchFilter(const MatchDevice& device, int program, match_window* window) : placed_{device.name, device.index, 0, 0, false} {
  libbpf_set_print(nullptr);
  bpf_tc_hook hook = HookOf(device.index, BPF_TC_INGRESS);
  const int made = bpf_tc_hook_create(&hook);
  if (made != 0 && made != -EEXIST) throw SprayFailure(-made, "a clsact qdisc on " + device.name);
  placed_.madeQdisc = made == 0;
  window->made_qdisc = window->made_qdisc || placed_.madeQdisc;
  LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program);  // the kernel gives it a priority before all others
  const int status = bpf_tc_attach(&hook, &options);
  if (status != 0) {
    if (placed_.madeQdisc) {
      bpf_tc_hook both = HookOf(device.index, BPF_TC_INGRESS | BPF_TC_EGRESS);
      bpf_tc_hook_destroy(&both);
    }
    throw SprayFailure(-status, "tc ingress of " + device.name);
  }
  placed_.handle = options.handle;
  placed_.priority = options.priority;
}

MatchFilter::~MatchFilter() { Remove(placed_); }

std::vector<MatchLeftover> MatchLeftovers() {
  libbpf_set_print(nullptr);
  std::vector<MatchLeftover> left;
  auto* devices = ::if_nameindex();
  for (const auto* device = devices; device != nullptr && device->if_index != 0; ++device) {
    std::vector<Filter> filters;
    if (!List(device->if_index, kIngress, filters)) continue;
    for (const auto& [handle, priority, program] : filters) {
      match_window window = {};
      if (program == 0 || !WindowOf(program, window) || window.deadline_ns > MonotonicNs()) continue;
      left.push_back({device->if_name, device->if_index, handle, priority, window.made_qdisc != 0});
    }
  }
  if (devices != nullptr) ::if_freenameindex(devices);
  return left;
}

void RemoveMatchLeftovers() {
  for (const MatchLeftover& one : MatchLeftovers()) Remove(one);
}

#endif
