#pragma once
#include <napi.h>

#include <memory>

#include "match_way.h"

// Counts the probes of a spray that come home (NativeMatcher of src/host/spray-addon.ts). Nothing of it runs in JavaScript for a packet.
class SprayMatcher : public Napi::ObjectWrap<SprayMatcher> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit SprayMatcher(const Napi::CallbackInfo& info);

 private:
  Napi::Value Places(const Napi::CallbackInfo& info);
  Napi::Value Totals(const Napi::CallbackInfo& info);
  void Cells(const Napi::CallbackInfo& info);
  Napi::Value Histogram(const Napi::CallbackInfo& info);
  Napi::Value LossRuns(const Napi::CallbackInfo& info);
  void Settle(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  MatchWay& Way(Napi::Env env) const;

  std::unique_ptr<MatchWay> way_;
};

// matcherLeftovers(): { device, priority }[] of tc filters of ours that nobody looks after any more; removeMatcherLeftovers() removes them.
Napi::Value MatcherLeftovers(const Napi::CallbackInfo& info);
void RemoveMatcherLeftovers(const Napi::CallbackInfo& info);
