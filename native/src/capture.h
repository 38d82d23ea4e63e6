#pragma once
#include <napi.h>
#include <uv.h>

#include <cstdint>
#include <vector>

#include "pcap_handle.h"

// Receives packets of one device through libpcap. Lives on the JavaScript thread: the kernel's ring is the only queue, so what
// has not been taken waits there with its stamp, and an empty take() proves that nothing earlier is on its way.
class Capture : public Napi::ObjectWrap<Capture> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Capture(const Napi::CallbackInfo& info);
  ~Capture() override;

 private:
  Napi::Value LinkType(const Napi::CallbackInfo& info);
  Napi::Value Take(const Napi::CallbackInfo& info);
  void Watch(const Napi::CallbackInfo& info);
  void Unwatch(const Napi::CallbackInfo& info);
  Napi::Value Dropped(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void Filter(Napi::Env env, const std::string& expression);
  void IgnoreOutgoing(Napi::Env env);
  pcap_t* Open(Napi::Env env) const;
  void Release();

  static void Append(u_char* self, const pcap_pkthdr* header, const u_char* bytes);
  static void Readable(uv_poll_t* poll, int status, int events);

  PcapHandle pcap_;
  uv_poll_t* poll_ = nullptr;  // freed by libuv's close callback, which may run after this object is gone
  Napi::FunctionReference onReadable_;
  Napi::AsyncContext context_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> ends_;
  std::vector<uint64_t> times_;
};
