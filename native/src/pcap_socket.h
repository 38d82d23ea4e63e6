#pragma once
#include <napi.h>
#include <uv.h>

#include <cstdint>
#include <vector>

#include "pcap_handle.h"

// One libpcap handle on all interfaces, for both ways: it receives through the kernel's ring, and sends by the same socket. Lives on
// the JavaScript thread: the ring is the only queue, so what has not been taken waits there with its stamp, and an empty take()
// proves that nothing earlier is on its way.
class PcapSocket : public Napi::ObjectWrap<PcapSocket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit PcapSocket(const Napi::CallbackInfo& info);
  ~PcapSocket() override;

 private:
  Napi::Value Activate(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value LinkType(const Napi::CallbackInfo& info);
  Napi::Value Take(const Napi::CallbackInfo& info);
  void Watch(const Napi::CallbackInfo& info);
  void Unwatch(const Napi::CallbackInfo& info);
  Napi::Value Dropped(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  pcap_t* Open(Napi::Env env) const;
  void StopPolling();

  static void Append(u_char* self, const pcap_pkthdr* header, const u_char* bytes);
  static void Readable(uv_poll_t* poll, int status, int events);

  PcapHandle pcap_;
  std::string filter_;
  uv_poll_t* poll_ = nullptr;  // freed by libuv's close callback, which may run after this object is gone
  Napi::FunctionReference onReadable_;
  Napi::AsyncContext context_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> ends_;
  std::vector<uint64_t> times_;
};
