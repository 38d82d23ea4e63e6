#pragma once
#include <napi.h>

// compileFilter(expression, dataLinkType, snapLength): classic BPF as numbers, four for each instruction: code, jt, jf, k.
Napi::Value CompileFilter(const Napi::CallbackInfo& info);
