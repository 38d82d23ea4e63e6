#include "match_matcher.h"

#include <algorithm>

#include "errors.h"
#include "match_settings.h"

Napi::Function SprayMatcher::Define(Napi::Env env) {
  return DefineClass(env, "SprayMatcher",
                     {InstanceMethod<&SprayMatcher::Places>("places"), InstanceMethod<&SprayMatcher::Totals>("totals"),
                      InstanceMethod<&SprayMatcher::Cells>("cells"), InstanceMethod<&SprayMatcher::Histogram>("histogram"),
                      InstanceMethod<&SprayMatcher::LossRuns>("lossRuns"), InstanceMethod<&SprayMatcher::Settle>("settle"),
                      InstanceMethod<&SprayMatcher::Close>("close")});
}

SprayMatcher::SprayMatcher(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const auto options = info[0].As<Napi::Object>();
  const std::string matcher = options.Get("matcher").As<Napi::String>();
  MatchWanted wanted = MatchWantedOf(options);
  wanted.object = options.Get(matcher == "pcap" ? "filter" : "object").As<Napi::String>();
  try {
    way_ = matcher == "pcap" ? OpenPcapMatcher(wanted) : matcher == "xdp" ? OpenXdpMatcher(wanted) : OpenTcMatcher(wanted);
  } catch (const SprayFailure& failure) {
    throw ThrownFailure(info.Env(), failure);
  }
}

MatchWay& SprayMatcher::Way(Napi::Env env) const {
  if (!way_) throw PcapError(env, "ECLOSED", "This matcher is closed");
  return *way_;
}

// places(): string[]
Napi::Value SprayMatcher::Places(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto places = Way(env).Places();
  auto list = Napi::Array::New(env, places.size());
  for (size_t i = 0; i < places.size(); ++i) list.Set(static_cast<uint32_t>(i), places[i]);
  return list;
}

// totals(): { received, reordered, unverified, duplicates, corrupted, late, beyond, otherRun, passed, expired, settled, missing, dropped: number | null }
Napi::Value SprayMatcher::Totals(const Napi::CallbackInfo& info) {
  static constexpr struct {
    const char* name;
    __u64 match_totals::*field;
  } kFields[] = {{"received", &match_totals::received},   {"reordered", &match_totals::reordered}, {"unverified", &match_totals::unverified},
                 {"duplicates", &match_totals::duplicates}, {"corrupted", &match_totals::corrupted}, {"late", &match_totals::late},
                 {"beyond", &match_totals::beyond},       {"otherRun", &match_totals::other_run},  {"passed", &match_totals::passed},
                 {"expired", &match_totals::expired}};
  const auto env = info.Env();
  const MatchWay& way = Way(env);
  const MatchMemory& memory = way.Memory();
  auto totals = Napi::Object::New(env);
  for (const auto& [name, field] : kFields) {
    uint64_t sum = 0;
    for (uint32_t cpu = 0; cpu < memory.cpus; ++cpu) sum += __atomic_load_n(&(memory.totals[cpu].*field), __ATOMIC_RELAXED);
    totals.Set(name, static_cast<double>(sum));
  }
  totals.Set("settled", static_cast<double>(way.Decided().Settled()));  // before `missing`, which is set first
  totals.Set("missing", static_cast<double>(way.Decided().Missing()));
  const int64_t dropped = way.Dropped();
  totals.Set("dropped", dropped < 0 ? env.Null() : Napi::Number::New(env, static_cast<double>(dropped)));
  return totals;
}

namespace {

constexpr uint32_t kNone = UINT32_MAX;

// The middle of a bucket, as src/engine/spray-histogram.ts has it.
double MiddleOf(uint32_t bucket) {
  if (bucket == 0) return 512;
  const uint32_t octave = (bucket - 1) / 64;
  return static_cast<double>(uint64_t{1024} << octave) * (1 + ((bucket - 1) % 64 + 0.5) / 64);
}

struct Sum {
  double received = 0, duplicates = 0, reordered = 0, corrupted = 0;
  uint32_t least = kNone, most = 0;

  void Add(const match_cell& cell) {
    received += cell.received;
    duplicates += cell.duplicates;
    reordered += cell.reordered;
    corrupted += cell.corrupted;
    if (cell.least > 0) least = std::min<uint32_t>(least, 0xffffU - cell.least);
    most = std::max<uint32_t>(most, cell.most);
  }
};

double* Column(const Napi::Object& into, const char* name, size_t& length) {
  const Napi::Value value = into.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) return nullptr;
  auto column = value.As<Napi::Float64Array>();
  length = std::min(length, column.ElementLength());
  return column.Data();
}

}  // namespace

// cells(from, into): fills what columns (Float64Array) `into` has of received, duplicates, reordered, corrupted, leastNs, mostNs
// with the cells from this one on. The last two are right to 0.8 %, and 0 where nothing was received.
void SprayMatcher::Cells(const Napi::CallbackInfo& info) {
  const MatchMemory& memory = Way(info.Env()).Memory();
  const auto from = info[0].As<Napi::Number>().Int64Value();
  const auto into = info[1].As<Napi::Object>();
  size_t length = SIZE_MAX;
  double* received = Column(into, "received", length);
  double* duplicates = Column(into, "duplicates", length);
  double* reordered = Column(into, "reordered", length);
  double* corrupted = Column(into, "corrupted", length);
  double* leastNs = Column(into, "leastNs", length);
  double* mostNs = Column(into, "mostNs", length);
  if (length == SIZE_MAX) return;
  if (from < 0 || static_cast<uint64_t>(from) + length > memory.config.cells)
    throw Napi::RangeError::New(info.Env(), "There are " + std::to_string(memory.config.cells) + " cells");
  for (size_t i = 0; i < length; ++i) {
    Sum sum;
    for (uint32_t stripe = 0; stripe < memory.config.stripes; ++stripe) sum.Add(memory.cells[size_t{stripe} * memory.config.cells + static_cast<size_t>(from) + i]);
    if (received) received[i] = sum.received;
    if (duplicates) duplicates[i] = sum.duplicates;
    if (reordered) reordered[i] = sum.reordered;
    if (corrupted) corrupted[i] = sum.corrupted;
    if (leastNs) leastNs[i] = sum.least == kNone ? 0 : MiddleOf(sum.least);
    if (mostNs) mostNs[i] = sum.most == 0 ? 0 : MiddleOf(sum.most - 1);
  }
}

// histogram(first, count, step): Float64Array of how many round trips fell into each bucket, over so many slots
Napi::Value SprayMatcher::Histogram(const Napi::CallbackInfo& info) {
  const MatchMemory& memory = Way(info.Env()).Memory();
  const auto first = info[0].As<Napi::Number>().Int64Value(), count = info[1].As<Napi::Number>().Int64Value();
  const auto step = info[2].As<Napi::Number>().Int64Value();
  const int64_t last = first + (count - 1) * step;
  if (first < 0 || count < 1 || step < 0 || last >= memory.config.slots) throw Napi::RangeError::New(info.Env(), "There are " + std::to_string(memory.config.slots) + " histograms");
  auto counts = Napi::Float64Array::New(info.Env(), MATCH_BUCKETS);
  double* sums = counts.Data();
  for (uint32_t stripe = 0; stripe < memory.config.stripes; ++stripe)
    for (int64_t i = 0; i < count; ++i) {
      const match_histogram& histogram = HistogramAt(memory, size_t{stripe} * memory.config.slots + static_cast<size_t>(first + i * step));
      for (size_t bucket = 0; bucket < MATCH_BUCKETS; ++bucket) sums[bucket] += histogram.counts[bucket];
    }
  return counts;
}

// lossRuns(first, count): Float64Array of pairs: a length, and how often there were so many losses in a row within a cell
Napi::Value SprayMatcher::LossRuns(const Napi::CallbackInfo& info) {
  const uint32_t first = info[0].As<Napi::Number>().Uint32Value(), count = info[1].As<Napi::Number>().Uint32Value();
  const auto runs = Way(info.Env()).Decided().LossRuns(first, count);
  auto pairs = Napi::Float64Array::New(info.Env(), 2 * runs.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    pairs[2 * i] = runs[i].first;
    pairs[2 * i + 1] = static_cast<double>(runs[i].second);
  }
  return pairs;
}

// settle(end, last): all sequences below `end` were sent so long ago that what is still to come of them is late
void SprayMatcher::Settle(const Napi::CallbackInfo& info) {
  Way(info.Env()).Settle(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()), info[1].ToBoolean());
}

void SprayMatcher::Close(const Napi::CallbackInfo&) { way_.reset(); }

Napi::Value MatcherLeftovers(const Napi::CallbackInfo& info) {
  const auto left = MatchLeftovers();
  auto found = Napi::Array::New(info.Env(), left.size());
  for (size_t i = 0; i < left.size(); ++i) {
    auto one = Napi::Object::New(info.Env());
    one.Set("device", left[i].device);
    one.Set("priority", left[i].priority);
    found.Set(static_cast<uint32_t>(i), one);
  }
  return found;
}

void RemoveMatcherLeftovers(const Napi::CallbackInfo&) { RemoveMatchLeftovers(); }
