#pragma once
#include <napi.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "spray_device.h"
#include "spray_way.h"

// One spray on its own thread. JavaScript opens it, steers the pace and reads counters; it touches no packet.
class SpraySender : public Napi::ObjectWrap<SpraySender> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new SpraySender(options): see SenderOptions in src/engine/live/spray-native.ts. Throws where the machine has no such way.
  explicit SpraySender(const Napi::CallbackInfo& info);
  ~SpraySender() override;

 private:
  void Start(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  void Pace(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void End();
  void LetGo();
  Napi::Value Dropped(Napi::Env env) const;

  SprayDevice device_;
  std::string sender_;
  std::unique_ptr<SprayWay> way_;
  Napi::ObjectReference consumed_;  // the templates, where nobody else wants them
  SprayRun run_;
  std::thread thread_;
  std::atomic<bool> isFinished_ = false;
  std::atomic<uint64_t> cpuNs_ = 0;
  std::mutex failureLock_;
  std::string failure_;
  int failureNumber_ = 0;
  SentCounters before_;
};

// sprayFeatures(interface, queue, object, tryIt): { driver, queues }, and where it may be tried { live, afxdp } too: null where they
// work, else the reason.
Napi::Value SprayFeatures(const Napi::CallbackInfo& info);
