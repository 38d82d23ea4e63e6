#pragma once
#include <napi.h>

// What the kernel's tables say, asked in well under a millisecond where a process of its own would take ten.
namespace kernel_tables {

// interfaces(): { index, name, mtu, flags, hardwareType }[]; flags and type as in netdevice(7).
Napi::Value Interfaces(const Napi::CallbackInfo& info);

// route(destination, source, interfaceIndex, entry): { interfaceIndex, gateway, source, isLocal, nextHops }, addresses as bytes or null.
// An empty source and index 0 leave the choice to the kernel. `entry`: the table's entry as it stands, with all its next hops, in
// place of the way that one packet takes. Throws ENETUNREACH, EHOSTUNREACH, EACCES or EINVAL as the route's type is.
Napi::Value Route(const Napi::CallbackInfo& info);

// neighbour(interfaceIndex, address): the link-layer address as bytes, or null where the kernel does not know it.
Napi::Value Neighbour(const Napi::CallbackInfo& info);

// solicit(interfaceIndex, address): makes the kernel ask for a neighbour on that interface, by an echo reply that nobody asked for:
// hosts and routers discard it, where a datagram would cost one of the few ICMP errors that a router sends a second. False where
// nothing could be sent.
Napi::Value Solicit(const Napi::CallbackInfo& info);

// counters(interfaceIndex): { isUp, hasCarrier, received, sent }, the latter two packets that the interface dropped on their way in and
// out, its queue included; null where there is no such interface.
Napi::Value Counters(const Napi::CallbackInfo& info);

}  // namespace kernel_tables
