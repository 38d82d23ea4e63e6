#pragma once
#include <napi.h>

#include "match_way.h"

// What to match, as JavaScript says it (NativeMatcherOptions of src/host/spray-addon.ts); throws RangeError.
MatchWanted MatchWantedOf(const Napi::Object& options);

// The part of it that tells whether a packet is of a run: { run, key, cells, templates, tagEvery }.
match_config MatchConfigOf(const Napi::Object& options);

// As an error of JavaScript: EPERM and the like by their number, else ESPRAY.
Napi::Error ThrownFailure(Napi::Env env, const SprayFailure& failure);
