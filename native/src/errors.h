#pragma once
#include <napi.h>

#include <cstring>
#include <string>

// The error for a failed system call, in the shape of Node's own: code, errno and syscall.
inline Napi::Error SystemError(Napi::Env env, int number, const std::string& syscall) {
  const char* name = strerrorname_np(number);
  const std::string code = name ? name : "EUNKNOWN";
  auto error = Napi::Error::New(env, code + ": " + std::strerror(number) + ", " + syscall);
  error.Set("code", code);
  error.Set("errno", Napi::Number::New(env, -number));
  error.Set("syscall", syscall);
  return error;
}

// libpcap says what went wrong in words; `code` tells a machine the few cases that a caller treats apart.
inline Napi::Error PcapError(Napi::Env env, const std::string& code, const std::string& words) {
  auto error = Napi::Error::New(env, words);
  error.Set("code", code);
  return error;
}
