#include <napi.h>

#include <ctime>

#include "filter_program.h"
#include "kernel_tables.h"
#include "pcap_socket.h"

static uint64_t Nanoseconds(clockid_t clock) {
  timespec now;
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// monotonicNs(): nanoseconds on a clock that nobody sets.
static Napi::Value MonotonicNs(const Napi::CallbackInfo& info) { return Napi::BigInt::New(info.Env(), Nanoseconds(CLOCK_MONOTONIC)); }

// realtimeAheadNs(): how far the clock of the stamps is ahead of the monotonic one; only setting it changes that. Read between two
// looks at the other clock, and again where the process was held up meanwhile.
static Napi::Value RealtimeAheadNs(const Napi::CallbackInfo& info) {
  constexpr uint64_t kHeldUp = 5'000;
  int64_t ahead = 0;
  for (uint64_t tries = 0, least = UINT64_MAX; tries < 4 && least > kHeldUp; ++tries) {
    const uint64_t before = Nanoseconds(CLOCK_MONOTONIC);
    const uint64_t realtime = Nanoseconds(CLOCK_REALTIME);
    const uint64_t took = Nanoseconds(CLOCK_MONOTONIC) - before;
    if (took >= least) continue;
    least = took;
    ahead = static_cast<int64_t>(realtime - before - took / 2);
  }
  return Napi::BigInt::New(info.Env(), ahead);
}

// libraryVersion(): what libpcap calls itself.
static Napi::Value LibraryVersion(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), pcap_lib_version()); }

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("PcapSocket", PcapSocket::Define(env));
  exports.Set("monotonicNs", Napi::Function::New<MonotonicNs>(env, "monotonicNs"));
  exports.Set("realtimeAheadNs", Napi::Function::New<RealtimeAheadNs>(env, "realtimeAheadNs"));
  exports.Set("libraryVersion", Napi::Function::New<LibraryVersion>(env, "libraryVersion"));
  exports.Set("compileFilter", Napi::Function::New<CompileFilter>(env, "compileFilter"));
  exports.Set("interfaces", Napi::Function::New<kernel_tables::Interfaces>(env, "interfaces"));
  exports.Set("route", Napi::Function::New<kernel_tables::Route>(env, "route"));
  exports.Set("neighbour", Napi::Function::New<kernel_tables::Neighbour>(env, "neighbour"));
  exports.Set("solicit", Napi::Function::New<kernel_tables::Solicit>(env, "solicit"));
  exports.Set("counters", Napi::Function::New<kernel_tables::Counters>(env, "counters"));
  return exports;
}

NODE_API_MODULE(beacon, Init)
