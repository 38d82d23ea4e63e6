#pragma once
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

constexpr char kRights[] = "running programs in the kernel needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN";

// Whether it was for want of a right that the kernel did not take a program. Without CAP_PERFMON the verifier is stricter, and refuses
// with the words (-EACCES) that it has for a program that is wrong.
inline bool IsRightLacking(int status) {
  if (status == -EPERM) return true;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {};
  if (status != -EACCES || ::syscall(__NR_capget, &header, held) != 0) return false;
  constexpr int kPerfmon = 38;  // CAP_PERFMON, Linux 5.8
  const auto has = [&](int number) { return (held[number / 32].effective >> (number % 32) & 1U) != 0; };
  return !has(kPerfmon) && !has(CAP_SYS_ADMIN);
}
