#pragma once
#include <string>

#include "spray_way.h"

// Sends eight frames that nobody takes (EtherType 0x88b5, to the device's own address) by the live sender, and looks whether they left:
// a redirect to a device that takes none fails silently. Returns why live frames don't work there, or an empty string.
std::string WhyNotLive(const SprayDevice&, const std::string& object);

// Opens an AF_XDP socket there and closes it again. Returns why that does not work, or an empty string.
std::string WhyNotAfxdp(const SprayDevice&);
