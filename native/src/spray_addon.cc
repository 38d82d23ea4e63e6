#include <napi.h>

#include "evidence.h"
#include "match_matcher.h"
#include "spray_kernel.h"
#include "spray_sender.h"

// The engine for sprays: an addon of its own, so that everything else works where this cannot be built.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("SpraySender", SpraySender::Define(env));
  exports.Set("sprayFeatures", Napi::Function::New<SprayFeatures>(env, "sprayFeatures"));
  exports.Set("sprayKernel", Napi::Function::New<SprayKernel>(env, "sprayKernel"));
  exports.Set("SprayMatcher", SprayMatcher::Define(env));
  exports.Set("SprayEvidence", SprayEvidence::Define(env));
  exports.Set("matcherLeftovers", Napi::Function::New<MatcherLeftovers>(env, "matcherLeftovers"));
  exports.Set("removeMatcherLeftovers", Napi::Function::New<RemoveMatcherLeftovers>(env, "removeMatcherLeftovers"));
  return exports;
}

NODE_API_MODULE(spray, Init)
