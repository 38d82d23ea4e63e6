#pragma once
#include <napi.h>

// What the kernel's tables say, asked in well under a millisecond where a process of its own would take ten.
namespace kernel_tables {

// interfaces(): { index, name, mtu, flags, hardwareType }[]; flags and type as in netdevice(7).
Napi::Value Interfaces(const Napi::CallbackInfo& info);

// route(destination, source, interfaceIndex): { interfaceIndex, gateway, source }, addresses as bytes or null. An empty source and
// index 0 leave the choice to the kernel. Throws ENETUNREACH, EHOSTUNREACH, EACCES or EINVAL as the route's type is.
Napi::Value Route(const Napi::CallbackInfo& info);

// neighbour(interfaceIndex, address): the link-layer address as bytes, or null where the kernel does not know it.
Napi::Value Neighbour(const Napi::CallbackInfo& info);

}  // namespace kernel_tables
