#include "spray_sender.h"

#include <net/if.h>
#include <pthread.h>

#include <cmath>

#include "errors.h"
#include "spray_paced.h"
#include "spray_trial.h"

namespace {

constexpr double kNanosecondsPerSecond = 1e9;

// nanoseconds << SPRAY_FRACTION between two packets; null, or more than the clock can tell: as fast as can be.
uint64_t StepOf(const Napi::Value& perSecond) {
  if (!perSecond.IsNumber()) return 0;
  return static_cast<uint64_t>(std::llround(kNanosecondsPerSecond * (1 << SPRAY_FRACTION) / perSecond.As<Napi::Number>().DoubleValue()));
}

double NumberOr(const Napi::Object& options, const char* name, double otherwise) {
  const Napi::Value value = options.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : otherwise;
}

SprayDevice DeviceOf(Napi::Env env, const std::string& name, unsigned queue) {
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) throw SystemError(env, errno, "if_nametoindex " + name);
  return {name, index, queue};
}

uint32_t TagOf(const std::string& name) {
  return name == "full" ? SPRAY_TAG_FULL : name == "sampled" ? SPRAY_TAG_SAMPLED : SPRAY_TAG_NONE;
}

// A template is trusted by the loops that send: none of its places may stand outside the packet.
bool IsSound(const spray_plan& plan, const StoredTemplate& shape) {
  const uint32_t length = shape.length;
  if (shape.link_length != plan.link_length || shape.link_length + length > SPRAY_FRAME) return false;
  if (shape.stored > shape.link_length + length || shape.stored < shape.link_length) return false;
  if (shape.id_count > SPRAY_IDS || shape.word_count > SPRAY_WORDS) return false;
  if (shape.identity_at + 36U > length || shape.half_at + 2U > length || shape.half_of > 1) return false;
  for (const spray_id* id = shape.ids(); id != shape.ids() + shape.id_count; ++id)
    if ((id->at & ~1) + 20U > length) return false;
  for (const spray_word* word = shape.words(); word != shape.words() + shape.word_count; ++word) {
    if (word->at == SPRAY_NO_WORD) continue;
    if (word->at + 2U > length || word->at % 2 != 0 || (word->id != SPRAY_NO_ID && word->id >= shape.id_count)) return false;
  }
  return true;
}

// What the templates themselves tell of the plan; throws RangeError where they cannot be sent.
void Measure(Napi::Env env, spray_plan& plan, const SprayTemplates& templates) {
  plan.templates = templates.count();
  plan.link_length = templates[0].link_length;
  plan.frame_least = SPRAY_FRAME;
  for (uint32_t number = 0; number < plan.templates; ++number) {
    const StoredTemplate& shape = templates[number];
    if (!IsSound(plan, shape)) throw Napi::RangeError::New(env, "Template " + std::to_string(number) + " has a place outside its packet");
    const uint32_t length = shape.link_length + shape.length;
    plan.frame_least = std::min(plan.frame_least, length);
    plan.frame_most = std::max(plan.frame_most, length);
    plan.ids_most = std::max<uint32_t>(plan.ids_most, shape.id_count);
    plan.bytes_most = std::max(plan.bytes_most, static_cast<uint32_t>(StoredTemplate::UpTo8(shape.stored)));
    plan.words_most = std::max<uint32_t>(plan.words_most, shape.word_count);
  }
}

spray_plan PlanOf(Napi::Env env, const Napi::Object& options, const SprayTemplates& templates, size_t values) {
  spray_plan plan = {};
  const auto key = options.Get("key").As<Napi::Uint32Array>();
  if (key.ElementLength() != 4) throw Napi::RangeError::New(env, "A SipHash key is four words");
  sip_begin(plan.sip, uint64_t{key[1]} << 32 | key[0], uint64_t{key[3]} << 32 | key[2]);
  plan.run = options.Get("run").As<Napi::Number>().Uint32Value();
  plan.id_key = options.Get("idKey").As<Napi::Number>().Uint32Value();
  plan.tag = TagOf(options.Get("tag").As<Napi::String>());
  plan.realtime_ahead_ns = static_cast<int64_t>(NumberOr(options, "realtimeAheadNs", 0));
  plan.first = static_cast<uint64_t>(NumberOr(options, "first", 0));
  plan.most = static_cast<uint64_t>(NumberOr(options, "count", static_cast<double>(SPRAY_END)));
  Measure(env, plan, templates);
  plan.flows = static_cast<uint32_t>(values / SPRAY_WORDS);
  if (plan.flows == 0 || values % SPRAY_WORDS != 0) throw Napi::RangeError::New(env, "A flow's value is eight words");
  if (uint64_t{plan.templates} * plan.flows > UINT32_MAX) throw Napi::RangeError::New(env, "Templates times flows exceed 32 bits");
  plan.cells = plan.templates * plan.flows;
  return plan;
}

// The bytes stay where JavaScript has them: of 80,000 templates a copy would be 26 MB.
SprayTemplates TemplatesOf(Napi::Env env, const Napi::Array& pieces) {
  SprayTemplates templates;
  for (uint32_t i = 0; i < pieces.Length(); ++i) {
    const auto piece = pieces.Get(i).As<Napi::Uint8Array>();
    const auto kept = std::make_shared<Napi::Reference<Napi::Uint8Array>>(Napi::Persistent(piece));
    if (!templates.Add({kept, piece.Data()}, piece.ByteLength()))
      throw Napi::RangeError::New(env, "Template " + std::to_string(templates.count()) + " is cut off");
  }
  if (templates.count() == 0) throw Napi::RangeError::New(env, "A spray needs a template");
  return templates;
}

std::unique_ptr<SprayWay> Open(const std::string& sender, const SprayDevice& device, const spray_plan& plan, SprayTemplates templates,
                               std::vector<uint16_t> values, const std::string& object) {
  if (sender == "live") {
    const std::string reason = WhyNotLive(device, object);
    if (!reason.empty()) throw SprayFailure(0, reason);
    return OpenLive(device, plan, templates, values, object);
  }
  SprayPackets packets(plan, std::move(templates), std::move(values));
  if (sender == "afxdp") return OpenAfxdp(device, plan, std::move(packets));
  if (sender == "inject") return OpenInject(device, plan, std::move(packets));
  return OpenSendmmsg(device, plan, std::move(packets));
}

// Live frames and AF_XDP would be dropped behind our back.
void RefuseTooLarge(const SprayDevice& device, const spray_plan& plan) {
  const uint32_t mtu = MtuOf(device.name), largest = plan.frame_most - plan.link_length;
  if (largest <= mtu) return;
  const std::string words = "a packet of " + std::to_string(largest) + " bytes exceeds the MTU of " + std::to_string(mtu);
  throw SprayFailure(EMSGSIZE, words + " on " + device.name);
}

Napi::Error Thrown(Napi::Env env, const SprayFailure& failure) {
  return failure.number == 0 ? PcapError(env, "ESPRAY", failure.what()) : SystemError(env, failure.number, failure.what());
}

uint64_t ThreadCpuNs() {
  timespec used;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

}  // namespace

Napi::Function SpraySender::Define(Napi::Env env) {
  return DefineClass(env, "SpraySender",
                     {InstanceMethod<&SpraySender::Start>("start"), InstanceMethod<&SpraySender::Stop>("stop"),
                      InstanceMethod<&SpraySender::Pace>("pace"), InstanceMethod<&SpraySender::Counters>("counters"),
                      InstanceMethod<&SpraySender::Close>("close")});
}

SpraySender::SpraySender(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const auto env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  const auto pieces = options.Get("templates").As<Napi::Array>();
  const auto values = options.Get("values").As<Napi::Uint16Array>();
  device_ = DeviceOf(env, options.Get("interface").As<Napi::String>(), static_cast<unsigned>(NumberOr(options, "queue", 0)));
  sender_ = options.Get("sender").As<Napi::String>().Utf8Value();
  run_.step = StepOf(options.Get("perSecond"));
  run_.rampNs = run_.step > 0 ? static_cast<uint64_t>(NumberOr(options, "rampNs", 0)) : 0;
  run_.durationNs = static_cast<uint64_t>(NumberOr(options, "durationNs", 0));
  SprayTemplates templates = TemplatesOf(env, pieces);
  const spray_plan plan = PlanOf(env, options, templates, values.ElementLength());
  run_.next = plan.first;
  const Napi::Value object = options.Get("object");
  try {
    RefuseTooLarge(device_, plan);
    way_ = Open(sender_, device_, plan, std::move(templates), {values.Data(), values.Data() + values.ElementLength()},
                object.IsString() ? object.As<Napi::String>().Utf8Value() : "");
    if (options.Get("consumes").ToBoolean()) consumed_ = Napi::Persistent(pieces.As<Napi::Object>());
    if (sender_ == "live") LetGo();  // the kernel has them now
  } catch (const SprayFailure& failure) {
    throw Thrown(env, failure);
  }
}

SpraySender::~SpraySender() { End(); }

// start(): once.
void SpraySender::Start(const Napi::CallbackInfo& info) {
  if (!way_ || thread_.joinable()) throw Napi::Error::New(info.Env(), "A sender starts once");
  before_ = CountersOf(device_.index);
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "spray");
    TakePrecedence();
    const uint64_t before = ThreadCpuNs();
    try {
      way_->Run(run_);
    } catch (const SprayFailure& failure) {
      const std::lock_guard lock(failureLock_);
      failure_ = failure.what();
      failureNumber_ = failure.number;
    }
    cpuNs_ = ThreadCpuNs() - before;
    isFinished_ = true;
  });
}

// stop(): no packet begins after some milliseconds; counters().isFinished says when the last one is out.
void SpraySender::Stop(const Napi::CallbackInfo&) { run_.stop = true; }

// pace(perSecond): null is as fast as can be.
void SpraySender::Pace(const Napi::CallbackInfo& info) { run_.step = StepOf(info[0]); }

// Packets that were taken and then dropped by the device; null where it can't tell. What an AF_PACKET socket is refused is among the
// device's drops too, and was not taken; AF_XDP is refused by its own ring, and what the device drops was taken.
Napi::Value SpraySender::Dropped(Napi::Env env) const {
  if (run_.dropped >= 0) return Napi::Number::New(env, static_cast<double>(run_.dropped.load()));
  const SentCounters now = CountersOf(device_.index);
  if (!before_.isThere || !now.isThere || (sender_ == "live" && DriverOf(device_.name) != "veth")) return env.Null();
  const auto dropped = static_cast<double>(now.dropped) - static_cast<double>(before_.dropped);
  const double notTaken = sender_ == "afxdp" ? 0 : static_cast<double>(run_.refused.load());
  return Napi::Number::New(env, std::max(0.0, dropped - notTaken));
}

// counters(): see SenderCounters in src/engine/live/spray-native.ts.
Napi::Value SpraySender::Counters(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto row = Napi::Object::New(env);
  row.Set("isFinished", isFinished_.load());  // first: what follows is then final
  row.Set("next", static_cast<double>(run_.next.load()));
  row.Set("taken", static_cast<double>(run_.taken.load()));
  row.Set("refused", static_cast<double>(run_.refused.load()));
  row.Set("givenUpNs", static_cast<double>(run_.givenUpNs.load()));
  row.Set("deviceDrops", Dropped(env));
  row.Set("cpuNs", isFinished_ ? Napi::Number::New(env, static_cast<double>(cpuNs_.load())) : env.Null());
  const std::lock_guard lock(failureLock_);
  row.Set("error", failure_.empty() ? env.Null() : Thrown(env, SprayFailure(failureNumber_, failure_)).Value());
  return row;
}

void SpraySender::End() {
  run_.stop = true;
  if (thread_.joinable()) thread_.join();
  way_.reset();
}

// What a garbage collector may leave for long is free at once.
void SpraySender::LetGo() {
  if (consumed_.IsEmpty()) return;
  const Napi::Array pieces = consumed_.Value().As<Napi::Array>();
  for (uint32_t i = 0; i < pieces.Length(); ++i) pieces.Get(i).As<Napi::Uint8Array>().ArrayBuffer().Detach();
  consumed_.Reset();
}

// close(): waits for the thread, 30 ms at most; nothing stays behind but the counters.
void SpraySender::Close(const Napi::CallbackInfo&) {
  End();
  LetGo();
}

Napi::Value SprayFeatures(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const SprayDevice device = DeviceOf(env, info[0].As<Napi::String>(), info[1].As<Napi::Number>().Uint32Value());
  const auto reason = [&](const std::string& words) { return words.empty() ? env.Null() : Napi::Value(Napi::String::New(env, words)); };
  auto features = Napi::Object::New(env);
  features.Set("driver", DriverOf(device.name));
  features.Set("queues", static_cast<double>(QueuesOf(device.index)));
  if (!info[3].ToBoolean()) return features;
  features.Set("live", reason(WhyNotLive(device, info[2].As<Napi::String>())));
  features.Set("afxdp", reason(WhyNotAfxdp(device)));
  return features;
}
