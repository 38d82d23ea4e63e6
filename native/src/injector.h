#pragma once
#include <napi.h>

#include "pcap_handle.h"

// Sends frames on one device through libpcap. Lives on the JavaScript thread.
class Injector : public Napi::ObjectWrap<Injector> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Injector(const Napi::CallbackInfo& info);

 private:
  Napi::Value LinkType(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  pcap_t* Open(Napi::Env env) const;

  PcapHandle pcap_;
};
