#include "kernel_tables.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "errors.h"
#include "file_descriptor.h"

namespace {

using Bytes = std::span<const uint8_t>;

// One request of rtnetlink(7) with its attributes, and the kernel's one answer to it.
class Conversation {
 public:
  template <typename Header>
  Conversation(uint16_t type, const Header& header, uint16_t flags = 0) {
    std::memset(buffer_.data(), 0, buffer_.size());
    message()->nlmsg_len = NLMSG_LENGTH(sizeof header);
    message()->nlmsg_type = type;
    message()->nlmsg_flags = NLM_F_REQUEST | flags;
    std::memcpy(NLMSG_DATA(message()), &header, sizeof header);
  }

  void Add(uint16_t type, Bytes value) {
    auto* attribute = reinterpret_cast<rtattr*>(buffer_.data() + NLMSG_ALIGN(message()->nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = RTA_LENGTH(value.size());
    std::memcpy(RTA_DATA(attribute), value.data(), value.size());
    message()->nlmsg_len = NLMSG_ALIGN(message()->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  }

  void Add(uint16_t type, uint32_t value) { Add(type, {reinterpret_cast<const uint8_t*>(&value), sizeof value}); }

  // 0, or the errno that the kernel answered or the system gave.
  int Ask() {
    const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket || ::send(socket.get(), buffer_.data(), message()->nlmsg_len, 0) < 0) return errno;
    const ssize_t length = ::recv(socket.get(), buffer_.data(), buffer_.size(), 0);
    if (length < 0) return errno;
    if (!NLMSG_OK(message(), static_cast<size_t>(length))) return EPROTO;
    if (message()->nlmsg_type != NLMSG_ERROR) return 0;
    return -static_cast<nlmsgerr*>(NLMSG_DATA(message()))->error;
  }

  // False for a bare acknowledgement.
  bool IsAnswer() const { return message()->nlmsg_type != NLMSG_ERROR; }

  // The header that the answer begins with.
  template <typename Header>
  Header HeaderOf() const {
    Header header = {};
    std::memcpy(&header, NLMSG_DATA(message()), sizeof header);
    return header;
  }

  // The value of an attribute of the answer that begins with a header of this size.
  std::optional<Bytes> Attribute(size_t headerSize, uint16_t type) const {
    const auto* at = reinterpret_cast<const rtattr*>(buffer_.data() + NLMSG_SPACE(headerSize));
    auto left = static_cast<int>(message()->nlmsg_len) - static_cast<int>(NLMSG_SPACE(headerSize));
    for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
      if ((at->rta_type & NLA_TYPE_MASK) == type) return Bytes(static_cast<const uint8_t*>(RTA_DATA(at)), RTA_PAYLOAD(at));
    }
    return std::nullopt;
  }

 private:
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }
  const nlmsghdr* message() const { return reinterpret_cast<const nlmsghdr*>(buffer_.data()); }

  alignas(NLMSG_ALIGNTO) std::array<uint8_t, 8192> buffer_;
};

Bytes BytesOf(const Napi::Value& value) {
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

uint8_t FamilyOf(Bytes address) { return address.size() == 4 ? AF_INET : AF_INET6; }

Napi::Value BytesOrNull(Napi::Env env, std::optional<Bytes> bytes) {
  if (!bytes) return env.Null();
  auto array = Napi::Uint8Array::New(env, bytes->size());
  std::memcpy(array.Data(), bytes->data(), bytes->size());
  return array;
}

// RTA_VIA (RFC 5549: a gateway of another family) is the gateway's family and its address.
std::optional<Bytes> GatewayOf(const Conversation& answer) {
  if (const auto gateway = answer.Attribute(sizeof(rtmsg), RTA_GATEWAY)) return gateway;
  const auto via = answer.Attribute(sizeof(rtmsg), RTA_VIA);
  return via && via->size() > 2 ? std::optional(via->subspan(2)) : std::nullopt;
}

// How many next hops the route names: more than one where the host spreads its own packets.
uint32_t NextHopsOf(const Conversation& answer) {
  const auto hops = answer.Attribute(sizeof(rtmsg), RTA_MULTIPATH);
  if (!hops) return 1;
  uint32_t count = 0;
  auto left = static_cast<int>(hops->size());
  const auto* hop = reinterpret_cast<const rtnexthop*>(hops->data());
  for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) ++count;
  return count;
}

// The first bytes of an attribute as a struct of the kernel's; newer kernels only add to its end.
template <typename Value>
std::optional<Value> ValueOf(std::optional<Bytes> bytes) {
  if (!bytes) return std::nullopt;
  Value value = {};
  std::memcpy(&value, bytes->data(), std::min(bytes->size(), sizeof value));
  return value;
}

// Packets that the queueing discipline at the root of an interface refused or threw away; 0 where it has none.
uint32_t QueueDrops(uint32_t interface) {
  tcmsg header = {};
  header.tcm_ifindex = static_cast<int>(interface);
  header.tcm_parent = TC_H_ROOT;
  // Without the acknowledgement nothing at all comes where there is no queue; without the echo old kernels tell everybody but us.
  Conversation conversation(RTM_GETQDISC, header, NLM_F_ACK | NLM_F_ECHO);
  if (conversation.Ask() != 0 || !conversation.IsAnswer()) return 0;
  const auto stats = ValueOf<tc_stats>(conversation.Attribute(sizeof(tcmsg), TCA_STATS));
  return stats ? stats->drops : 0;
}

}  // namespace

namespace kernel_tables {

Napi::Value Interfaces(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) throw SystemError(env, errno, "socket");
  auto found = Napi::Array::New(env);
  struct if_nameindex* names = ::if_nameindex();
  if (names == nullptr) throw SystemError(env, errno, "if_nameindex");
  for (const auto* each = names; each->if_index != 0; ++each) {
    ifreq request = {};
    std::strncpy(request.ifr_name, each->if_name, IFNAMSIZ - 1);
    auto row = Napi::Object::New(env);
    row.Set("index", each->if_index);
    row.Set("name", each->if_name);
    if (::ioctl(socket.get(), SIOCGIFMTU, &request) < 0) continue;  // it went away just now
    row.Set("mtu", request.ifr_mtu);
    if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) < 0) continue;
    row.Set("flags", static_cast<uint16_t>(request.ifr_flags));
    if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) < 0) continue;
    row.Set("hardwareType", request.ifr_hwaddr.sa_family);
    found.Set(found.Length(), row);
  }
  ::if_freenameindex(names);
  return found;
}

Napi::Value Route(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const Bytes destination = BytesOf(info[0]);
  const Bytes source = BytesOf(info[1]);
  const uint32_t interface = info[2].As<Napi::Number>();
  const bool entry = info[3].As<Napi::Boolean>();
  rtmsg header = {};
  header.rtm_flags = entry ? RTM_F_FIB_MATCH : 0;
  header.rtm_family = FamilyOf(destination);
  header.rtm_dst_len = destination.size() * 8;
  header.rtm_src_len = source.size() * 8;
  Conversation conversation(RTM_GETROUTE, header);
  conversation.Add(RTA_DST, destination);
  if (!source.empty()) conversation.Add(RTA_SRC, source);
  if (interface != 0) conversation.Add(RTA_OIF, interface);
  if (const int number = conversation.Ask(); number != 0) throw SystemError(env, number, "RTM_GETROUTE");

  auto route = Napi::Object::New(env);
  uint32_t index = 0;
  if (const auto out = conversation.Attribute(sizeof(rtmsg), RTA_OIF); out && out->size() == sizeof index) {
    std::memcpy(&index, out->data(), sizeof index);
  }
  route.Set("interfaceIndex", index);
  route.Set("gateway", BytesOrNull(env, GatewayOf(conversation)));
  route.Set("source", BytesOrNull(env, conversation.Attribute(sizeof(rtmsg), RTA_PREFSRC)));
  route.Set("isLocal", conversation.HeaderOf<rtmsg>().rtm_type == RTN_LOCAL);
  route.Set("nextHops", NextHopsOf(conversation));
  return route;
}

Napi::Value Neighbour(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const Bytes address = BytesOf(info[1]);
  ndmsg header = {};
  header.ndm_family = FamilyOf(address);
  header.ndm_ifindex = info[0].As<Napi::Number>();
  Conversation conversation(RTM_GETNEIGH, header);
  conversation.Add(NDA_DST, address);
  const int number = conversation.Ask();
  if (number == ENOENT) return env.Null();
  if (number != 0) throw SystemError(env, number, "RTM_GETNEIGH");
  return BytesOrNull(env, conversation.Attribute(sizeof(ndmsg), NDA_LLADDR));
}

Napi::Value Solicit(const Napi::CallbackInfo& info) {
  const uint32_t interface = info[0].As<Napi::Number>();
  const Bytes address = BytesOf(info[1]);
  const bool four = FamilyOf(address) == AF_INET;
  const auto env = info.Env();
  const int protocol = four ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  const FileDescriptor socket(::socket(FamilyOf(address), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket) return Napi::Boolean::New(env, false);
  char name[IF_NAMESIZE] = "";
  if (::if_indextoname(interface, name) == nullptr) return Napi::Boolean::New(env, false);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, name, sizeof name);
  // Type, code, checksum (the kernel's in ICMPv6), identifier and sequence. All but type and checksum are 0.
  std::array<uint8_t, 8> reply = {};
  ssize_t sent = 0;
  if (four) {
    reply = {ICMP_ECHOREPLY, 0, 0xff, 0xff};
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    std::memcpy(&to.sin_addr, address.data(), sizeof to.sin_addr);
    sent = ::sendto(socket.get(), reply.data(), reply.size(), MSG_DONTROUTE, reinterpret_cast<sockaddr*>(&to), sizeof to);
  } else {
    reply = {ICMP6_ECHO_REPLY};
    sockaddr_in6 to = {};
    to.sin6_family = AF_INET6;
    to.sin6_scope_id = interface;
    std::memcpy(&to.sin6_addr, address.data(), sizeof to.sin6_addr);
    sent = ::sendto(socket.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  return Napi::Boolean::New(env, sent >= 0);
}

Napi::Value Counters(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const uint32_t interface = info[0].As<Napi::Number>();
  ifinfomsg header = {};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(interface);
  Conversation conversation(RTM_GETLINK, header);
  if (conversation.Ask() != 0) return env.Null();
  const auto flags = conversation.HeaderOf<ifinfomsg>().ifi_flags;
  const auto stats = ValueOf<rtnl_link_stats64>(conversation.Attribute(sizeof(ifinfomsg), IFLA_STATS64)).value_or(rtnl_link_stats64{});
  auto row = Napi::Object::New(env);
  row.Set("isUp", (flags & IFF_UP) != 0);
  row.Set("hasCarrier", (flags & IFF_RUNNING) != 0);
  // Some drivers count one packet as missed and as a full FIFO.
  row.Set("received", static_cast<double>(stats.rx_dropped + std::max(stats.rx_missed_errors, stats.rx_fifo_errors)));
  row.Set("sent", static_cast<double>(stats.tx_dropped + QueueDrops(interface)));
  return row;
}

}  // namespace kernel_tables
