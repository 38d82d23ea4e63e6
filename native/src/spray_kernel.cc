// What this kernel can do for a spray, tried on the programs themselves: versions tell little, since distributions port features back.
#include "spray_kernel.h"

#include <functional>

#include "match_way.h"
#include "spray_way.h"

namespace {

// Null where it works, else the reason in words.
Napi::Value WhyNot(Napi::Env env, const std::function<void()>& tried) {
  try {
    tried();
    return env.Null();
  } catch (const SprayFailure& failure) {
    return Napi::String::New(env, WordsOf(failure));
  }
}

}  // namespace

Napi::Value SprayKernel(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const std::string match = info[0].As<Napi::String>(), send = info[1].As<Napi::String>();
  bool hasTcx = false;
  auto features = Napi::Object::New(env);
  features.Set("matchers", WhyNot(env, [&] { hasTcx = RequireMatchers(match); }));
  features.Set("live", WhyNot(env, [&] { RequireLiveFrames(send); }));
  features.Set("afxdp", WhyNot(env, [] { RequireAfxdp(); }));
  features.Set("tcx", hasTcx);
  return features;
}
