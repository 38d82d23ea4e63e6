#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "../../bpf/spray.h"

// A template in memory begins as struct spray_template does. Then it has as many words and IPv4 headers as it needs, and from the next
// multiple of 8 on the bytes that stand: the room of the longest for each would be half as much again.
struct StoredTemplate {
  __u16 length;
  __u16 stored;
  __u16 link_length;
  __u16 identity_at;
  __u16 half_at;
  __u8 half_of;
  __u8 id_count;
  __u16 transport_sum;
  __u16 word_count;

  const spray_word* words() const { return reinterpret_cast<const spray_word*>(this + 1); }
  const spray_id* ids() const { return reinterpret_cast<const spray_id*>(words() + word_count); }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this) + BytesAt(); }
  size_t BytesAt() const { return UpTo8(sizeof *this + sizeof(spray_word) * word_count + sizeof(spray_id) * id_count); }
  size_t Size() const { return BytesAt() + UpTo8(stored); }

  static size_t UpTo8(size_t size) { return (size + 7) / 8 * 8; }
};
static_assert(sizeof(StoredTemplate) == offsetof(spray_template, words));
static_assert(sizeof(spray_word) == 4 && sizeof(spray_id) == 4);

// As src/engine/live/spray-layout.ts writes them: in pieces that hold whole ones, side by side.
class SprayTemplates {
 public:
  // The piece is kept, not copied. False where it does not end with a template.
  bool Add(std::shared_ptr<const uint8_t> piece, size_t size) {
    for (size_t at = 0; at < size;) {
      const auto* stored = reinterpret_cast<const StoredTemplate*>(piece.get() + at);
      if (size - at < sizeof *stored || size - at < stored->Size()) return false;
      starts_.push_back(stored);
      at += stored->Size();
    }
    pieces_.push_back(std::move(piece));
    return true;
  }

  uint32_t count() const { return static_cast<uint32_t>(starts_.size()); }
  const StoredTemplate& operator[](uint32_t number) const { return *starts_[number]; }

 private:
  std::vector<const StoredTemplate*> starts_;
  std::vector<std::shared_ptr<const uint8_t>> pieces_;
};
