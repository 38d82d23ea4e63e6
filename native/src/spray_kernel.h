#pragma once
#include <napi.h>

// sprayKernel(matchObject, sendObject): { matchers, live, afxdp, tcx }: null where the kernel takes such a thing, else why not; no device is
// touched. `tcx`: whether tc ingress holds a program by a link.
Napi::Value SprayKernel(const Napi::CallbackInfo& info);
