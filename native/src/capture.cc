#include "capture.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23  // Linux 4.20; missing from older headers
#endif

namespace {
constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;
}

Napi::Function Capture::Define(Napi::Env env) {
  return DefineClass(env, "Capture",
                     {InstanceMethod<&Capture::LinkType>("linkType"), InstanceMethod<&Capture::Take>("take"),
                      InstanceMethod<&Capture::Watch>("watch"), InstanceMethod<&Capture::Unwatch>("unwatch"),
                      InstanceMethod<&Capture::Dropped>("dropped"), InstanceMethod<&Capture::Close>("close")});
}

// new Capture(device: string, { filter: string, snapLength: number, bufferBytes: number })
Capture::Capture(const Napi::CallbackInfo& info)
    : ObjectWrap(info), pcap_(nullptr, &pcap_close), context_(info.Env(), "beacon.Capture") {
  const auto env = info.Env();
  const auto options = info[1].As<Napi::Object>();
  pcap_ = NewPcap(env, info[0].As<Napi::String>());
  pcap_set_snaplen(pcap_.get(), options.Get("snapLength").As<Napi::Number>());
  pcap_set_buffer_size(pcap_.get(), options.Get("bufferBytes").As<Napi::Number>());
  pcap_set_immediate_mode(pcap_.get(), 1);  // an answer is seen within 0.1 ms; block mode would wait for its timeout
  pcap_set_tstamp_precision(pcap_.get(), PCAP_TSTAMP_PRECISION_NANO);
  ActivatePcap(env, pcap_.get());
  pcap_set_datalink(pcap_.get(), DLT_LINUX_SLL2);  // only `any` knows it; elsewhere the device's own type stays
  IgnoreOutgoing(env);
  Filter(env, options.Get("filter").As<Napi::String>());
  char words[PCAP_ERRBUF_SIZE] = "";
  if (pcap_setnonblock(pcap_.get(), 1, words) < 0) throw PcapError(env, "EPCAP", words);
}

Capture::~Capture() { Release(); }

// libpcap would copy our own packets out of the kernel first and drop them later; the kernel need not show them at all.
void Capture::IgnoreOutgoing(Napi::Env env) {
  const int yes = 1;
  if (::setsockopt(pcap_fileno(pcap_.get()), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) == 0) return;
  if (pcap_setdirection(pcap_.get(), PCAP_D_IN) < 0) throw PcapError(env, "EPCAP", pcap_geterr(pcap_.get()));
}

void Capture::Filter(Napi::Env env, const std::string& expression) {
  bpf_program program;
  if (pcap_compile(pcap_.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0) {
    throw PcapError(env, "EFILTER", pcap_geterr(pcap_.get()));
  }
  const int status = pcap_setfilter(pcap_.get(), &program);
  pcap_freecode(&program);
  if (status < 0) throw PcapError(env, "EFILTER", pcap_geterr(pcap_.get()));
}

pcap_t* Capture::Open(Napi::Env env) const {
  if (!pcap_) throw PcapError(env, "ECLOSED", "This capture is closed");
  return pcap_.get();
}

Napi::Value Capture::LinkType(const Napi::CallbackInfo& info) {
  const int type = pcap_datalink(Open(info.Env()));
  return Napi::Number::New(info.Env(), type == DLT_RAW ? 101 : type);  // LINKTYPE_RAW's number differs from DLT_RAW's
}

// take(most: number): { bytes: Uint8Array, ends: Uint32Array, times: BigUint64Array } | null. The packets stand end to end in
// `bytes`; times are nanoseconds since 1970.
Napi::Value Capture::Take(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  bytes_.clear();
  ends_.clear();
  times_.clear();
  const int count = pcap_dispatch(Open(env), info[0].As<Napi::Number>(), &Append, reinterpret_cast<u_char*>(this));
  if (count < 0) throw PcapError(env, "EPCAP", pcap_geterr(pcap_.get()));
  if (ends_.empty()) return env.Null();
  auto bytes = Napi::Uint8Array::New(env, bytes_.size());
  std::memcpy(bytes.Data(), bytes_.data(), bytes_.size());
  auto ends = Napi::Uint32Array::New(env, ends_.size());
  std::memcpy(ends.Data(), ends_.data(), ends_.size() * sizeof(uint32_t));
  auto times = Napi::BigUint64Array::New(env, times_.size());
  std::memcpy(times.Data(), times_.data(), times_.size() * sizeof(uint64_t));
  auto batch = Napi::Object::New(env);
  batch.Set("bytes", bytes);
  batch.Set("ends", ends);
  batch.Set("times", times);
  return batch;
}

void Capture::Append(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
  auto* capture = reinterpret_cast<Capture*>(self);
  capture->bytes_.insert(capture->bytes_.end(), bytes, bytes + header->caplen);
  capture->ends_.push_back(static_cast<uint32_t>(capture->bytes_.size()));
  // With nanosecond precision asked for, tv_usec holds nanoseconds.
  capture->times_.push_back(static_cast<uint64_t>(header->ts.tv_sec) * kNanosecondsPerSecond + header->ts.tv_usec);
}

// watch(readable: () => void): calls once for each time the ring turns readable, until unwatch().
void Capture::Watch(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  pcap_t* pcap = Open(env);
  onReadable_ = Napi::Persistent(info[0].As<Napi::Function>());
  if (poll_ == nullptr) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    poll_ = new uv_poll_t;
    if (const int status = uv_poll_init(loop, poll_, pcap_get_selectable_fd(pcap)); status < 0) {
      delete std::exchange(poll_, nullptr);
      throw SystemError(env, -status, "uv_poll_init");
    }
    poll_->data = this;
  }
  uv_poll_start(poll_, UV_READABLE, &Readable);
}

void Capture::Unwatch(const Napi::CallbackInfo&) {
  if (poll_ != nullptr) uv_poll_stop(poll_);
}

void Capture::Readable(uv_poll_t* poll, int, int) {
  auto* capture = static_cast<Capture*>(poll->data);
  uv_poll_stop(poll);
  const Napi::HandleScope scope(capture->Env());
  capture->onReadable_.MakeCallback(capture->Env().Global(), {}, capture->context_);
}

// dropped(): number of packets the kernel had no room for.
Napi::Value Capture::Dropped(const Napi::CallbackInfo& info) {
  pcap_stat stat = {};
  if (pcap_stats(Open(info.Env()), &stat) < 0) throw PcapError(info.Env(), "EPCAP", pcap_geterr(pcap_.get()));
  return Napi::Number::New(info.Env(), stat.ps_drop);
}

void Capture::Close(const Napi::CallbackInfo&) { Release(); }

void Capture::Release() {
  if (poll_ != nullptr) {
    uv_poll_stop(poll_);
    uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(poll_, nullptr)),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  }
  pcap_.reset();
}
