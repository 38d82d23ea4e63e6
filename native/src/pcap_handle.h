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

// Warnings (above 0) leave a working handle, so only errors throw.
inline void ActivatePcap(Napi::Env env, pcap_t* handle) {
  const int status = pcap_activate(handle);
  if (status >= 0) return;
  const std::string detail = pcap_geterr(handle);
  const std::string words = detail.empty() ? pcap_statustostr(status) : detail;
  switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      throw PcapError(env, "EPERM", words);
    case PCAP_ERROR_NO_SUCH_DEVICE:
      throw PcapError(env, "ENODEV", words);
    case PCAP_ERROR_IFACE_NOT_UP:
      throw PcapError(env, "ENETDOWN", words);
    default:
      throw PcapError(env, "EPCAP", words);
  }
}
