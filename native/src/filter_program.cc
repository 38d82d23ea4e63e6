#include "filter_program.h"

#include <pcap/pcap.h>

#include <memory>

#include "errors.h"

Napi::Value CompileFilter(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const std::string expression = info[0].As<Napi::String>();
  const int type = info[1].As<Napi::Number>();
  const int snap_length = info[2].As<Napi::Number>();
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> dead(pcap_open_dead(type, snap_length), &pcap_close);
  if (!dead) throw PcapError(env, "EPCAP", "no handle to compile with");
  bpf_program program{};
  if (pcap_compile(dead.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0)
    throw PcapError(env, "EFILTER", pcap_geterr(dead.get()));
  const std::unique_ptr<bpf_program, decltype(&pcap_freecode)> owned(&program, &pcap_freecode);
  auto numbers = Napi::Uint32Array::New(env, 4 * static_cast<size_t>(program.bf_len));
  for (u_int i = 0; i < program.bf_len; ++i) {
    const bpf_insn& instruction = program.bf_insns[i];
    numbers[4 * i] = instruction.code;
    numbers[4 * i + 1] = instruction.jt;
    numbers[4 * i + 2] = instruction.jf;
    numbers[4 * i + 3] = instruction.k;
  }
  return numbers;
}
