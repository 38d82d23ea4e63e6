#pragma once
#include <napi.h>
#include <pcap/pcap.h>

#include <memory>
#include <string>

#include "errors.h"

// Owns one libpcap handle and closes it once.
using PcapHandle = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

inline PcapHandle NewPcap(Napi::Env env, const std::string& device) {
  char words[PCAP_ERRBUF_SIZE] = "";
  PcapHandle handle(pcap_create(device.c_str(), words), &pcap_close);
  if (!handle) throw PcapError(env, "EPCAP", words);
  return handle;
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
