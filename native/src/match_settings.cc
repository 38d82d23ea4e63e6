#include "match_settings.h"

#include "../../bpf/siphash.h"

#include "errors.h"

namespace {

double Number(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (!value.IsNumber()) throw Napi::TypeError::New(options.Env(), std::string(name) + " is a number");
  return value.As<Napi::Number>().DoubleValue();
}

uint32_t Whole(const Napi::Object& options, const char* name, double least, double most) {
  const double value = Number(options, name);
  if (!(value >= least && value <= most))
    throw Napi::RangeError::New(options.Env(), std::string(name) + " is " + std::to_string(static_cast<int64_t>(least)) + " to " + std::to_string(static_cast<int64_t>(most)) + ", got " + std::to_string(value));
  return static_cast<uint32_t>(value);
}

// The state of SipHash once the key is in it.
void Key(const Napi::Object& options, __u64 state[4]) {
  const auto key = options.Get("key").As<Napi::Uint32Array>();
  if (key.ElementLength() != 4) throw Napi::RangeError::New(options.Env(), "A SipHash key is four words");
  sip_begin(state, uint64_t{key[1]} << 32 | key[0], uint64_t{key[3]} << 32 | key[2]);
}

std::vector<MatchDevice> Devices(const Napi::Object& options) {
  std::vector<MatchDevice> devices;
  const auto list = options.Get("devices").As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto device = list.Get(i).As<Napi::Object>();
    devices.push_back({device.Get("name").As<Napi::String>(), device.Get("index").As<Napi::Number>().Uint32Value(),
                       device.Get("hasLinkHeader").ToBoolean()});
  }
  return devices;
}

// Which histogram a template's round trips go to; none may lie outside.
std::vector<uint16_t> Slots(const Napi::Object& options, const match_config& config) {
  const Napi::Value given = options.Get("slotOf");
  if (!given.IsTypedArray()) {
    if (config.slots < config.templates) throw Napi::RangeError::New(options.Env(), "Fewer slots than templates need slotOf");
    return {};
  }
  const auto slots = given.As<Napi::Uint16Array>();
  std::vector<uint16_t> copy(slots.Data(), slots.Data() + slots.ElementLength());
  bool isSound = copy.size() == config.templates;
  for (const uint16_t slot : copy) isSound = isSound && slot < config.slots;
  if (!isSound) throw Napi::RangeError::New(options.Env(), "slotOf says of each template which of the slots it has");
  return copy;
}

MatchAttach AttachOf(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  return name == "clsact" ? MatchAttach::kClsact : name == "tcx" ? MatchAttach::kTcx : MatchAttach::kBest;
}

constexpr double kMostCells = 1 << 28;
constexpr double kWords = UINT32_MAX;

}  // namespace

match_config MatchConfigOf(const Napi::Object& options) {
  match_config config = {};
  Key(options, config.sip);
  config.run = Whole(options, "run", 0, kWords);
  config.cells = Whole(options, "cells", 1, kMostCells);
  config.templates = Whole(options, "templates", 1, config.cells);
  config.flows = config.cells / config.templates;
  if (config.flows * config.templates != config.cells) throw Napi::RangeError::New(options.Env(), "cells are templates times flows");
  config.id_key = Whole(options, "idKey", 0, kWords);
  config.tag_every = Whole(options, "tagEvery", 0, kWords);
  if ((config.tag_every & (config.tag_every - 1)) != 0)
    throw Napi::RangeError::New(options.Env(), "tagEvery is a power of two, got " + std::to_string(config.tag_every));
  config.slots = 1;
  config.stripes = 1;
  config.ring_mask = 63;
  return config;
}

MatchWanted MatchWantedOf(const Napi::Object& options) {
  MatchWanted wanted = {};
  wanted.devices = Devices(options);
  wanted.config = MatchConfigOf(options);
  wanted.config.ahead_ns = static_cast<uint64_t>(static_cast<int64_t>(Number(options, "realtimeAheadNs")));
  wanted.config.timeout_ns = static_cast<uint64_t>(Number(options, "timeoutNs"));
  const uint32_t ring = Whole(options, "ring", 64, 2147483648.0);
  if ((ring & (ring - 1)) != 0) throw Napi::RangeError::New(options.Env(), "ring is a power of two, got " + std::to_string(ring));
  wanted.config.ring_mask = ring - 1;
  wanted.config.slots = Whole(options, "slots", 1, 65536);
  wanted.config.slots_by_cell = options.Get("slotsByCell").ToBoolean() ? 1 : 0;
  if (wanted.config.slots_by_cell && wanted.config.slots != wanted.config.cells)
    throw Napi::RangeError::New(options.Env(), "Histograms by cell are as many as cells");
  wanted.slots = Slots(options, wanted.config);
  wanted.config.shares_slot = wanted.slots.empty() ? 0 : 1;
  wanted.first = Whole(options, "first", 0, kWords);
  wanted.runsByCell = options.Get("runsByCell").ToBoolean();
  wanted.attach = AttachOf(options.Get("attach"));
  wanted.bufferBytes = Whole(options, "bufferBytes", 1 << 16, 2147483647.0);
  return wanted;
}

Napi::Error ThrownFailure(Napi::Env env, const SprayFailure& failure) {
  return failure.number == 0 ? PcapError(env, "ESPRAY", failure.what()) : SystemError(env, failure.number, failure.what());
}
