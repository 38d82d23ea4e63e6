#pragma once
#include <arpa/inet.h>
#include <endian.h>
#include <linux/types.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "../../bpf/siphash.h"
#include "../../bpf/spray-order.h"
#include "../../bpf/spray.h"
#include "spray_templates.h"

// Where a run stands: the next sequence and the cell it belongs to. A value: whoever may have to take packets back keeps a copy.
struct SprayCursor {
  uint64_t sequence = 0;
  spray_place place = {};
};

// Writes the packets of a run, one after another, from its templates; bpf/spray-send.bpf.c does the same in the kernel. What is
// filled in has places that need no alignment, and sums that are added up in the order that the packet has its bytes in.
class SprayPackets {
 public:
  // `values` has plan.flows times SPRAY_WORDS.
  SprayPackets(const spray_plan& plan, SprayTemplates templates, std::vector<uint16_t> values)
      : plan_(plan), templates_(std::move(templates)), values_(std::move(values)) {
    Seek(plan.first);
  }

  const SprayCursor& cursor() const { return cursor_; }
  void Return(const SprayCursor& cursor) { cursor_ = cursor; }
  bool IsOver() const { return cursor_.sequence >= SPRAY_END; }

  // Writes the frame of the next sequence, goes on to the one after, and returns how long it is. `frame` has room for SPRAY_FRAME bytes.
  uint32_t Write(uint8_t* frame, uint64_t monotonicNs) {
    const StoredTemplate& shape = templates_[cursor_.place.number];
    const uint32_t length = shape.link_length + shape.length;
    std::memcpy(frame, shape.bytes(), shape.stored);
    if (length > shape.stored) std::memset(frame + shape.stored, 0, length - shape.stored);
    Fill(frame + shape.link_length, shape, shape.ids(), monotonicNs);
    Advance();
    return length;
  }

 private:
  // Where the identity (src/wire/identity.ts) has what is filled in.
  static constexpr uint32_t kBalanceAt = 6, kPathAt = 12, kSequenceAt = 16, kTagAt = 20, kSentAt = 28;

  static uint16_t Folded(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>((sum & 0xffff) + (sum >> 16));
  }

  template <typename Number>
  static void Put(uint8_t* at, Number value) {
    std::memcpy(at, &value, sizeof value);
  }

  static uint64_t Words(uint64_t value) { return (value & 0xffffffff) + (value >> 32); }

  static void PutChecksum(uint8_t* at, uint64_t sum) { Put(at, static_cast<uint16_t>(~Folded(sum))); }

  static uint16_t Get(const uint8_t* at) {
    uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  void Fill(uint8_t* packet, const StoredTemplate& shape, const spray_id* ids, uint64_t monotonicNs) const {
    const auto sequence = static_cast<uint32_t>(cursor_.sequence);
    const uint32_t scattered = sequence ^ plan_.id_key;
    const uint16_t halves[2] = {htons(static_cast<uint16_t>(scattered)), htons(static_cast<uint16_t>(scattered >> 16))};
    for (const spray_id* id = ids; id != ids + shape.id_count; ++id) {
      uint8_t* header = packet + (id->at & ~1);
      Put(header + 4, halves[id->at & 1]);
      PutChecksum(header + 10, uint64_t{id->sum} + halves[id->at & 1]);
    }
    Put(packet + shape.half_at, halves[shape.half_of]);
    const uint64_t sum = uint64_t{shape.transport_sum} + halves[shape.half_of];
    Identify(packet + shape.identity_at, sequence, sum + (shape.word_count > 0 ? Sweep(packet, shape, ids) : 0), monotonicNs);
  }

  // The flow's value into its places and their checksums; returns what of it joins the transport's sum.
  uint64_t Sweep(uint8_t* packet, const StoredTemplate& shape, const spray_id* ids) const {
    const uint16_t* value = values_.data() + size_t{cursor_.place.flow} * SPRAY_WORDS;
    const spray_word* words = shape.words();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < shape.word_count; ++i) {
      const spray_word& word = words[i];
      if (word.at == SPRAY_NO_WORD) continue;
      Put(packet + word.at, value[i]);
      if (word.balanced) sum += value[i];
      if (word.id == SPRAY_NO_ID) continue;
      uint8_t* checksum = packet + (ids[word.id].at & ~1) + 10;
      PutChecksum(checksum, uint64_t{static_cast<uint16_t>(~Get(checksum))} + value[i]);
    }
    return sum;
  }

  // Each number straight into its place: a copy of the whole, filled and copied back, would wait twice for its own bytes.
  void Identify(uint8_t* at, uint32_t sequence, uint64_t sum, uint64_t monotonicNs) const {
    const uint32_t path = htonl(cursor_.place.flow * plan_.templates + cursor_.place.number);
    const uint64_t tag = IsTagged(sequence) ? sip_tag(plan_.sip, uint64_t{path} << 32 | htonl(plan_.run), htonl(sequence)) : 0;
    const uint64_t sent = htobe64(monotonicNs + static_cast<uint64_t>(plan_.realtime_ahead_ns));
    Put(at + kPathAt, path);
    Put(at + kSequenceAt, htonl(sequence));
    Put(at + kTagAt, tag);
    Put(at + kSentAt, sent);
    PutChecksum(at + kBalanceAt, sum + path + htonl(sequence) + Words(tag) + Words(sent));
  }

  bool IsTagged(uint32_t sequence) const {
    return plan_.tag == SPRAY_TAG_FULL || (plan_.tag == SPRAY_TAG_SAMPLED && sequence % SPRAY_SAMPLED == 0);
  }

  spray_order Order() const { return {plan_.id_key, plan_.templates, plan_.flows}; }

  void Seek(uint64_t sequence) {
    const uint64_t next = spray_sendable(sequence, plan_.id_key);
    cursor_ = {next, spray_seek(Order(), static_cast<uint32_t>(next))};
  }

  // Without a division, but for the few sequences that cannot be sent.
  void Advance() {
    spray_go_on(Order(), &cursor_.place, ++cursor_.sequence);
    const uint32_t scattered = static_cast<uint32_t>(cursor_.sequence) ^ plan_.id_key;
    if (scattered >> 16 == 0 || (scattered & 0xffff) == 0) Seek(cursor_.sequence);
  }

  spray_plan plan_;
  SprayTemplates templates_;
  std::vector<uint16_t> values_;
  SprayCursor cursor_;
};
