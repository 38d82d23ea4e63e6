#pragma once
#include <malloc.h>

// Loading a program reads the kernel's types: megabytes that malloc would keep for later, and nothing later needs as much.
inline void ReturnFreed() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}
