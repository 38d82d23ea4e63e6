#pragma once
#include <stdexcept>
#include <string>

// Why a sender or a matcher can't be opened, or stopped by itself.
struct SprayFailure : std::runtime_error {
  SprayFailure(int errnoOrZero, const std::string& words) : std::runtime_error(words), number(errnoOrZero) {}
  int number;
};
