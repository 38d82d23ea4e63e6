#pragma once
#include <napi.h>
#include <pcap/pcap.h>

#include <memory>
#include <string>

#include "errors.h"

// One libpcap handle, closed once by the last who holds it: a worker on another thread may outlive the JavaScript object, since a
// thread of JavaScript can be ended at any time.
using PcapHandle = std::shared_ptr<pcap_t>;

inline PcapHandle NewPcap(Napi::Env env, const std::string& device) {
  char words[PCAP_ERRBUF_SIZE] = "";
  pcap_t* handle = pcap_create(device.c_str(), words);
  if (handle == nullptr) throw PcapError(env, "EPCAP", words);
  return PcapHandle(handle, &pcap_close);
}

// What an error of pcap_activate() is to a caller.
inline const char* CodeOf(int status) {
  switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return "EPERM";
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return "ENODEV";
    case PCAP_ERROR_IFACE_NOT_UP:
      return "ENETDOWN";
    default:
      return "EPCAP";
  }
}

inline std::string WordsOf(pcap_t* handle, int status) {
  const std::string detail = pcap_geterr(handle);
  return detail.empty() ? pcap_statustostr(status) : detail;
}
