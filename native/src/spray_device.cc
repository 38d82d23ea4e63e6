#include "spray_device.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "file_descriptor.h"

namespace {

// Asks for one link and hands each attribute of the answer to `take`.
template <typename Take>
void AskForLink(unsigned index, Take take) {
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } request = {};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.link.ifi_index = static_cast<int>(index);
  alignas(NLMSG_ALIGNTO) std::array<uint8_t, 32'768> answer;
  const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket || ::send(socket.get(), &request, sizeof request, 0) < 0) return;
  const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
  const auto* message = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (length < 0 || !NLMSG_OK(message, static_cast<size_t>(length)) || message->nlmsg_type != RTM_NEWLINK) return;
  auto left = static_cast<int>(IFLA_PAYLOAD(message));
  for (auto* at = IFLA_RTA(NLMSG_DATA(message)); RTA_OK(at, left); at = RTA_NEXT(at, left)) take(*at);
}

}  // namespace

SentCounters CountersOf(unsigned interfaceIndex) {
  SentCounters counters;
  AskForLink(interfaceIndex, [&](const rtattr& attribute) {
    if (attribute.rta_type != IFLA_STATS64) return;
    rtnl_link_stats64 stats = {};
    std::memcpy(&stats, RTA_DATA(&attribute), std::min<size_t>(sizeof stats, RTA_PAYLOAD(&attribute)));
    counters = {true, stats.tx_packets, stats.tx_dropped};
  });
  return counters;
}

unsigned QueuesOf(unsigned interfaceIndex) {
  uint32_t queues = 0;
  AskForLink(interfaceIndex, [&](const rtattr& attribute) {
    if (attribute.rta_type == IFLA_NUM_TX_QUEUES) std::memcpy(&queues, RTA_DATA(&attribute), sizeof queues);
  });
  return queues;
}

std::string DriverOf(const std::string& interface) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_drvinfo driver = {};
  driver.cmd = ETHTOOL_GDRVINFO;
  ifreq request = {};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&driver);
  if (!socket || ::ioctl(socket.get(), SIOCETHTOOL, &request) < 0) return "";
  return std::string(driver.driver, ::strnlen(driver.driver, sizeof driver.driver));
}

uint32_t MtuOf(const std::string& interface) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  return socket && ::ioctl(socket.get(), SIOCGIFMTU, &request) == 0 ? static_cast<uint32_t>(request.ifr_mtu) : 0;
}
