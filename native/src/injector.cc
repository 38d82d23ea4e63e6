#include "injector.h"

#include <cerrno>
#include <cstring>

namespace {
constexpr size_t kLargestFrame = 65535 + 64;
}

Napi::Function Injector::Define(Napi::Env env) {
  return DefineClass(env, "Injector",
                     {InstanceMethod<&Injector::LinkType>("linkType"), InstanceMethod<&Injector::Send>("send"),
                      InstanceMethod<&Injector::Close>("close")});
}

// new Injector(device: string)
Injector::Injector(const Napi::CallbackInfo& info) : ObjectWrap(info), pcap_(nullptr, &pcap_close) {
  pcap_ = NewPcap(info.Env(), info[0].As<Napi::String>());
  pcap_set_snaplen(pcap_.get(), 64);
  pcap_set_buffer_size(pcap_.get(), 1 << 16);
  ActivatePcap(info.Env(), pcap_.get());
  // This handle only sends: a filter that keeps no packet spares the kernel copying what nobody reads.
  bpf_insn keepNothing = {BPF_RET | BPF_K, 0, 0, 0};
  bpf_program program = {1, &keepNothing};
  if (pcap_setfilter(pcap_.get(), &program) < 0) throw PcapError(info.Env(), "EFILTER", pcap_geterr(pcap_.get()));
}

pcap_t* Injector::Open(Napi::Env env) const {
  if (!pcap_) throw PcapError(env, "ECLOSED", "This injector is closed");
  return pcap_.get();
}

Napi::Value Injector::LinkType(const Napi::CallbackInfo& info) {
  const int type = pcap_datalink(Open(info.Env()));
  return Napi::Number::New(info.Env(), type == DLT_RAW ? 101 : type);  // LINKTYPE_RAW's number differs from DLT_RAW's
}

// send(header: Uint8Array, packets: Uint8Array[]): how many the device took, from the first on: fewer when its queue is full.
Napi::Value Injector::Send(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  pcap_t* pcap = Open(env);
  const auto header = info[0].As<Napi::Uint8Array>();
  const auto packets = info[1].As<Napi::Array>();
  uint8_t frame[kLargestFrame];
  if (header.ByteLength() > 64) throw Napi::RangeError::New(env, "A link header has at most 64 bytes");
  std::memcpy(frame, header.Data(), header.ByteLength());
  uint32_t sent = 0;
  for (; sent < packets.Length(); ++sent) {
    const auto packet = packets.Get(sent).As<Napi::Uint8Array>();
    const size_t length = header.ByteLength() + packet.ByteLength();
    if (length > kLargestFrame) throw Napi::RangeError::New(env, "A packet has at most 65535 bytes");
    std::memcpy(frame + header.ByteLength(), packet.Data(), packet.ByteLength());
    if (pcap_inject(pcap, frame, length) >= 0) continue;
    if (errno == ENOBUFS || errno == EAGAIN || sent > 0) break;  // a real failure shows again when nothing went before it
    throw SystemError(env, errno, "send");
  }
  return Napi::Number::New(env, sent);
}

void Injector::Close(const Napi::CallbackInfo&) { pcap_.reset(); }
