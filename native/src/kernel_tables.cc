#include "kernel_tables.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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
  Conversation(uint16_t type, const Header& header) {
    std::memset(buffer_.data(), 0, buffer_.size());
    message()->nlmsg_len = NLMSG_LENGTH(sizeof header);
    message()->nlmsg_type = type;
    message()->nlmsg_flags = NLM_F_REQUEST;
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

  // The value of an attribute of the answer that begins with a header of this size.
  std::optional<Bytes> Attribute(size_t headerSize, uint16_t type) const {
    const auto* at = reinterpret_cast<const rtattr*>(buffer_.data() + NLMSG_SPACE(headerSize));
    auto left = static_cast<int>(message()->nlmsg_len) - static_cast<int>(NLMSG_SPACE(headerSize));
    for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
      if (at->rta_type == type) return Bytes(static_cast<const uint8_t*>(RTA_DATA(at)), RTA_PAYLOAD(at));
    }
    return std::nullopt;
  }

 private:
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }
  const nlmsghdr* message() const { return reinterpret_cast<const nlmsghdr*>(buffer_.data()); }

  alignas(NLMSG_ALIGNTO) std::array<uint8_t, 4096> buffer_;
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
  rtmsg header = {};
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

}  // namespace kernel_tables
