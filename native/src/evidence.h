#pragma once
#include <napi.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "match_capture.h"
#include "match_memory.h"

// Tells JavaScript of single packets at rate: decoded records in memory that both sides see, and one wake for a batch
// (src/engine/live/evidence.ts has the layout). Where JavaScript is too slow records are dropped and counted; nobody ever waits.
class SprayEvidence : public Napi::ObjectWrap<SprayEvidence> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit SprayEvidence(const Napi::CallbackInfo& info);
  ~SprayEvidence();

 private:
  Napi::Value Counts(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void Record(const CapturedPacket& packet);
  bool Decode(const CapturedPacket& packet, uint32_t* words) const;
  void Batch();
  void Stop();

  match_config config_ = {};
  std::array<Napi::Reference<Napi::Int32Array>, 2> kept_;  // the shared memory, alive as long as the thread writes to it
  uint32_t* control_ = nullptr;
  uint32_t* records_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t head_ = 0;
  uint32_t told_ = 0;
  std::atomic<uint64_t> seen_ = 0;
  std::atomic<uint64_t> stored_ = 0;
  std::atomic<uint64_t> full_ = 0;
  std::atomic<uint64_t> others_ = 0;
  uint64_t dropped_ = 0;  // once it is closed
  Napi::ThreadSafeFunction wake_;
  Napi::Env::CleanupHook<std::function<void()>> hook_;
  std::unique_ptr<MatchCapture> capture_;
};
