#pragma once
#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pcap_handle.h"
#include "readable_poll.h"

// One libpcap handle on all interfaces, for both ways: it receives through the kernel's ring, and sends by the same socket. Lives on
// the JavaScript thread: the ring is the only queue, so what has not been taken waits there with its stamp, and an empty take()
// proves that nothing earlier is on its way.
class PcapSocket : public Napi::ObjectWrap<PcapSocket> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit PcapSocket(const Napi::CallbackInfo& info);

 private:
  Napi::Value Activate(const Napi::CallbackInfo& info);
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value LinkType(const Napi::CallbackInfo& info);
  Napi::Value Take(const Napi::CallbackInfo& info);
  void Watch(const Napi::CallbackInfo& info);
  void Unwatch(const Napi::CallbackInfo& info);
  Napi::Value Dropped(const Napi::CallbackInfo& info);
  Napi::Value Received(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  pcap_t* Open(Napi::Env env) const;
  pcap_stat Statistics(Napi::Env env) const;
  void TellReadable();

  static void Append(u_char* self, const pcap_pkthdr* header, const u_char* bytes);

  PcapHandle pcap_;
  bool isBystander_ = false;
  std::string filter_;
  std::unique_ptr<ReadablePoll> poll_;
  Napi::FunctionReference onReadable_;
  Napi::AsyncContext context_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> ends_;
  std::vector<uint32_t> lengths_;
  std::vector<uint64_t> times_;
};
