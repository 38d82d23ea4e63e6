#include "evidence.h"

#include <cstring>

#include "errors.h"
#include "match_settings.h"

namespace {

// Words of `control`.
enum { kHead, kTail, kAwake };

// Words of a record.
constexpr uint32_t kWords = 12;
enum { kArrivedLow, kArrivedHigh, kSentLow, kSentHigh, kPath, kSequence, kKind, kInterface, kSource };

// What a record tells of, beside enum look's values for landings.
enum { kErrorGenuine = 16, kErrorUnverified = 17 };

// Headers of a quote: those of the deepest packet that can be sent.
constexpr uint32_t kMostQuoted = 64;
constexpr uint32_t kQuoteAt = 8;

bool IsError(const landing& outer, const uint8_t* icmp) {
  if (outer.is_v6) return outer.protocol == ICMPV6 && icmp[0] >= 1 && icmp[0] <= 4;
  return outer.protocol == ICMPV4 && (icmp[0] == 3 || icmp[0] == 5 || icmp[0] == 11 || icmp[0] == 12);
}

// Who sent the packet, as 16 bytes; IPv4 as ::ffff:a.b.c.d.
void Source(const CapturedPacket& packet, uint8_t* into) {
  if (packet.type == TYPE_IPV6 && packet.end - packet.at >= 40) {
    std::memcpy(into, packet.at + 8, 16);
  } else if (packet.type == TYPE_IPV4 && packet.end - packet.at >= 20) {
    std::memset(into, 0, 10);
    std::memset(into + 10, 0xff, 2);
    std::memcpy(into + 12, packet.at + 12, 4);
  }
}

}  // namespace

Napi::Function SprayEvidence::Define(Napi::Env env) {
  return DefineClass(env, "SprayEvidence", {InstanceMethod<&SprayEvidence::Counts>("counts"), InstanceMethod<&SprayEvidence::Close>("close")});
}

// new SprayEvidence({ …MatchConfigOf's, device, filter, bufferBytes, control: Int32Array, records: Int32Array }, wake: () => void): both
// arrays over shared memory; `records` has room for a power of two of them.
SprayEvidence::SprayEvidence(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  auto env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  config_ = MatchConfigOf(options);
  auto control = options.Get("control").As<Napi::Int32Array>();
  auto records = options.Get("records").As<Napi::Int32Array>();
  const size_t room = records.ElementLength() / kWords;
  if (control.ElementLength() <= kAwake || room == 0 || (room & (room - 1)) != 0)
    throw Napi::RangeError::New(env, "Records are a power of two times " + std::to_string(kWords) + " words");
  kept_ = {Napi::Persistent(control), Napi::Persistent(records)};
  control_ = reinterpret_cast<uint32_t*>(control.Data());
  records_ = reinterpret_cast<uint32_t*>(records.Data());
  mask_ = static_cast<uint32_t>(room - 1);
  const CaptureWanted wanted = {options.Get("device").As<Napi::String>(), options.Get("filter").As<Napi::String>(),
                                options.Get("bufferBytes").As<Napi::Number>().Uint32Value()};
  wake_ = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "beacon.SprayEvidence", 0, 1);
  hook_ = env.AddCleanupHook(std::function<void()>([this] { Stop(); }));  // before Node ends the wake function
  try {
    capture_ = std::make_unique<MatchCapture>(wanted, [this](const CapturedPacket& packet) { Record(packet); },
                                              [this](bool, uint64_t) { Batch(); });
  } catch (const SprayFailure& failure) {
    hook_.Remove(env);
    wake_.Release();
    throw ThrownFailure(env, failure);
  }
}

SprayEvidence::~SprayEvidence() {
  if (capture_) hook_.Remove(Env());  // never closed, and collected: nothing is left for the hook to stop
  Stop();
}

void SprayEvidence::Record(const CapturedPacket& packet) {
  seen_.fetch_add(1, std::memory_order_relaxed);
  if (head_ - __atomic_load_n(control_ + kTail, __ATOMIC_ACQUIRE) > mask_) {
    full_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  uint32_t* words = records_ + size_t{head_ & mask_} * kWords;
  if (!Decode(packet, words)) {
    others_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  words[kArrivedLow] = static_cast<uint32_t>(packet.realtimeNs);
  words[kArrivedHigh] = static_cast<uint32_t>(packet.realtimeNs >> 32);
  words[kInterface] = packet.interfaceIndex;
  Source(packet, reinterpret_cast<uint8_t*>(words + kSource));
  ++head_;
  stored_.fetch_add(1, std::memory_order_relaxed);
}

// False where nothing of ours is in it.
bool SprayEvidence::Decode(const CapturedPacket& packet, uint32_t* words) const {
  landing found = {};
  const uint8_t* at = packet.at;
  uint32_t kind = LOOK_FOREIGN;
  uint32_t icmp = 0;
  if (walk_headers(&at, packet.end, packet.type, MOST_HEADERS, &found) == LOOK_CUT) return false;
  look look = read_identity(at, packet.end, &found);
  if (look == LOOK_UNVERIFIED) {
    kind = prove(&config_, &found, packet.end);
  } else if (packet.end - at > kQuoteAt && IsError(found, at)) {
    const uint32_t type = found.is_v6 ? TYPE_IPV6 : TYPE_IPV4;
    icmp = at[0] << 8 | at[1] << 16;
    at += kQuoteAt;
    if (walk_headers(&at, packet.end, type, kMostQuoted, &found) == LOOK_CUT) return false;
    if (read_identity(at, packet.end, &found) != LOOK_UNVERIFIED || BIG32(load32(at + RUN_AT)) != config_.run) return false;
    read_numbers(&found);
    // A router may cut the quote: the tag is within what is there, the end that the checksum covers need not be.
    if (!has_tag(&config_, found.sequence)) kind = kErrorUnverified;
    else if (is_tag_right(&config_, found.transport)) kind = kErrorGenuine;
  }
  if (kind == LOOK_FOREIGN || kind == LOOK_CUT) return false;
  words[kSentLow] = static_cast<uint32_t>(found.sent_ns);
  words[kSentHigh] = static_cast<uint32_t>(found.sent_ns >> 32);
  words[kPath] = found.path;
  words[kSequence] = found.sequence;
  words[kKind] = kind | icmp | found.headers << 24;
  return true;
}

// One wake a batch, and none while JavaScript is reading.
void SprayEvidence::Batch() {
  if (head_ == told_) return;
  told_ = head_;
  __atomic_store_n(control_ + kHead, head_, __ATOMIC_SEQ_CST);
  if (__atomic_exchange_n(control_ + kAwake, 1, __ATOMIC_SEQ_CST) == 0) wake_.NonBlockingCall();
}

// counts(): { seen, stored, full, others, dropped }: seen = stored + full + others; dropped by the kernel before.
Napi::Value SprayEvidence::Counts(const Napi::CallbackInfo& info) {
  auto counts = Napi::Object::New(info.Env());
  counts.Set("seen", static_cast<double>(seen_));
  counts.Set("stored", static_cast<double>(stored_));
  counts.Set("full", static_cast<double>(full_));
  counts.Set("others", static_cast<double>(others_));
  counts.Set("dropped", static_cast<double>(capture_ ? capture_->Dropped() : dropped_));
  return counts;
}

void SprayEvidence::Close(const Napi::CallbackInfo& info) {
  if (capture_) hook_.Remove(info.Env());
  Stop();
}

void SprayEvidence::Stop() {
  if (!capture_) return;
  dropped_ = capture_->Dropped();
  capture_.reset();
  wake_.Release();
}
