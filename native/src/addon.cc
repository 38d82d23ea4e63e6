#include <napi.h>

#include <ctime>

#include "kernel_tables.h"
#include "pcap_socket.h"

// realtimeNs(): nanoseconds since 1970 on the clock that stamps captured packets; Date.now() has milliseconds only.
static Napi::Value RealtimeNs(const Napi::CallbackInfo& info) {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec);
}

// libraryVersion(): what libpcap calls itself.
static Napi::Value LibraryVersion(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), pcap_lib_version()); }

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("PcapSocket", PcapSocket::Define(env));
  exports.Set("realtimeNs", Napi::Function::New<RealtimeNs>(env, "realtimeNs"));
  exports.Set("libraryVersion", Napi::Function::New<LibraryVersion>(env, "libraryVersion"));
  exports.Set("interfaces", Napi::Function::New<kernel_tables::Interfaces>(env, "interfaces"));
  exports.Set("route", Napi::Function::New<kernel_tables::Route>(env, "route"));
  exports.Set("neighbour", Napi::Function::New<kernel_tables::Neighbour>(env, "neighbour"));
  return exports;
}

NODE_API_MODULE(beacon, Init)
